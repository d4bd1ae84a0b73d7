using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Network.Peers;

/// <summary>
/// Takes what other validators send. One peer's calls come one after the other and in the order in which it sent them; different
/// peers call at the same time, each on the thread that reads its stream: what takes long is for a worker to do.
/// </summary>
/// <remarks>
/// While a call runs, no more is read from that peer, so a slow handler slows the peer down through HTTP/2 flow control and nobody
/// else. A handler that keeps messages beyond the call says so through <see cref="PeerTransport.Hold"/> and <see cref="PeerTransport.Release"/>,
/// which bounds what one peer can make it keep.
/// </remarks>
public interface IPeerHandler
{
    /// <summary>A message arrived. An exception is logged and costs that message only.</summary>
    /// <param name="sender">Who sent it, as its TLS key proved.</param>
    /// <param name="traffic">Its class: the first byte of <paramref name="message"/>.</param>
    /// <param name="message">
    /// The whole message, at least one byte and at most its class's limit. It belongs to the receiver: a slice over the array of
    /// its frame, which lives as long as any of its slices is referenced. Keep a copy of what is small and lives long.
    /// </param>
    void OnMessage(ReplicaId sender, TrafficClass traffic, ReadOnlyMemory<byte> message);

    /// <summary>A link to or from a peer came up or went down. Called on any thread, one call at a time for each peer.</summary>
    /// <param name="state">The peer's state after the change.</param>
    void OnLinkChanged(PeerState state)
    {
    }
}
