using System.Diagnostics.Metrics;
using System.Globalization;

namespace Bft.Network.Peers;

/// <summary>
/// The transport's counters as <c>System.Diagnostics.Metrics</c>, meter <see cref="PeerHost.MeterName"/>. They are read from the counters that the
/// links keep anyway, so that a message costs nothing extra whether anyone listens or not.
/// </summary>
internal sealed class PeerMetrics : IDisposable
{
    private readonly Meter _meter;

    public PeerMetrics(PeerTransport transport, PeerAdmission admission, int self)
    {
        _meter = new Meter(new MeterOptions(PeerHost.MeterName) { Tags = [new("validator", self.ToString(CultureInfo.InvariantCulture))] });
        _meter.CreateObservableCounter(
            "bft.network.messages", () => ByClass(transport, sent => sent.MessagesSent, received => received.MessagesReceived), "{message}", "Messages exchanged with a peer.");
        _meter.CreateObservableCounter(
            "bft.network.bytes", () => ByClass(transport, sent => sent.BytesSent, received => received.BytesReceived), "By", "Bytes of messages with their length prefixes, before TLS.");
        _meter.CreateObservableCounter(
            "bft.network.dropped", () => Dropped(transport), "{message}", "Messages not sent: queue full, too large, or the link broke.");
        _meter.CreateObservableCounter(
            "bft.network.malformed", () => transport.Others.Select(peer => new Measurement<long>(peer.Malformed, Tag(peer))), "{frame}", "Frames that closed a stream.");
        _meter.CreateObservableCounter(
            "bft.network.unknown", () => transport.Others.Select(peer => new Measurement<long>(peer.Unknown, Tag(peer))), "{message}", "Received messages of no known class.");
        _meter.CreateObservableCounter(
            "bft.network.handshakes_refused", () => admission.Refused, "{connection}", "Connections that ended before a committee member was known.");
        _meter.CreateObservableGauge(
            "bft.network.handshaking", () => admission.Handshaking, "{connection}", "Connections in their handshake; a full room means that strangers crowd the port.");
        _meter.CreateObservableGauge(
            "bft.network.connected", () => transport.Others.Select(peer => new Measurement<int>(peer.Connected ? 1 : 0, Tag(peer))), null, "1 while our stream to the peer is up.");
        _meter.CreateObservableGauge(
            "bft.network.queued", () => transport.Others.Select(peer => new Measurement<long>(peer.Outbox.QueuedBytes, Tag(peer))), "By", "Bytes waiting to be sent.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> ByClass(PeerTransport transport, Func<PeerTotals, long> sent, Func<PeerTotals, long> received)
    {
        foreach (Peer peer in transport.Others)
        {
            for (int i = 0; i < Traffic.Classes; i++)
            {
                PeerTotals totals = peer.Totals(i);
                yield return new Measurement<long>(sent(totals), Tag(peer), new("traffic", Traffic.Label(i)), new("direction", "sent"));
                yield return new Measurement<long>(received(totals), Tag(peer), new("traffic", Traffic.Label(i)), new("direction", "received"));
            }
        }
    }

    private static IEnumerable<Measurement<long>> Dropped(PeerTransport transport)
    {
        foreach (Peer peer in transport.Others)
        {
            for (int i = 0; i < Traffic.Classes; i++)
            {
                yield return new Measurement<long>(peer.Totals(i).Dropped, Tag(peer), new("traffic", Traffic.Label(i)));
            }
        }
    }

    private static KeyValuePair<string, object?> Tag(Peer peer) => new("peer", peer.Id.ToString());
}
