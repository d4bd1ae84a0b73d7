using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Network.Peers;

/// <summary>What one peer can cost us at most, and how long it may take. All sizes are in bytes.</summary>
public sealed record PeerLimits
{
    /// <summary>What a queued message is charged on top of its length, so that a flood of tiny ones is bounded too.</summary>
    public const int MessageOverheadBytes = 64;

    /// <summary>The largest consensus message. Default 2 MiB + 64 KiB: a block of the default limits with a megabyte of certificates.</summary>
    public int MaxConsensusBytes { get; init; } = (2 << 20) + (64 << 10);

    /// <summary>The largest gossip message. Default 260 KiB: the largest run with its framing.</summary>
    public int MaxGossipBytes { get; init; } = 260 << 10;

    /// <summary>The largest repair message. Default 5 MiB.</summary>
    public int MaxRepairBytes { get; init; } = 5 << 20;

    /// <summary>A frame is closed when the next message would take it past this; a larger single message travels alone. Default 256 KiB.</summary>
    public int FrameTargetBytes { get; init; } = 256 << 10;

    /// <summary>The bound of one peer's queue of consensus messages; beyond it the oldest go. Default 16 MiB.</summary>
    public long MaxQueuedConsensusBytes { get; init; } = 16 << 20;

    /// <summary>The bound of one peer's queue of gossip; beyond it the oldest go. Default 4 MiB.</summary>
    public long MaxQueuedGossipBytes { get; init; } = 4 << 20;

    /// <summary>The bound of one peer's queue of repair messages; beyond it the oldest go. Default 12 MiB.</summary>
    public long MaxQueuedRepairBytes { get; init; } = 12 << 20;

    /// <summary>
    /// How long a message may wait in a queue while newer ones come; older ones go. Else a peer that was away would get megabytes of votes and proposals of views long past, and verify them all
    /// before it begins to catch up. Default 10 s: longer than any message is of use that a link still carries.
    /// </summary>
    public TimeSpan MaxQueuedFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How much a peer may send a second in the long run before its stream is read more slowly; each message is charged <see cref="MessageOverheadBytes"/> more than its length. Default 256 MiB.</summary>
    public long MaxBytesPerSecond { get; init; } = 256 << 20;

    /// <summary>How much a peer may send at once on top of the rate. Default 64 MiB.</summary>
    public long MaxBurstBytes { get; init; } = 64 << 20;

    /// <summary>How much of one peer's messages the handler may hold (<see cref="PeerTransport.Hold"/>) before its stream is not read any more. Default 32 MiB.</summary>
    public long MaxHeldBytes { get; init; } = 32 << 20;

    /// <summary>The HTTP/2 window of a stream and of a connection: what may be under way unread. 1 to 8 MiB is sensible. Default 2 MiB.</summary>
    public int WindowBytes { get; init; } = 2 << 20;

    /// <summary>
    /// How many connections are in their handshake at a time, before it is known whose they are; one more makes an older one give way, first
    /// of the address that has the most. Members' connections are not counted here once they are known: of these there are at most
    /// <see cref="MaxConnectionsPerPeer"/> for each member. Default 256.
    /// </summary>
    public int MaxHandshakes { get; init; } = 256;

    /// <summary>How many connections one validator may have open to us; the oldest gives way to one more. Default 2.</summary>
    public int MaxConnectionsPerPeer { get; init; } = 2;

    /// <summary>How long a connection attempt and the TLS handshake may take, from the first byte to the last. Default 5 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the hello may take after the handshake. Default 5 s.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how much silence a connection is pinged. Default 5 s.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the answer to a ping may take before the connection counts as dead. Default 5 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The least pause before a peer is dialled again. Default 200 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause before a peer is dialled again. Default 10 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A link that held this long starts again from the least pause. Default 10 s.</summary>
    public TimeSpan SteadyAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest content of a frame that is accepted: the largest message with its length, or a full frame.</summary>
    public int MaxFrameBytes =>
        Math.Max(FrameTargetBytes, sizeof(uint) + Math.Max(MaxConsensusBytes, Math.Max(MaxGossipBytes, MaxRepairBytes)));

    /// <summary>The limits that fit a chain: a consensus message holds a block and as much again in certificates, at least a megabyte.</summary>
    public static PeerLimits For(ChainLimits limits) => new()
    {
        MaxConsensusBytes = limits.MaxBlockBytes + Math.Max(1 << 20, limits.MaxPayloadBytes),
        MaxGossipBytes = Gossip.GossipBatch.MaxMessageBytes(limits),
        MaxRepairBytes = limits.MaxBlockBytes + (4 << 20),
        MaxQueuedConsensusBytes = Math.Max(16 << 20, 4L * limits.MaxBlockBytes),
        MaxQueuedRepairBytes = Math.Max(12 << 20, 2L * (limits.MaxBlockBytes + (4 << 20))),
        MaxQueuedGossipBytes = Math.Max(4 << 20, 8L * limits.MaxRunBytes),
    };

    /// <summary>The largest message of a class; 0 for a class that does not exist.</summary>
    public int MaxMessageBytes(TrafficClass traffic) => traffic switch
    {
        TrafficClass.Consensus => MaxConsensusBytes,
        TrafficClass.Gossip => MaxGossipBytes,
        TrafficClass.Repair => MaxRepairBytes,
        _ => 0,
    };

    internal long MaxQueuedBytes(TrafficClass traffic) => traffic switch
    {
        TrafficClass.Consensus => MaxQueuedConsensusBytes,
        TrafficClass.Gossip => MaxQueuedGossipBytes,
        _ => MaxQueuedRepairBytes,
    };
}
