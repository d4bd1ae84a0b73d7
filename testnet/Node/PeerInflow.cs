using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Peers;

namespace Bft.Testnet.Node;

/// <summary>What waits for the loop counts against the peer that sent it; beyond the transport's bound its stream is no longer read.</summary>
internal sealed class PeerInflow(PeerTransport transport) : IInflow
{
    /// <inheritdoc/>
    public void Hold(ReplicaId sender, int bytes) => transport.Hold(sender, bytes);

    /// <inheritdoc/>
    public void Release(ReplicaId sender, int bytes) => transport.Release(sender, bytes);
}
