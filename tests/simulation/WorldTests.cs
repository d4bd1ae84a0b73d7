using System.Diagnostics;
using Bft.Engine;
using Bft.Simulation.Runs;
using Xunit.Abstractions;

namespace Bft.Simulation.Tests;

/// <summary>The world itself: deterministic, production parts, one thread.</summary>
public class WorldTests(ITestOutputHelper output)
{
    private static readonly ProtocolDescriptor HotStuff = Protocols.Find("hotstuff")!;

    [Fact]
    public void Without_faults_a_hundred_blocks_commit_and_nothing_is_wrong()
    {
        SimulatedWorld world = Run(seed: 1, blocks: 100, out TimeSpan took);
        output.WriteLine($"{world.Time.Events} events in {took.TotalMilliseconds:F1} ms, {world.Time.Events / took.TotalSeconds:F0}/s; virtual {world.Time.Now}; operations {world.Clients.Sum(client => client.Done)}; messages {world.Network.Messages}");
        Assert.Empty(world.Watch.Violations);
        Assert.True(world.LowestCommitted >= 100, $"height {world.LowestCommitted}");
        Assert.True(world.Clients.All(client => client.Done > 10));
    }

    [Fact]
    public void A_sweep()
    {
        var watch = Stopwatch.StartNew();
        long events = 0;
        int bad = 0;
        ulong blocks = 0;
        var faults = new SortedDictionary<FaultKind, long>();
        ulong first = ulong.Parse(Environment.GetEnvironmentVariable("FIRST") ?? "0");
        ulong count = ulong.Parse(Environment.GetEnvironmentVariable("COUNT") ?? "60");
        for (ulong seed = first; seed < first + count; seed++)
        {
            SimulationResult result = SimulationRun.Execute(HotStuff, 4 + (int)(seed % 4), seed);
            events += result.Events;
            blocks += result.Blocks;
            foreach ((FaultKind kind, long n) in result.Faults.Occurred) faults[kind] = faults.GetValueOrDefault(kind) + n;
            if (!result.Good)
            {
                bad++;
                output.WriteLine($"{result} {string.Join(",", FaultPlan.Draw(HotStuff, 4 + (int)(seed % 4), seed, new SimulationOptions().FaultPeriod).Traitors)}");
            }
        }

        output.WriteLine($"{bad} bad, {count / watch.Elapsed.TotalSeconds:F1} runs/s, {events / watch.Elapsed.TotalSeconds:F0} events/s, {blocks} blocks; {string.Join(" ", faults.Select(f => $"{f.Key}:{f.Value}"))}");
    }

    private static SimulatedWorld Run(ulong seed, ulong blocks, out TimeSpan took, bool trace = false)
    {
        var world = new SimulatedWorld(new WorldOptions { Protocol = HotStuff, Seed = seed, KeepTrace = trace });
        world.AddClients(6);
        var watch = Stopwatch.StartNew();
        world.Start();
        world.Time.RunUntil(() => world.LowestCommitted >= blocks, TimeSpan.FromSeconds(30));
        took = watch.Elapsed;
        return world;
    }
}
