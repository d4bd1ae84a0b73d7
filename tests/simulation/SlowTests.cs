using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Runs;
using Bft.Simulation.Twins;
using Xunit.Abstractions;

namespace Bft.Simulation.Tests;

/// <summary>The slow set: what is too long for every build and must hold before a release.</summary>
public sealed class SlowTests(ITestOutputHelper output)
{
    private static readonly ProtocolDescriptor HotStuff = Protocols.Find("hotstuff")!;

    // The seeds can be moved, so that it is not always the same thousand.
    [SlowFact]
    public void A_thousand_runs_with_real_keys_are_good()
    {
        ulong first = ulong.TryParse(Environment.GetEnvironmentVariable("BFT_FIRST_SEED"), CultureInfo.InvariantCulture, out ulong given) ? given : 0;
        SweepReport report = new Sweep(new SweepOptions
        {
            Protocols = [HotStuff],
            FirstSeed = first,
            Seeds = 1000,
            Jobs = Environment.ProcessorCount,
            Run = new SimulationOptions { RealSignatures = true },
        }).Run();
        output.WriteLine($"seeds {first} to {first + 999}: {report.Runs} runs, {report.Blocks} blocks, {report.Operations} operations, {report.Events} events in {report.Elapsed}");
        Assert.Equal(1000UL, report.Runs);
        Assert.True(report.Failed == 0, string.Join('\n', report.Violations));
    }

    // (2^4 − 1 partitions · 1 twin as leader)^4 rounds: the number is known before the first schedule is made.
    [SlowFact]
    public void All_50625_schedules_of_twins_are_good()
    {
        var space = new TwinsSpace(Nodes: 4, Rounds: 4);
        Assert.Equal(50_625, space.Count);
        SweepReport report = new Sweep((ulong)space.Count, JobOf, Environment.ProcessorCount).Run();
        output.WriteLine($"{report.Runs} schedules, {report.Blocks} blocks, {report.Proved} double signs proved, {report.Events} events in {report.Elapsed}");
        Assert.Equal(50_625UL, report.Runs);
        Assert.True(report.Failed == 0, string.Join('\n', report.Violations));

        SweepJob JobOf(ulong number) => new(
            HotStuff.Name, space.Nodes, number, cancellation => TwinsRun.Execute(HotStuff, space.At(number), new SimulationOptions { Cancellation = cancellation }));
    }
}
