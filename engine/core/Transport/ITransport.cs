namespace Bft.Engine.Transport;

/// <summary>What a message between validators is for: its first byte on the wire, its queue and its meter.</summary>
public enum TrafficClass : byte
{
    /// <summary>A protocol message.</summary>
    Consensus = 1,

    /// <summary>Transactions spreading.</summary>
    Gossip = 2,

    /// <summary>Fetching blocks and catching up.</summary>
    Repair = 3,
}

/// <summary>
/// Carries messages to other validators, in order and at most once, or not at all: a peer that is down or slow loses them (bounded
/// queues), which every protocol survives. Thread-safe. Never blocks.
/// </summary>
public interface ITransport
{
    /// <summary>Queues a message. The memory must stay unchanged.</summary>
    /// <param name="to">The receiver.</param>
    /// <param name="traffic">What it is for.</param>
    /// <param name="message">The whole message, its first byte being <paramref name="traffic"/>.</param>
    void Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message);
}

/// <summary>Bounds what one peer can make a replica keep: its reader waits while too much of it is held. Thread-safe.</summary>
public interface IInflow
{
    /// <summary>That many bytes of the peer wait for the loop.</summary>
    void Hold(ReplicaId sender, int bytes);

    /// <summary>They were dealt with.</summary>
    void Release(ReplicaId sender, int bytes);
}

/// <summary>Books what is sent, at the transport boundary, so that retransmission and sync are not forgotten. Thread-safe.</summary>
public interface IMeter
{
    /// <summary>One message was put on the wire (also to a replica that is down).</summary>
    void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators);

    /// <summary>Signatures were made.</summary>
    void Signed(int signatures);

    /// <summary>Signatures were verified (cache hits are not counted).</summary>
    void Verified(int signatures);
}
