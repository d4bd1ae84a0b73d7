using System.Globalization;
using Bft.Engine;
using Bft.Engine.Shared;
using Bft.Simulation.Checkers;
using Bft.Simulation.Clients;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Scenarios;

/// <summary>How a scenario is played.</summary>
public sealed record ScenarioOptions
{
    /// <summary>Whether traces are kept.</summary>
    public bool KeepTrace { get; init; }

    /// <summary>The acts to play by name; null for all.</summary>
    public string? Act { get; init; }

    /// <summary>Changes each act's world before it is made: a mutation comes in here.</summary>
    public Func<WorldOptions, WorldOptions>? Configure { get; init; }

    /// <summary>Whether to stop at the first act that fails.</summary>
    public bool StopAtFailure { get; init; }
}

/// <summary>What became of an act.</summary>
/// <param name="Act">Its name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Violations">What never may happen and did: of the world's checkers, and of what the script expects.</param>
/// <param name="Blocks">Blocks committed.</param>
/// <param name="VirtualTime">How long it lasted for those inside.</param>
/// <param name="Faults">What took effect, by kind.</param>
/// <param name="Trace">What happened.</param>
public sealed record ActResult(
    string Act, int Nodes, ulong Seed, IReadOnlyList<Violation> Violations, ulong Blocks, TimeSpan VirtualTime, FaultCounters Faults, Trace Trace)
{
    /// <summary>True when nothing was violated.</summary>
    public bool Passed => Violations.Count == 0;
}

/// <summary>What became of a scenario.</summary>
/// <param name="Scenario">Which.</param>
/// <param name="Acts">Its acts, in order.</param>
public sealed record ScenarioResult(Scenario Scenario, IReadOnlyList<ActResult> Acts)
{
    /// <summary>True when every act passed.</summary>
    public bool Passed => Acts.All(act => act.Passed);

    /// <summary>The first thing that was violated, with the act in which it was; null when nothing was.</summary>
    public (string Act, Violation Violation)? First =>
        Acts.FirstOrDefault(act => !act.Passed) is { } failed ? (failed.Act, failed.Violations[0]) : null;

    /// <summary>One line that says what happened.</summary>
    public override string ToString() => First is { } first
        ? string.Create(CultureInfo.InvariantCulture, $"{Scenario}: act \"{first.Act}\": {first.Violation}")
        : string.Create(CultureInfo.InvariantCulture, $"{Scenario}: passed, {Acts.Count} acts");
}

/// <summary>Plays scenarios.</summary>
public static class ScenarioRun
{
    /// <summary>Plays a scenario's acts.</summary>
    /// <exception cref="ArgumentException">There is no act of that name.</exception>
    public static ScenarioResult Execute(Scenario scenario, ScenarioOptions? options = null)
    {
        options ??= new ScenarioOptions();
        List<ActResult> results = [];
        foreach (Act act in scenario.Acts.Where(act => options.Act is null || act.Name == options.Act))
        {
            results.Add(Play(act, options));
            if (options.StopAtFailure && !results[^1].Passed)
            {
                break;
            }
        }

        return results.Count > 0 ? new ScenarioResult(scenario, results) : throw new ArgumentException(
            $"{scenario.Name} has no act \"{options.Act}\"; it has {string.Join(", ", scenario.Acts.Select(act => act.Name))}.", nameof(options));
    }

    private static ActResult Play(Act act, ScenarioOptions options)
    {
        Setting setting = act.Setting;
        Stage stage = SetUp(setting, options);
        SimulatedWorld world = stage.World;
        world.AddClients(setting.Clients);
        foreach (SimulatedClient client in world.Clients)
        {
            client.Resting = !setting.Traffic;
        }

        world.Start();
        try
        {
            act.Play(stage);
            if (setting.Heals && !stage.IsHealed)
            {
                stage.RunFaultFree(setting.ViewsToHeal ?? 4 * setting.Nodes);
            }
        }
        catch (StageStoppedException)
        {
            // What did not happen is among the violations.
        }

        world.Watch.Linearizability.Judge(world.History);
        return new ActResult(act.Name, setting.Nodes, setting.Seed, world.Watch.Violations, world.Watch.Agreement.Highest, world.Time.Now, world.Faults, world.Trace);
    }

    private static Stage SetUp(Setting setting, ScenarioOptions options)
    {
        ProtocolDescriptor protocol = Protocols.Find(setting.Protocol) ?? throw new ArgumentException(
            $"There is no protocol \"{setting.Protocol}\"; known: {string.Join(", ", Protocols.All.Select(known => known.Name))}.", nameof(setting));
        var worldOptions = new WorldOptions
        {
            Protocol = protocol,
            Nodes = setting.Nodes,
            Seed = setting.Seed,
            RealSignatures = setting.RealSignatures,
            KeepTrace = options.KeepTrace,
            Election = Leaders(setting),
        };
        worldOptions = setting.Options is null ? worldOptions : worldOptions with { ProtocolOptions = setting.Options };
        worldOptions = setting.Configure?.Invoke(worldOptions) ?? worldOptions;
        worldOptions = options.Configure?.Invoke(worldOptions) ?? worldOptions;
        Dictionary<int, Strategy> strategies = [];
        foreach (char traitor in setting.Traitors)
        {
            strategies[traitor - 'A'] = new Puppet();
        }

        foreach (char doubled in setting.Doubled)
        {
            strategies[doubled - 'A'] = new TwinStrategy();
        }

        var world = new SimulatedWorld(worldOptions, strategies);
        return setting.Stage?.Invoke(world, setting) ?? new Stage(world, setting);
    }

    private static ILeaderElection? Leaders(Setting setting)
    {
        if (setting.Leaders is not { } leaders)
        {
            return null;
        }

        int[] honest = [.. Enumerable.Range(0, setting.Nodes).Where(id => !(setting.Traitors + setting.Doubled).Contains((char)('A' + id)))];
        return new FixedLeaders([.. leaders.Select(letter => letter - 'A')], honest);
    }
}
