using System.Diagnostics;
using Bft.Engine;
using Bft.Simulation;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;

namespace Bft.Bench.Simulation;

/// <summary>What is measured, and beside it the mark that the project set itself.</summary>
/// <param name="Nodes">n.</param>
/// <param name="Runs">Runs that were measured, each until 100 blocks are committed under the default mix of faults.</param>
/// <param name="EventsPerSecond">Events of the virtual time a second, on one core.</param>
/// <param name="EventsMark">The mark; null for none.</param>
/// <param name="RunsPerSecond">Runs a second, on one core.</param>
/// <param name="RunsMark">The mark; null for none.</param>
/// <param name="EventsPerRun">Events of a run, on average.</param>
/// <param name="Violations">Runs that violated something; must be 0.</param>
internal sealed record SizeReport(int Nodes, int Runs, double EventsPerSecond, double? EventsMark, double RunsPerSecond, double? RunsMark, double EventsPerRun, int Violations);

/// <summary>A large committee.</summary>
/// <param name="Nodes">n.</param>
/// <param name="Blocks">Blocks that every replica committed.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="SecondsMark">The mark.</param>
/// <param name="EventsPerSecond">Events of the virtual time a second.</param>
/// <param name="KiBPerReplica">Memory of the whole world that is alive at the end, by replica.</param>
internal sealed record LargeReport(int Nodes, ulong Blocks, double Seconds, double SecondsMark, double EventsPerSecond, double KiBPerReplica);

/// <summary>Everything that was measured.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Seconds">How long each size was measured.</param>
/// <param name="Sizes">By n.</param>
/// <param name="Large">The large committee.</param>
internal sealed record SimulationReport(string Protocol, double Seconds, IReadOnlyList<SizeReport> Sizes, LargeReport Large);

/// <summary>How fast the simulated world goes, on one core.</summary>
/// <param name="protocol">The protocol.</param>
/// <param name="secondsPerSize">How long each size is measured.</param>
/// <param name="log">Where progress goes.</param>
internal sealed class SimulationBench(ProtocolDescriptor protocol, double secondsPerSize, TextWriter log)
{
    private static readonly (int Nodes, double? Events, double? Runs)[] Sizes = [(4, 200_000, 50), (7, null, null), (16, null, null), (31, null, null)];

    // As many as meet every kind of fault, so that all of it is compiled before the clock starts.
    private const ulong WarmUpRuns = 20;
    private const int LargeNodes = 100;
    private const ulong LargeBlocks = 100;
    private const double LargeSeconds = 60;

    /// <summary>Measures.</summary>
    public SimulationReport Run()
    {
        log.WriteLine("warming up");
        for (ulong seed = 0; seed < WarmUpRuns; seed++)
        {
            SimulationRun.Execute(protocol, 4, seed);
        }

        List<SizeReport> sizes = [];
        foreach ((int nodes, double? events, double? runs) in Sizes)
        {
            log.WriteLine($"n = {nodes}");
            sizes.Add(Measure(nodes, events, runs));
        }

        log.WriteLine($"n = {LargeNodes}");
        return new SimulationReport(protocol.Name, secondsPerSize, sizes, MeasureLarge());
    }

    private SizeReport Measure(int nodes, double? eventsMark, double? runsMark)
    {
        long events = 0;
        int runs = 0, violations = 0;
        var watch = Stopwatch.StartNew();
        do
        {
            SimulationResult result = SimulationRun.Execute(protocol, nodes, (ulong)runs);
            events += result.Events;
            violations += result.Good ? 0 : 1;
            runs++;
        }
        while (watch.Elapsed.TotalSeconds < secondsPerSize);
        double seconds = watch.Elapsed.TotalSeconds;
        return new SizeReport(nodes, runs, Math.Round(events / seconds), eventsMark, Math.Round(runs / seconds, 2), runsMark, Math.Round((double)events / runs), violations);
    }

    // Without faults: what is asked is that so many replicas are no hindrance.
    private LargeReport MeasureLarge()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        var world = new SimulatedWorld(new WorldOptions { Protocol = protocol, Nodes = LargeNodes, Seed = 1 });
        world.AddClients(5);
        world.Network.Conditions = new NetworkConditions { Delay = new DelayDistribution(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(6)) };
        world.Start();
        world.Time.RunUntil(() => world.HaveCommitted(LargeBlocks), TimeSpan.FromMinutes(10));
        double seconds = watch.Elapsed.TotalSeconds;
        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var report = new LargeReport(
            LargeNodes, world.LowestCommitted, Math.Round(seconds, 2), LargeSeconds, Math.Round(world.Time.Events / seconds), Math.Round(bytes / 1024.0 / LargeNodes));
        GC.KeepAlive(world);
        return report;
    }
}
