using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Simulation.Mutations;

/// <summary>The only holder of the key, with each of its rules broken once.</summary>
internal static class MutatedVoters
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("voter-forgets-in-a-crash", "does not take back what it signed before a stop", "restore what was promised; PROTOCOLS 0.4.5", "O-02", (chain, self, signer, rules, mayVote) => new Forgetful(chain, self, signer, rules, mayVote)),
        Of("starts-below-signed-view", "starts in the view of its certificates, whatever it signed", "Start enters no view lower than any it signed in; DESIGN port rule 7, PROTOCOLS 25 P3", "O-15", (chain, self, signer, rules, mayVote) => new StartsBelow(chain, self, signer, rules, mayVote)),
        Of("proposals-unrecorded", "records no proposal", "whatever is signed goes to disk; PROTOCOLS 0.4.1, 3c lastProposedView", "O-02", (chain, self, signer, rules, mayVote) => new ProposalsUnrecorded(chain, self, signer, rules, mayVote)),
        Of("votes-unrecorded", "records no vote", "whatever is signed goes to disk; PROTOCOLS 0.4.1", "O-02", (chain, self, signer, rules, mayVote) => new VotesUnrecorded(chain, self, signer, rules, mayVote)),
    ];

    /// <summary>What a voter that lost its records, or that gave a view up, may not sign.</summary>
    public static IReadOnlyList<Mutation> Fenced { get; } =
    [
        new Mutation("fences-ignored", "votes and proposes in a view that it gave up")
        {
            Rule = "after a timeout no vote in that view; SigningRule.FencedBy, PROTOCOLS 4c",
            By = "C-04",
            Apply = options => options with { Protocol = options.Protocol with { Signing = [.. options.Protocol.Signing.Select(rule => rule with { FencedBy = default, FencedBelowBy = default })] } },
        },
        Of("votes-at-once-after-loss", "votes at once though its safety records are lost", "amnesia is equivocation; PROTOCOLS 0.4.6, 16.7", "C-07", (chain, self, signer, rules, _) => new Voter(chain, self, signer, rules)),
        new Mutation("rejoin-bound-ignored", "takes its vote back with the first block that others committed, in whatever view that was")
        {
            Rule = "in a view above every view that it may have signed in; PROTOCOLS 0.4.6",
            By = "C-07",
            Apply = options => options with { WrapLoop = (protocol, _) => new LeadsNowhere().Around(protocol) },
        },
    ];

    /// <summary>Records of this kind and above are the protocol's own; below are signatures.</summary>
    public const byte FirstRecordOfProtocols = 0x80;

    private static Mutation Of(string name, string does, string rule, string? by, VoterMaker make) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { MakeVoter = make },
    };

    private sealed class LeadsNowhere : ChangedProtocol
    {
        public override View LeadsTo(View shown) => default;
    }

    private sealed class Forgetful(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        public override void Restore(IEnumerable<SafetyRecord> records)
        {
            // It begins as if it had never signed.
        }
    }

    private sealed class StartsBelow(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        public override View HighestSignedView => default;
    }

    private sealed class ProposalsUnrecorded(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        public override SigningAnswer Sign(Statement statement) =>
            base.Sign(statement) is var answer && statement.Kind == StatementKind.Proposal ? answer with { Record = null } : answer;
    }

    private sealed class VotesUnrecorded(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        public override SigningAnswer Sign(Statement statement) =>
            base.Sign(statement) is var answer && statement.Kind == StatementKind.Vote ? answer with { Record = null } : answer;
    }
}
