using Bft.Simulation.Scenarios.Certificates;
using Bft.Simulation.Scenarios.Clients;
using Bft.Simulation.Scenarios.HotStuff;
using Bft.Simulation.Scenarios.Storage;

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
        LockScenarios.O07,
        LockScenarios.O08,
        LockScenarios.O09,
        PacemakerScenarios.O10,
        PacemakerScenarios.O11,
        PacemakerScenarios.O12,
        PacemakerScenarios.O13,
        PacemakerScenarios.O14,
        PacemakerScenarios.O15,
        SignerScenarios.O16,
        SignerScenarios.O17,
        RogueKeyScenarios.O18,
        SignerScenarios.O19,
        HostileBytesScenarios.O20,
        HostileBytesScenarios.O21,
        QuorumScenarios.O22,
        QuorumScenarios.O23,
        DiskScenarios.O45,
        ReadScenarios.O46,
        CommandScenarios.C01,
        CommandScenarios.C02,
        MissingBlockScenarios.C03,
        ViewChangeScenarios.C04,
        ViewChangeScenarios.C05,
        WrongBlockScenarios.C06,
        RejoinScenarios.C07,
        SyncScenarios.C08,
        PowerScenarios.C09,
        ReadScenarios.C10,
        LeaderScenarios.C11,
    ];

    /// <summary>The scenario of that name, in any case; null for an unknown one.</summary>
    public static Scenario? TryFind(string name) => All.FirstOrDefault(scenario => scenario.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The known names that look most like an unknown one, the nearest first.</summary>
    public static IReadOnlyList<string> Nearest(string name) => Names.Nearest(name, All.Select(scenario => scenario.Name));
}
