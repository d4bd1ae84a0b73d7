using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>The safety rules of HotStuff, each broken once.</summary>
internal static class BrokenRules
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("commit-by-parent-links", "commits the first of any three certified blocks in a row", "b ← b′ ← b″ commit when their views are consecutive; PROTOCOLS 3d, relab/hotstuff#249", "O-03", () => new ByParentLinks()) with { Also = ["O-11"] },
        Of("commit-first-link-only", "does not compare the last two views of a three-chain", "all three views are consecutive; PROTOCOLS 3c", "O-03", () => new FirstLinkOnly()),
        Of("commit-last-link-only", "does not compare the first two views of a three-chain", "all three views are consecutive; PROTOCOLS 3c", "O-03", () => new LastLinkOnly()),
        Of("no-lock", "votes for any well-formed block of its view", "safeNode: extends the locked block or is justified later; PROTOCOLS 3c", "O-09", () => new NoLock()),
        Of("lock-against-current-view", "compares the lock with the block's own view instead of its certificate's", "b.justify.view > locked.view; SCENARIOS O-09", "O-09", () => new LockAgainstCurrentView()),
        Of("lock-goes-down", "locks on whatever certificate came last", "locked only rises; PROTOCOLS 3c", "O-09", () => new LockGoesDown()),
        Of("never-locks", "never locks", "locked = b1 when later; PROTOCOLS 3c", "O-09", () => new NeverLocks()),
        Of("latest-certificate-wins", "takes the latest certificate for the highest", "highQC = max; SCENARIOS O-09", "O-09", () => new LatestWins()),
        Of("parent-not-compared", "does not compare the parent with what the certificate certifies", "b.parent == justify.block; PROTOCOLS 3c, relab/hotstuff#283", "O-08", () => new ParentNotCompared()),
        Of("proposer-not-compared", "votes for a block whoever made it", "vote(b): leader ok; PROTOCOLS 3c", "C-06", () => new AnyProposer()),
        Of("block-time-unchecked", "votes for a block of any time", "block time = max(parent, own); PROTOCOLS 25, 6d GHSA-c32p-wcqj-j677", "C-06", () => new AnyTime()),
        Of("timeout-view-compared", "follows a timeout certificate only when the view that was given up is not behind its own", "AfterTimeout(tc.View) > view, not tc.View >= view; PROTOCOLS 25 P1", "C-04", () => new ComparesGivenUpView()),
        Of("view-goes-back", "enters the view behind any certificate, also an old one", "views only advance; SCENARIOS O-10", "O-10", () => new ViewGoesBack()),
    ];

    /// <summary>A mutation of the rules of HotStuff.</summary>
    public static Mutation Of(string name, string does, string rule, string? by, Func<HotStuffRules> rules) => OfParts(name, does, rule, by, () => new HotStuffParts { Rules = rules() });

    /// <summary>A mutation of some part of HotStuff.</summary>
    public static Mutation OfParts(string name, string does, string rule, string? by, Func<HotStuffParts> parts) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { Create = context => new HotStuffProtocol(context, parts()) },
    };

    private sealed class ByParentLinks : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => true;
    }

    private sealed class FirstLinkOnly : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => b1 == b.Next();
    }

    private sealed class LastLinkOnly : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => b2 == b1.Next();
    }

    private sealed class NoLock : HotStuffRules
    {
        public override bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) => true;
    }

    private sealed class LockAgainstCurrentView : HotStuffRules
    {
        private View _view;

        public override bool IsWellFormed(Block block)
        {
            _view = block.View;
            return base.IsWellFormed(block);
        }

        public override bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) => extendsLockedBlock || _view > lockedView;
    }

    private sealed class LockGoesDown : HotStuffRules
    {
        public override bool Locks(View parentOfCertified, View lockedView) => true;
    }

    private sealed class NeverLocks : HotStuffRules
    {
        public override bool Locks(View parentOfCertified, View lockedView) => false;
    }

    private sealed class LatestWins : HotStuffRules
    {
        public override bool Raises(View certified, View highest) => true;
    }

    private sealed class ParentNotCompared : HotStuffRules
    {
        public override bool IsWellFormed(Block block) =>
            block.Justify is { Statement: { Kind: StatementKind.Vote } justified } &&
            block.Height == justified.Slot.Next() &&
            block.View > justified.View &&
            block.Header.Epoch == justified.Epoch;
    }

    private sealed class AnyProposer : HotStuffRules
    {
        public override bool IsOfLeader(ReplicaId proposer, ReplicaId leader) => true;
    }

    private sealed class AnyTime : HotStuffRules
    {
        public override bool FollowsInTime(ulong time, ulong parentTime) => true;
    }

    private sealed class ComparesGivenUpView : HotStuffRules
    {
        public override bool LeavesView(View givenUp, View leadsTo, View current) => givenUp >= current && base.LeavesView(givenUp, leadsTo, current);
    }

    private sealed class ViewGoesBack : HotStuffRules
    {
        public override bool Advances(View to, View current) => to != current;
    }
}
