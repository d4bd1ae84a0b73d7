using Bft.Engine;

namespace Bft.Simulation;

/// <summary>How a simulated network treats messages.</summary>
public sealed record NetworkProfile
{
    /// <summary>The shortest delay of a message.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest delay; a spread reorders messages.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Messages lost, in a million.</summary>
    public int LossPerMillion { get; init; }

    /// <summary>Messages delivered twice, in a million.</summary>
    public int DuplicatePerMillion { get; init; }

    /// <summary>How much longer than others a message takes; null for no longer.</summary>
    public Func<ReplicaId, ReplicaId, ProtocolMessage?, TimeSpan>? ExtraDelay { get; init; }

    /// <summary>Whether a message is let through; null lets all.</summary>
    public Func<ReplicaId, ReplicaId, ProtocolMessage?, bool>? Filter { get; init; }
}
