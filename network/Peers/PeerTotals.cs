namespace Bft.Network.Peers;

/// <summary>What was exchanged with a peer, or with all of them, in one traffic class since the start.</summary>
/// <param name="MessagesSent">Messages written to streams.</param>
/// <param name="BytesSent">Their bytes with the four-byte length of each; gRPC, HTTP/2 and TLS add less than one per cent to full frames.</param>
/// <param name="MessagesReceived">Messages read from streams.</param>
/// <param name="BytesReceived">Their bytes, likewise.</param>
/// <param name="Dropped">Messages that were not sent: pushed out of a full queue, too large, or under way when the link broke.</param>
public readonly record struct PeerTotals(long MessagesSent, long BytesSent, long MessagesReceived, long BytesReceived, long Dropped)
{
    /// <summary>The sum of both.</summary>
    public static PeerTotals operator +(PeerTotals left, PeerTotals right) => new(
        left.MessagesSent + right.MessagesSent,
        left.BytesSent + right.BytesSent,
        left.MessagesReceived + right.MessagesReceived,
        left.BytesReceived + right.BytesReceived,
        left.Dropped + right.Dropped);

    /// <summary>The sum of both.</summary>
    public static PeerTotals Add(PeerTotals left, PeerTotals right) => left + right;
}
