using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Checkers;
using Bft.Simulation.Runs;
using Bft.Simulation.Scenarios;

namespace Bft.Simulation.Mutations;

/// <summary>What became of a mutation.</summary>
/// <param name="Mutation">Which.</param>
/// <param name="By">The scenario, or "seed 17", that killed it; null for a survivor.</param>
/// <param name="Violation">What was seen; null for a survivor.</param>
/// <param name="Runs">Worlds that were run.</param>
public sealed record MutationResult(Mutation Mutation, string? By, Violation? Violation, int Runs)
{
    /// <summary>Of the other scenarios that must notice it, those that did not; looked at when it was killed.</summary>
    public IReadOnlyList<string> Blind { get; init; } = [];

    /// <summary>True when somebody noticed.</summary>
    public bool Killed => By is not null;

    /// <summary>True when it was noticed by whom it must be.</summary>
    public bool KilledAsTold => Killed && Blind.Count == 0 && (Mutation.By is null ? By!.StartsWith("seed", StringComparison.Ordinal) : By == Mutation.By);

    /// <inheritdoc/>
    public override string ToString() => Killed
        ? string.Create(CultureInfo.InvariantCulture, $"{Mutation.Name}: killed by {By} after {Runs} runs: {Violation}{(Blind.Count == 0 ? "" : $"; not noticed by {string.Join(", ", Blind)}")}")
        : string.Create(CultureInfo.InvariantCulture, $"{Mutation.Name}: SURVIVED {Runs} runs");
}

/// <summary>Runs mutations against the suite: first whoever must kill it, then every other scenario, then seeds.</summary>
public static class MutationRun
{
    /// <summary>Runs one mutation until somebody notices.</summary>
    public static MutationResult Execute(Mutation mutation)
    {
        int runs = 0;
        IEnumerable<Scenario> scenarios = ScenarioCatalogue.All.OrderBy(scenario => scenario.Name == mutation.By ? 0 : 1);
        MutationResult? result = mutation.By is null ? TrySeeds(mutation, ref runs) : null;
        foreach (Scenario scenario in scenarios)
        {
            result ??= TryScenario(mutation, scenario, ref runs);
        }

        result ??= (mutation.By is null ? null : TrySeeds(mutation, ref runs)) ?? new MutationResult(mutation, null, null, runs);
        return result with { Blind = [.. mutation.Also.Where(name => !Notices(name, mutation))] };
    }

    private static bool Notices(string scenario, Mutation mutation)
    {
        int runs = 0;
        return TryScenario(mutation, ScenarioCatalogue.TryFind(scenario) ?? throw new InvalidOperationException($"{mutation.Name} names a scenario {scenario}, which there is not."), ref runs) is not null;
    }

    private static MutationResult? TryScenario(Mutation mutation, Scenario scenario, ref int runs)
    {
        ScenarioResult result = ScenarioRun.Execute(scenario, new ScenarioOptions { Configure = mutation.Apply, StopAtFailure = true });
        runs += result.Acts.Count;
        return result.First is { } first ? new MutationResult(mutation, scenario.Name, first.Violation, runs) : null;
    }

    private static MutationResult? TrySeeds(Mutation mutation, ref int runs)
    {
        ProtocolDescriptor protocol = Protocols.Find(mutation.Protocol)!;
        for (ulong seed = 0; seed < (ulong)mutation.MaxSeeds; seed++)
        {
            SimulationResult result = SimulationRun.Execute(protocol, 4, seed, new SimulationOptions { Configure = mutation.Apply });
            runs++;
            if (!result.Good)
            {
                return new MutationResult(mutation, string.Create(CultureInfo.InvariantCulture, $"seed {seed}"), result.Violations[0], runs);
            }
        }

        return null;
    }
}
