using Bft.Crypto;

namespace Bft.Engine;

/// <summary>What the steps of one turn asked for, kept until the loop carries it out in its order.</summary>
internal sealed class EffectBuffer
{
    public List<(ReplicaId To, ProtocolMessage Message)> Hastened { get; } = [];

    /// <summary>Stores, records and discards, in the order they were asked for.</summary>
    public List<object> Durable { get; } = [];

    /// <summary>Null as receiver: everyone else.</summary>
    public List<(ReplicaId? To, ProtocolMessage Message)> Sends { get; } = [];

    public List<CommittedBlock> Commits { get; } = [];

    public List<(Digest Digest, ReplicaSet Holders)> BlockRequests { get; } = [];

    public List<(Height AtLeast, ReplicaSet Holders)> CatchUps { get; } = [];

    public bool IsEmpty => Hastened.Count == 0 && Durable.Count == 0 && Sends.Count == 0 && Commits.Count == 0 && BlockRequests.Count == 0 && CatchUps.Count == 0;

    public void Clear()
    {
        Hastened.Clear();
        Durable.Clear();
        Sends.Clear();
        Commits.Clear();
        BlockRequests.Clear();
        CatchUps.Clear();
    }

    internal readonly record struct Discarded(byte Kind, ulong ThroughSlot);
}
