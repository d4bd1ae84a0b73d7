using Bft.Engine;

namespace Bft.Simulation.Scenarios;

/// <summary>
/// A schedule by script: who leads, who says what to whom, who is cut off, who crashes, and what must come of it. Everything else is the production
/// replica over virtual time, under all checkers of the world.
/// </summary>
/// <param name="Name">The name by which it is found, "O-03".</param>
/// <param name="Title">What happens in it, in a few words.</param>
public sealed record Scenario(string Name, string Title)
{
    /// <summary>Where it is from: paper, section, or the defect of another implementation.</summary>
    public required string Source { get; init; }

    /// <summary>What it must show.</summary>
    public required string Shows { get; init; }

    /// <summary>Its parts, each in a world of its own.</summary>
    public required IReadOnlyList<Act> Acts { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Title}";
}

/// <summary>A part of a scenario.</summary>
/// <param name="Name">Its name within the scenario.</param>
/// <param name="Setting">What the world is like when the script begins.</param>
/// <param name="Play">The script.</param>
public sealed record Act(string Name, Setting Setting, Action<Stage> Play);

/// <summary>The world of an act before anything happens.</summary>
public sealed record Setting
{
    /// <summary>The protocol's registered name.</summary>
    public string Protocol { get; init; } = "hotstuff";

    /// <summary>n.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>The letters of those that the script speaks for; all others are honest. Twins come by <see cref="Stage.Twin"/>.</summary>
    public string Traitors { get; init; } = "";

    /// <summary>The letters of those of which a second instance will come: they are not judged, and play the honest protocol.</summary>
    public string Doubled { get; init; } = "";

    /// <summary>The leaders of views 1, 2, … by their letters, then honest ones in turn; null for the protocol's own election.</summary>
    public string? Leaders { get; init; }

    /// <summary>Clients; they ask when the script says so, unless <see cref="Traffic"/>.</summary>
    public int Clients { get; init; } = 1;

    /// <summary>Whether clients ask all the time by themselves.</summary>
    public bool Traffic { get; init; }

    /// <summary>Real Ed25519 keys.</summary>
    public bool RealSignatures { get; init; }

    /// <summary>The seed of what no script says: delays, keys.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Settings of the protocol; null for those of <see cref="WorldOptions"/>.</summary>
    public ProtocolOptions? Options { get; init; }

    /// <summary>Views that the world has after the script to commit whatever waits; null for 4n.</summary>
    public int? ViewsToHeal { get; init; }

    /// <summary>False when nothing is promised after the script.</summary>
    public bool Heals { get; init; } = true;

    /// <summary>Makes the stage; null for one without the words of a protocol.</summary>
    public Func<SimulatedWorld, Setting, Stage>? Stage { get; init; }

    /// <summary>Changes the world before it is made; null for nothing.</summary>
    public Func<WorldOptions, WorldOptions>? Configure { get; init; }
}
