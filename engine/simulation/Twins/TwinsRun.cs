using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Simulation.Checkers;
using Bft.Simulation.Network;
using Bft.Simulation.Nodes;
using Bft.Simulation.Runs;
using Bft.Simulation.Scenarios;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Twins;

/// <summary>
/// Plays a schedule of Twins in a world with all its checkers. A message belongs to the round of the view that its sender is in; a world in which nobody comes
/// forward goes to the next round after a while all the same, or a partition without a quorum would be the last that is tried.
/// </summary>
public static class TwinsRun
{
    // What a round lasts at most, in first timeouts of a view: time for the timeout to be sent, repeated and answered.
    private const double RoundTimeouts = 2.5;

    /// <summary>Plays a schedule.</summary>
    /// <param name="protocol">A protocol that bears traitors.</param>
    /// <param name="scenario">The schedule.</param>
    /// <param name="options">What else; null for the defaults. Clients and faults are not used.</param>
    public static SimulationResult Execute(ProtocolDescriptor protocol, TwinsScenario scenario, SimulationOptions? options = null)
    {
        options ??= new SimulationOptions();
        SimulatedWorld world = MakeWorld(protocol, scenario, options);
        options.Prepare?.Invoke(world);
        TimeSpan period = world.Options.ProtocolOptions.ViewTimeout * RoundTimeouts;
        world.Network.Add(new NetworkRule(parcel => Apart(world, scenario, period, parcel), RuleAction.Drop));
        var progress = new Progress();
        world.Watch.Add(progress);
        world.Start();
        Ask(world, progress);

        world.Time.RunUntil(() => Goes(options) && EverybodyIsPast(world, scenario.Rounds.Length), period * scenario.Rounds.Length);
        world.Heal();
        int views = options.LivenessViews ?? 4 * scenario.Nodes;
        TimeSpan bound = (world.Options.ProtocolOptions.MaxViewTimeout + TimeSpan.FromMilliseconds(200)) * views;
        TimeSpan healedAt = world.Time.Now;
        ulong target = world.Watch.Agreement.Highest;
        world.Time.RunUntil(() => Goes(options) && progress.Waiting == 0 && world.HaveCommitted(target), bound);
        List<(int, ulong)> behind = [.. world.Replicas.Where(replica => replica.Honest && replica.Committed.Value < target).Select(replica => (replica.Index, replica.Committed.Value))];
        world.Watch.Liveness.Judge(bound, progress.Waiting, behind, target);
        return new SimulationResult(
            protocol.Name,
            scenario.Nodes,
            scenario.Number,
            world.Watch.Violations,
            world.Watch.Agreement.Highest,
            progress.Done,
            world.Time.Events,
            world.Network.Messages,
            world.Time.Now,
            world.Time.Now - healedAt,
            world.Faults,
            world.Watch.Evidence.Proved,
            world.Trace);
    }

    private static SimulatedWorld MakeWorld(ProtocolDescriptor protocol, TwinsScenario scenario, SimulationOptions options)
    {
        int firstTwin = scenario.Nodes - scenario.Twins;
        Dictionary<int, Strategy> strategies = Enumerable.Range(firstTwin, scenario.Twins).ToDictionary(id => id, _ => (Strategy)new TwinStrategy());
        var worldOptions = new WorldOptions
        {
            Protocol = protocol,
            Nodes = scenario.Nodes,
            Seed = scenario.Number,
            KeepTrace = options.KeepTrace,
            Election = new FixedLeaders([.. scenario.Rounds.Select(round => round.Leader)], [.. Enumerable.Range(0, firstTwin)]),

            // Tens of thousands of worlds that hold a few blocks each.
            JournalSegmentBytes = 16 << 10,
            LedgerSegmentBytes = 16 << 10,
        };
        var world = new SimulatedWorld(options.Configure?.Invoke(worldOptions) ?? worldOptions, strategies);
        for (int id = firstTwin; id < scenario.Nodes; id++)
        {
            // Another wall clock: what both propose in one instant differs, also when it is empty.
            world.AddTwin(new ReplicaId(id), new TwinStrategy()).Clock.JumpWall(TimeSpan.FromMilliseconds(7));
        }

        return world;
    }

    private static bool Apart(SimulatedWorld world, TwinsScenario scenario, TimeSpan period, in Parcel parcel)
    {
        ulong round = Math.Max(world.Replicas[parcel.From].Replica.Status.View.Value, 1 + (ulong)(world.Time.Now.Ticks / period.Ticks));
        return round <= (ulong)scenario.Rounds.Length && scenario.Rounds[(int)round - 1].Apart(parcel.From, parcel.To, parcel.Kind);
    }

    private static bool EverybodyIsPast(SimulatedWorld world, int rounds)
    {
        foreach (SimulatedReplica replica in world.Replicas)
        {
            if (replica.Replica.Status.View.Value <= (ulong)rounds)
            {
                return false;
            }
        }

        return true;
    }

    // Each instance is handed a command of its own, so that twins have different things to propose; those of honest ones must commit.
    private static void Ask(SimulatedWorld world, Progress progress)
    {
        foreach (SimulatedReplica replica in world.Replicas)
        {
            var name = new byte[32];
            BinaryPrimitives.WriteInt32LittleEndian(name, replica.Index + 1);
            byte[] key = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"k{replica.Index}"));
            Run run = Run.WithoutSignature(world.Chain, name, 1, [KeyValueCommand.Put(key, key)]);
            world.Runs.Sign(run);
            if (replica.Honest)
            {
                progress.Wait(run);
            }

            replica.Submit(run);
        }
    }

    private static bool Goes(SimulationOptions options)
    {
        options.Cancellation.ThrowIfCancellationRequested();
        return true;
    }

    // Not a check of its own: knows which commands of honest replicas are executed.
    private sealed class Progress : Checker
    {
        private readonly HashSet<Digest> _waiting = [];

        public override string Name => "progress";

        public int Waiting => _waiting.Count;

        public int Done { get; private set; }

        public void Wait(Run run) => _waiting.Add(run.Digest);

        public override void Executed(int instance, CommittedBlock block, StatePoint point, IReadOnlyList<Receipt> receipts)
        {
            foreach (Run run in block.Block.Payload.Runs)
            {
                Done += _waiting.Remove(run.Digest) ? 1 : 0;
            }
        }
    }
}
