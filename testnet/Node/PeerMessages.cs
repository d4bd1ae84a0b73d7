using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Gossip;
using Bft.Network.Peers;

namespace Bft.Testnet.Node;

/// <summary>Sorts what other validators send: consensus and repair to the edge, transactions to gossip. Counts what was refused.</summary>
internal sealed class PeerMessages : IPeerHandler
{
    private Edge? _edge;
    private TransactionGossip? _gossip;
    private long _refused;

    /// <summary>Messages that were malformed or lied.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>From now on messages go there; before, they are dropped, as if they had been lost on the way.</summary>
    public void Begin(Edge edge, TransactionGossip gossip)
    {
        Volatile.Write(ref _gossip, gossip);
        Volatile.Write(ref _edge, edge);
    }

    /// <inheritdoc/>
    public void OnMessage(ReplicaId sender, TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        if (Volatile.Read(ref _edge) is not { } edge)
        {
            return;
        }

        if (traffic == TrafficClass.Gossip)
        {
            _gossip!.OnMessage(sender, message);
        }
        else if (!edge.OnMessage(sender, message))
        {
            Interlocked.Increment(ref _refused);
        }
    }
}
