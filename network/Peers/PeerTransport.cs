using System.Collections.Immutable;
using Bft.Engine;
using Bft.Engine.Transport;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Peers;

/// <summary>
/// The other validators as the engine's transport sees them. Messages of one class reach a peer in the order in which they were sent, at
/// most once, or not at all; classes overtake each other (consensus goes first). Made by <see cref="PeerHost"/>.
/// </summary>
public sealed class PeerTransport : ITransport
{
    private readonly ReplicaId _self;
    private readonly Peer?[] _peers;
    private readonly PeerLimits _limits;
    private readonly LogThrottle _throttle;
    private readonly ILogger _logger;

    internal PeerTransport(PeerHostOptions options, IPeerHandler handler, LogThrottle throttle, ILogger logger)
    {
        _self = options.Self;
        _limits = options.Limits;
        _throttle = throttle;
        _logger = logger;
        _peers = new Peer?[options.Pins.Length];
        for (int i = 0; i < _peers.Length; i++)
        {
            _peers[i] = i == _self.Value ? null : new Peer(new ReplicaId(i), options.Limits, options.Time, handler, throttle, logger);
        }
    }

    /// <summary>How it stands with each other validator, in their order.</summary>
    public ImmutableArray<PeerState> States => [.. Others.Select(peer => peer.State)];

    /// <summary>What was exchanged with all peers in one traffic class.</summary>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public PeerTotals Totals(TrafficClass traffic)
    {
        if (!Traffic.IsKnown((byte)traffic))
        {
            throw new ArgumentException($"There is no traffic class {(byte)traffic}.", nameof(traffic));
        }

        return Others.Aggregate(default(PeerTotals), (sum, peer) => sum + peer.Totals(Traffic.Index(traffic)));
    }

    internal IEnumerable<Peer> Others => _peers.OfType<Peer>();

    /// <inheritdoc/>
    /// <remarks>A message above its class's limit, which the receiver would close the link for, is not sent but logged and counted as dropped.</remarks>
    /// <exception cref="ArgumentException">The receiver is no other validator, or the message does not begin with its class: a fault of the caller.</exception>
    public void Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        Peer peer = Of(to);
        if (message.IsEmpty || message.Span[0] != (byte)traffic || !Traffic.IsKnown((byte)traffic))
        {
            throw new ArgumentException($"A {traffic} message begins with the byte {(byte)traffic}.", nameof(message));
        }

        if (message.Length > _limits.MaxMessageBytes(traffic))
        {
            peer.CountDropped(traffic, 1);
            if (_throttle.Permits(to.Value, 8))
            {
                PeerLog.TooLarge(_logger, traffic, message.Length, to, _limits.MaxMessageBytes(traffic));
            }

            return;
        }

        int dropped = peer.Outbox.Add(traffic, message);
        if (dropped > 0)
        {
            peer.CountDropped(traffic, dropped);
        }
    }

    /// <summary>
    /// The handler keeps that many bytes of a peer's messages beyond its call. While <see cref="PeerLimits.MaxHeldBytes"/> or more are
    /// held, that peer's stream is not read.
    /// </summary>
    /// <exception cref="ArgumentException">Not another validator, or a negative number.</exception>
    public void Hold(ReplicaId sender, int bytes) => Of(sender).Inflow.Hold(bytes);

    /// <summary>The handler has done with that many bytes.</summary>
    /// <exception cref="ArgumentException">Not another validator, or a negative number.</exception>
    /// <exception cref="InvalidOperationException">More is released than is held.</exception>
    public void Release(ReplicaId sender, int bytes) => Of(sender).Inflow.Release(bytes);

    internal Peer Of(ReplicaId id) => (uint)id.Value < (uint)_peers.Length && _peers[id.Value] is { } peer
        ? peer
        : throw new ArgumentException($"Validator {id} is no peer of validator {_self} in a committee of {_peers.Length}.", nameof(id));
}
