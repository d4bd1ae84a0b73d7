using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios;

/// <summary>The scenarios by name: one line each.</summary>
public static class ScenarioCatalogue
{
    /// <summary>All scenarios, in the order of their names.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        EquivocationScenarios.O01,
        EquivocationScenarios.O02,
        CommitRuleScenarios.O03,
    ];

    /// <summary>The scenario of that name, in any case; null for an unknown one.</summary>
    public static Scenario? TryFind(string name) => All.FirstOrDefault(scenario => scenario.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The known names that look most like an unknown one, the nearest first.</summary>
    public static IReadOnlyList<string> Nearest(string name) => Names.Nearest(name, All.Select(scenario => scenario.Name));
}
