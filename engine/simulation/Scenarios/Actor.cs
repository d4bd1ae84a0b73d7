using Bft.Engine;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Scenarios;

/// <summary>A replica on the stage, by its letter: what a script can say of it and look up in it.</summary>
/// <param name="letter">A for replica 0, B for 1, …; a twin has its first instance's letter.</param>
/// <param name="instance">The instance.</param>
public sealed class Actor(char letter, SimulatedReplica instance)
{
    /// <summary>Its letter.</summary>
    public char Letter => letter;

    /// <summary>The instance.</summary>
    public SimulatedReplica Instance => instance;

    /// <summary>Which replica it is.</summary>
    public ReplicaId Id => instance.Id;

    /// <summary>The number of the instance.</summary>
    public int Index => instance.Index;

    /// <summary>The view it is in.</summary>
    public ulong View => instance.Replica.Status.View.Value;

    /// <summary>The view of its highest certificate.</summary>
    public ulong HighestCertified => instance.Replica.Status.HighestCertified.Value;

    /// <summary>Views that it gave up since its last start.</summary>
    public ulong ViewChanges => instance.Replica.Status.ViewChanges;

    /// <summary>Its last committed height.</summary>
    public ulong Committed => instance.Committed.Value;

    /// <summary>Messages that it refused.</summary>
    public long Refused => instance.Refused;

    /// <summary>Whether it committed that very block.</summary>
    public bool HasCommitted(Block block) =>
        instance.CommittedBlocks.GetValueOrDefault(block.Height.Value) == block.Digest;

    /// <inheritdoc/>
    public override string ToString() => instance.Index == instance.Id.Value ? letter.ToString() : $"{letter}'";
}
