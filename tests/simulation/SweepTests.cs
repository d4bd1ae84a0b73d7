using System.Diagnostics;
using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Runs;
using Xunit.Abstractions;

namespace Bft.Simulation.Tests;

/// <summary>Seeds: a fixed set, and fresh ones whose numbers are printed. A protocol that is registered is taken in without further code.</summary>
public class SweepTests(ITestOutputHelper output)
{
    private const ulong FixedRuns = 120;
    private const ulong FreshRuns = 60;

    public static TheoryData<string> ProtocolNames => [.. Protocols.All.Select(protocol => protocol.Name)];

    [Theory]
    [MemberData(nameof(ProtocolNames))]
    public void The_fixed_seeds_are_good(string protocol) => Sweep(Protocols.Find(protocol)!, 0, FixedRuns);

    // What each of them found is told where it was mended.
    [Theory]
    [InlineData("hotstuff", 4, 63931191868)]
    [InlineData("hotstuff", 6, 63931689909)]
    [InlineData("hotstuff", 4, 1001167)]
    public void A_seed_that_once_failed_is_good(string protocol, int nodes, ulong seed)
    {
        SimulationResult result = SimulationRun.Execute(Protocols.Find(protocol)!, nodes, seed);
        Assert.True(result.Good, result.ToString());
    }

    [Theory]
    [MemberData(nameof(ProtocolNames))]
    public void Fresh_seeds_are_good(string protocol)
    {
        ulong first = ulong.TryParse(Environment.GetEnvironmentVariable("BFT_FIRST_SEED"), CultureInfo.InvariantCulture, out ulong given)
            ? given
            : (ulong)DateTime.UtcNow.Ticks / TimeSpan.TicksPerSecond;
        output.WriteLine($"seeds {first} to {first + FreshRuns - 1}; BFT_FIRST_SEED={first} runs them again");
        Sweep(Protocols.Find(protocol)!, first, FreshRuns);
    }

    [Theory]
    [MemberData(nameof(ProtocolNames))]
    public void Any_20_successive_runs_meet_every_kind_of_fault(string protocol)
    {
        ProtocolDescriptor described = Protocols.Find(protocol)!;
        foreach (ulong first in new ulong[] { 0, 1_000_003, 77_777_777_777 })
        {
            HashSet<FaultKind> met = [];
            for (ulong seed = first; seed < first + 20; seed++)
            {
                met.UnionWith(SimulationRun.Execute(described, 4, seed).Faults.Occurred.Select(occurred => occurred.Kind));
            }

            FaultKind[] expected = [.. Enum.GetValues<FaultKind>().Where(kind => described.Model == FaultModel.Byzantine || kind < FaultKind.Silence)];
            Assert.True(met.IsSupersetOf(expected), $"from seed {first} on, 20 runs never met {string.Join(", ", expected.Except(met))}");
        }
    }

    private void Sweep(ProtocolDescriptor protocol, ulong first, ulong count)
    {
        var watch = Stopwatch.StartNew();
        long events = 0;
        List<string> bad = [];
        var faults = new SortedDictionary<FaultKind, long>();
        for (ulong seed = first; seed < first + count; seed++)
        {
            SimulationResult result = SimulationRun.Execute(protocol, NodesOf(seed), seed);
            events += result.Events;
            foreach ((FaultKind kind, long number) in result.Faults.Occurred)
            {
                faults[kind] = faults.GetValueOrDefault(kind) + number;
            }

            if (!result.Good)
            {
                bad.Add(result.ToString());
            }
        }

        output.WriteLine($"{count} runs, {count / watch.Elapsed.TotalSeconds:F1}/s, {events / watch.Elapsed.TotalSeconds:F0} events/s; {string.Join(' ', faults.Select(entry => $"{entry.Key}:{entry.Value}"))}");
        Assert.True(bad.Count == 0, string.Join('\n', bad));
    }

    // Half of the runs at the smallest n, where every quorum counts.
    private static int NodesOf(ulong seed) => seed % 2 == 0 ? 4 : 4 + (int)(seed / 2 % 4);
}
