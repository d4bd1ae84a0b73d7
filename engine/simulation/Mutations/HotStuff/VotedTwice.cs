using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>Two votes in one view. Voter and protocol both guard against it, so both have to be wrong.</summary>
internal static class VotedTwice
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("vote-per-block", "remembers what it voted for by block instead of by view", (chain, self, signer, rules, mayVote) => new PerBlock(chain, self, signer, rules, mayVote)),
        Of("vote-at-same-view", "compares lastVotedView with ≥", (chain, self, signer, rules, mayVote) => new SameView(chain, self, signer, rules, mayVote)),
    ];

    private static Mutation Of(string name, string does, VoterMaker voter) => new(name, does)
    {
        Rule = "b.view > lastVotedView; PROTOCOLS 3c; SCENARIOS O-01",
        By = "O-01",
        Apply = options => options with { MakeVoter = voter, Create = context => new HotStuffProtocol(context, new AnyOfView()) },
    };

    private sealed class AnyOfView : HotStuffRules
    {
        public override bool IsFirstOfView(Block newest, Block block) => true;
    }

    private sealed class PerBlock(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        protected override SigningRefusal Check(Statement statement, SigningRule? rule) =>
            base.Check(statement, rule) is var refusal && refusal is SigningRefusal.Contradiction or SigningRefusal.OlderView ? SigningRefusal.None : refusal;
    }

    private sealed class SameView(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        protected override SigningRefusal Check(Statement statement, SigningRule? rule) =>
            base.Check(statement, rule) is var refusal && refusal == SigningRefusal.Contradiction ? SigningRefusal.None : refusal;
    }
}
