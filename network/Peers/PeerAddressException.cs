using System.Net;

namespace Bft.Network.Peers;

/// <summary>The address for other validators cannot be listened on; the message says which, why and what to do.</summary>
public sealed class PeerAddressException : IOException
{
    /// <summary>Names the address, the reason and the remedy.</summary>
    /// <param name="endpoint">The address that was to be listened on.</param>
    /// <param name="reason">What is wrong with it and what to do.</param>
    /// <param name="inner">What the system said.</param>
    public PeerAddressException(IPEndPoint endpoint, string reason, Exception? inner = null)
        : base($"Cannot listen for validators on {endpoint}: {reason}", inner) => Endpoint = endpoint;

    /// <summary>The address that was to be listened on.</summary>
    public IPEndPoint Endpoint { get; }
}
