using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>Leaders that do not follow from the chain alone.</summary>
internal static class BrokenElections
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new Mutation("standing-forgotten-at-restart", "knows after a restart nothing of who was passed over before")
        {
            Rule = "leaders are a deterministic function of committed state; PROTOCOLS 18 (Aptos leader reputation: replicas with too short a history elect different leaders)",
            By = "C-11",
            Apply = options => options with
            {
                Create = context => new HotStuffProtocol(context, new HotStuffParts
                {
                    Election = new Forgetful(context.Election ?? TenureElection.Create(context.Options.LeaderElection, context.Chain.Committee)),
                }),
            },
        },
    ];

    private sealed class Forgetful(ILeaderElection election) : ILeaderElection
    {
        public string Name => election.Name;

        public ReplicaId Leader(View view, Standing standing) => election.Leader(view, standing);

        public View AfterTimeout(View view) => election.AfterTimeout(view);

        public Standing After(Standing parentStanding, BlockHeader parent, BlockHeader block) => election.After(parentStanding, parent, block);

        public Standing Begin(BlockHeader header) => election.Begin(header);

        public Height FoldStart(Height height) => height;
    }
}
