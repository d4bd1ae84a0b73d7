using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Simulation.Clients;

namespace Bft.Simulation.Mutations;

/// <summary>What clients believe, and what the replicated state remembers of them, broken once each.</summary>
internal static class MutatedClients
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("unordered-read-by-one", "believes the first answer to a read", "q equal answers, or an order; SCENARIOS O-46", "O-46", new ReadsByOne()),
        Of("unordered-read-by-few", "believes f+1 equal answers to a read that nobody ordered", "q equal answers, or an order; SCENARIOS O-46", "O-46", new ReadsByFew()),
        Of("ordered-read-by-one", "believes the first answer to a read behind a barrier", "behind a barrier an honest one must say so; PROTOCOLS 0.5", "O-46", new ReadsBehindBarrierByOne()),
        Of("one-receipt-believed", "believes the first receipt of a write", "f+1 equal receipts; PROTOCOLS 0.5, SCENARIOS O-46", "O-46", new ReceiptOfOne()),
        OfSessions("repeat-executed-again", "executes a command again that was executed before", "exactly once; SCENARIOS check 2, DESIGN \"Exactly-once sessions\"", new ExecutesAgain()),
        OfSessions("repeat-not-answered", "answers a repeat by \"forgotten\" instead of its first result", "a repeat has its first result; DESIGN \"Exactly-once sessions\"", new ForgetsResults()),
        OfSessions("session-window-of-one", "remembers the last block only that executed something of a client", "the window is the chain's limit; DESIGN \"Exactly-once sessions\"", new ShortMemory()),
    ];

    private static Mutation Of(string name, string does, string rule, string by, ClientRules rules) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { ClientRules = rules },
    };

    private static Mutation OfSessions(string name, string does, string rule, SessionRules rules) => new(name, does)
    {
        Rule = rule,
        By = "C-02",
        Apply = options => options with { SessionRules = rules },
    };

    private sealed class ReadsByOne : ClientRules
    {
        public override bool BelievesUnordered(Committee committee, ReplicaSet equal) => equal.Count > 0;
    }

    private sealed class ReadsBehindBarrierByOne : ClientRules
    {
        public override bool BelievesOrdered(Committee committee, ReplicaSet equal) => equal.Count > 0;
    }

    private sealed class ReceiptOfOne : ClientRules
    {
        public override bool BelievesReceipts(Committee committee, ReplicaSet equal) => equal.Count > 0;
    }

    private sealed class ReadsByFew : ClientRules
    {
        public override bool BelievesUnordered(Committee committee, ReplicaSet equal) => committee.HasHonest(equal);
    }

    private sealed class ExecutesAgain : SessionRules
    {
        public override SessionPartKind Judge(SessionPartKind known) => SessionPartKind.New;
    }

    private sealed class ForgetsResults : SessionRules
    {
        public override SessionPartKind Judge(SessionPartKind known) => known == SessionPartKind.Executed ? SessionPartKind.Forgotten : known;
    }

    private sealed class ShortMemory : SessionRules
    {
        public override int Intervals(ChainLimits limits) => 1;
    }
}
