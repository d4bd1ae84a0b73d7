using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;
using Bft.Simulation.Traitors;
using Xunit.Abstractions;

namespace Bft.Simulation.Tests;

/// <summary>A strategy that does nothing tests nothing: each, alone in a world without other faults, takes effect, is counted, is seen from outside where it can be, and is borne.</summary>
public class StrategyTests(ITestOutputHelper output)
{
    private static readonly ProtocolDescriptor HotStuff = Protocols.Find("hotstuff")!;

    public static TheoryData<string> StrategyNames => [.. StrategyCatalogue.For(HotStuff).Select(strategy => strategy.Name)];

    [Theory]
    [MemberData(nameof(StrategyNames))]
    public void Strategy_takes_effect_and_is_borne(string name)
    {
        NamedStrategy strategy = StrategyCatalogue.Find(HotStuff, name)!;
        for (ulong seed = 0; seed < 4; seed++)
        {
            SimulationResult honest = SimulationRun.Execute(HotStuff, 4, seed, FaultPlan.None);
            SimulationResult result = SimulationRun.Execute(HotStuff, 4, seed, FaultPlan.None with { Traitors = [new PlannedTraitor((int)seed, name)] });
            output.WriteLine($"{result.Faults[strategy.Fault]} times {strategy.Fault}; {result}");
            Assert.Empty(result.Violations);
            Assert.True(result.Faults[strategy.Fault] > 0, result.ToString());
            Assert.NotEqual(honest.Trace.Fingerprint, result.Trace.Fingerprint);
        }
    }

    [Fact]
    public void What_is_garbled_or_a_lie_is_refused()
    {
        foreach (string name in new[] { "garbling", "hotstuff-lies" })
        {
            SimulatedWorld? world = null;
            SimulationRun.Execute(HotStuff, 4, 5, FaultPlan.None with { Traitors = [new PlannedTraitor(1, name)] }, new SimulationOptions { Prepare = made => world = made });
            Assert.All(world!.Replicas.Where(replica => replica.Honest), replica => Assert.True(replica.Refused > 0, $"{name}: instance {replica.Index} refused nothing"));
        }
    }

    [Fact]
    public void A_silent_traitor_says_nothing_any_more()
    {
        HashSet<(TrafficClass Traffic, byte Kind)> silent = SaidAfter(TimeSpan.FromSeconds(1), "silent");
        Assert.Empty(silent);
        HashSet<(TrafficClass Traffic, byte Kind)> honest = SaidAfter(TimeSpan.FromSeconds(1), null);
        Assert.Contains((TrafficClass.Consensus, (byte)2), honest);
    }

    [Fact]
    public void Two_faced_ones_and_liars_are_proved_when_they_contradict_themselves()
    {
        foreach (string name in new[] { "two-faced", "hotstuff-lies" })
        {
            int proved = 0;
            for (ulong seed = 0; seed < 8; seed++)
            {
                proved += SimulationRun.Execute(HotStuff, 4, seed, FaultPlan.None with { Traitors = [new PlannedTraitor((int)seed % 4, name)] }).Proved;
            }

            output.WriteLine($"{name}: {proved} proved in 8 runs");
            Assert.True(proved > 0, name);
        }
    }

    [Fact]
    public void Round_trips_between_regions_name_their_source_and_are_a_table_of_distances()
    {
        Assert.All(WideAreaProfile.All, profile =>
        {
            Assert.Contains("aws-regions.html", profile.Source, StringComparison.Ordinal);
            Assert.Equal(profile.Places.Count, profile.Places.Distinct().Count());
            Assert.Equal(profile.Places.Count, profile.RoundTripMilliseconds.Length);
            for (int from = 0; from < profile.Places.Count; from++)
            {
                Assert.Equal(profile.Places.Count, profile.RoundTripMilliseconds[from].Length);
                Assert.Equal(0, profile.RoundTripMilliseconds[from][from]);
                for (int to = 0; to < from; to++)
                {
                    Assert.InRange(profile.RoundTripMilliseconds[from][to], 5, 400);
                    Assert.Equal(profile.RoundTripMilliseconds[from][to], profile.RoundTripMilliseconds[to][from]);
                    Assert.Equal(TimeSpan.FromMilliseconds(profile.RoundTripMilliseconds[from][to] / 2), profile.OneWay(from, to));
                }
            }
        });
        WideAreaProfile table = WideAreaProfile.CloudRegions2017;
        Assert.Equal(145.3, table.RoundTripMilliseconds[table.Places.ToList().IndexOf("N. Virginia")][table.Places.ToList().IndexOf("Tokyo")]);
        Assert.Equal(71.87, table.RoundTripMilliseconds[table.Places.ToList().IndexOf("Singapore")][table.Places.ToList().IndexOf("Seoul")]);
    }

    private static HashSet<(TrafficClass Traffic, byte Kind)> SaidAfter(TimeSpan time, string? strategy)
    {
        HashSet<(TrafficClass, byte)> said = [];
        FaultPlan plan = strategy is null ? FaultPlan.None : FaultPlan.None with { Traitors = [new PlannedTraitor(2, strategy)] };
        SimulationRun.Execute(HotStuff, 4, 6, plan, new SimulationOptions
        {
            Blocks = 400,
            Prepare = world => world.Network.Seen = parcel =>
            {
                if (parcel.From == 2 && world.Time.Now > time)
                {
                    said.Add((parcel.Traffic, parcel.Kind));
                }
            },
        });
        return said;
    }
}
