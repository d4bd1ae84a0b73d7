namespace Bft.Simulation.Mutations;

/// <summary>
/// One rule broken on purpose: a part of the production replica is replaced by a wrong one, in every honest replica of a simulated world. It shows that the
/// checkers see what they are there to see. Nothing of it is in the product.
/// </summary>
/// <param name="Name">The name by which it is found.</param>
/// <param name="Does">What the wrong part does.</param>
public sealed record Mutation(string Name, string Does)
{
    /// <summary>The rule that it breaks, with its source.</summary>
    public required string Rule { get; init; }

    /// <summary>Puts the wrong part in its place; called once a world, so that parts may have a state.</summary>
    public required Func<WorldOptions, WorldOptions> Apply { get; init; }

    /// <summary>The scenario that must kill it; null when seeds must.</summary>
    public string? By { get; init; }

    /// <summary>Other scenarios that must kill it too: each names it among what it catches.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>The most seeds that are tried.</summary>
    public int MaxSeeds { get; init; } = 200;

    /// <summary>The protocol whose seeds are tried.</summary>
    public string Protocol { get; init; } = "hotstuff";

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Does}";
}
