using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Gossip;
using Bft.Network.Peers;

namespace Bft.Testnet.Node;

/// <summary>
/// Sorts what other validators send: consensus and repair to the edge, transactions to gossip. What the edge drops is counted against its
/// sender, and told once a minute when no honest one would have sent it.
/// </summary>
internal sealed class PeerMessages : IPeerHandler
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(int Sender, EdgeVerdict Verdict), TimeSpan> _told = [];
    private readonly Counter<long> _dropped;
    private readonly IClock _clock;
    private readonly Action<string> _warn;
    private Edge? _edge;
    private TransactionGossip? _gossip;

    /// <summary>Prepares the counters.</summary>
    /// <param name="meter">Where drops are counted.</param>
    /// <param name="clock">Tells minutes.</param>
    /// <param name="warn">Told of a peer that misbehaves.</param>
    public PeerMessages(Meter meter, IClock clock, Action<string> warn)
    {
        _dropped = meter.CreateCounter<long>("bft.edge.dropped", "{message}", "Consensus and repair messages dropped at the edge.");
        _clock = clock;
        _warn = warn;
    }

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
        else
        {
            Book(sender, edge.OnMessage(sender, message));
        }
    }

    private void Book(ReplicaId sender, EdgeVerdict verdict)
    {
        if (verdict == EdgeVerdict.Taken)
        {
            return;
        }

        _dropped.Add(1, new KeyValuePair<string, object?>("peer", sender.Value), new KeyValuePair<string, object?>("verdict", verdict));
        TimeSpan now = _clock.Now;
        if (verdict != EdgeVerdict.Unasked && (!_told.TryGetValue((sender.Value, verdict), out TimeSpan last) || now - last >= Quiet))
        {
            _told[(sender.Value, verdict)] = now;
            _warn(verdict == EdgeVerdict.Throttled
                ? $"Validator {sender} asks for more blocks than a peer may: some of its requests are not answered."
                : $"Validator {sender} sent a message that is malformed or lies: it was dropped. This is said once a minute.");
        }
    }
}
