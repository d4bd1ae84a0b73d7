using Bft.Simulation.Mutations.HotStuff;
using Bft.Simulation.Scenarios;

namespace Bft.Simulation.Mutations;

/// <summary>The mutations by name.</summary>
public static class MutationCatalogue
{
    /// <summary>All mutations.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
    [
        .. BrokenRules.All, .. VotedTwice.All, .. ProposedTwice.All, .. InflatedViews.All, .. BrokenPacemakers.All, .. BrokenCollectors.All, .. BrokenElections.All, .. MutatedClaims.All, .. MutatedKeys.All, .. MutatedQuorums.All,
        .. MutatedVoters.All, .. MutatedVoters.Fenced, .. MutatedJournals.All, .. MutatedLoops.All, .. MutatedTimers.All, .. MutatedRepair.All, .. MutatedResults.All,
        .. MutatedDecoders.All, .. MutatedTransports.All, .. MutatedClients.All,
    ];

    /// <summary>The mutation of that name, in any case; null for an unknown one.</summary>
    public static Mutation? TryFind(string name) => All.FirstOrDefault(mutation => mutation.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The known names that look most like an unknown one, the nearest first.</summary>
    public static IReadOnlyList<string> Nearest(string name) => Names.Nearest(name, All.Select(mutation => mutation.Name));
}
