using Bft.Engine;

namespace Bft.Network.Peers;

/// <summary>How it stands with one other validator.</summary>
/// <param name="Id">The peer.</param>
/// <param name="Connected">Whether the stream we dialled is up and the peer's hello was accepted: what we send gets out.</param>
/// <param name="Receiving">Whether the stream it dialled is up: what it sends gets in.</param>
/// <param name="Since">When <paramref name="Connected"/> last changed; null before the first connection.</param>
/// <param name="MessagesSent">Messages written to its stream.</param>
/// <param name="BytesSent">Their bytes with the four-byte length of each.</param>
/// <param name="MessagesReceived">Messages taken from its stream.</param>
/// <param name="BytesReceived">Their bytes with the four-byte length of each.</param>
/// <param name="Dropped">Messages for it that were lost here: pushed out of a full queue, too large, or under way when the link broke.</param>
/// <param name="QueuedBytes">What waits to be sent to it, in bytes.</param>
/// <param name="LastError">Why the link last failed, in one line; null when it never did.</param>
public sealed record PeerState(
    ReplicaId Id,
    bool Connected,
    bool Receiving,
    DateTimeOffset? Since,
    long MessagesSent,
    long BytesSent,
    long MessagesReceived,
    long BytesReceived,
    long Dropped,
    long QueuedBytes,
    string? LastError);
