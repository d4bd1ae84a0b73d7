using Bft.Engine;

namespace Bft.Simulation.Mutations;

/// <summary>The arithmetic of quorums, broken.</summary>
internal static class MutatedQuorums
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("all-must-vote", "waits for the votes of all n", "q ≤ n−f; PROTOCOLS 0.2, SCENARIOS O-12", "O-12", (nodes, model) => new WrongCommittee(nodes, model, quorum: nodes)),
        Of("one-is-honest-enough", "takes f replicas for a set with an honest one", "f+1; PROTOCOLS 0.2, SCENARIOS O-15", "O-15", (nodes, model) => new WrongCommittee(nodes, model, honest: Math.Max(1, Committee.MaxFaults(nodes, model)))),
        Of("quorum-2f+1", "takes 2f+1 for a quorum, whatever n is", "two quorums share an honest replica: q = ⌊(n+f)/2⌋+1; PROTOCOLS 0.2, SCENARIOS O-22, O-23", "O-22", (nodes, model) => new WrongCommittee(nodes, model, quorum: (2 * Committee.MaxFaults(nodes, model)) + 1)) with { Also = ["O-23"] },
    ];

    private sealed class WrongCommittee : Committee
    {
        public WrongCommittee(int size, FaultModel model, int? quorum = null, int? honest = null)
            : base(size, model)
        {
            QuorumSize = quorum ?? QuorumSize;
            HonestSize = honest ?? HonestSize;
        }
    }

    private static Mutation Of(string name, string does, string rule, string by, Func<int, FaultModel, Committee> committee) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { Committee = committee(options.Nodes, options.Protocol.Model) },
    };
}
