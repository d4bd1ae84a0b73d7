using Bft.Simulation;

namespace Bft.Engine.Tests.Scripting;

/// <summary>Seeded runs with loss, duplicates, reordering, crashes and restarts; what every protocol must survive.</summary>
internal static class CrashSweep
{
    /// <summary>One run. Returns what was violated; afterwards everyone is up, heals and must make progress.</summary>
    public static IReadOnlyList<string> Run(ProtocolDescriptor protocol, int n, ulong seed, Func<ProtocolContext, IProtocol>? create = null)
    {
        var cluster = new SimulatedCluster(n, protocol, seed, create)
        {
            Network = new NetworkProfile { MaxDelay = TimeSpan.FromMilliseconds(15), LossPerMillion = 50_000, DuplicatePerMillion = 50_000 },
            // Commits wait for the ledger: a crash takes some back.
            ExecutionDelay = TimeSpan.FromMilliseconds(3),
        };
        cluster.Start();
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(7), Feed);
        }

        void Disturb()
        {
            SimulatedNode victim = cluster.Nodes[cluster.Random.Below(n)];
            if (victim is { Up: true, Journal.FailFlush: false })
            {
                // Every second time within a turn: what is hastened has left, what the turn would have flushed is lost.
                victim.Journal.FailFlush = cluster.Random.Chance(500_000);
                cluster.At(TimeSpan.FromMilliseconds(victim.Journal.FailFlush ? 20 : 0), () => victim.Crash());
                cluster.At(TimeSpan.FromMilliseconds(20 + cluster.Random.Below(400)), () =>
                {
                    victim.Journal.FailFlush = false;
                    victim.Start();
                });
            }

            cluster.At(TimeSpan.FromMilliseconds(50 + cluster.Random.Below(250)), Disturb);
        }

        Feed();
        cluster.At(TimeSpan.FromMilliseconds(100), Disturb);
        cluster.Run(TimeSpan.FromSeconds(4));
        if (cluster.Violations.Count > 0)
        {
            return cluster.Violations;
        }

        cluster.Network = new NetworkProfile();
        ulong before = cluster.Nodes.Max(node => node.Replica.CommittedHeight.Value);
        // The disturbance goes on: it takes a quiet stretch in between to get everyone there.
        bool progress = cluster.RunUntil(() => cluster.Nodes.All(node => node.Up) && cluster.LowestCommitted > before + 10, TimeSpan.FromSeconds(30));
        return progress ? cluster.Violations : [.. cluster.Violations, $"no progress: {string.Join(' ', cluster.Nodes.Select(node => $"{node.Up}/{node.Replica.CommittedHeight}/{node.Replica.Status.View}"))}"];
    }
}
