using System.Diagnostics.Metrics;
using System.Globalization;
using Bft.Network.Peers;

namespace Bft.Network.Gossip;

/// <summary>What gossip counts.</summary>
internal enum GossipEvent
{
    Signed,
    Sent,
    Relayed,
    Accepted,
    Duplicate,
    Stale,
    Malformed,
    Forged,
    Conflicting,
    Unsound,
    OverRate,
    Crowded,
    Attested,
    Trusted,
    Unattested,
    RunAdded,
    RunKnown,
    RunRefused,
}

/// <summary>The counters of gossip, also in the meter of <see cref="PeerHost.MeterName"/>. Thread-safe.</summary>
internal sealed class GossipMetrics : IDisposable
{
    private readonly long[] _counts = new long[Enum.GetValues<GossipEvent>().Length];
    private readonly Meter _meter;

    public GossipMetrics(int self)
    {
        _meter = new Meter(new MeterOptions(PeerHost.MeterName) { Tags = [new("validator", self.ToString(CultureInfo.InvariantCulture))] });
        _meter.CreateObservableCounter(
            "bft.gossip.events",
            () => Enum.GetValues<GossipEvent>().Select(what => new Measurement<long>(Read(what), new KeyValuePair<string, object?>("event", what.ToString()))),
            "{event}",
            "What became of gossip batches and their runs.");
    }

    public void Count(GossipEvent what) => Interlocked.Increment(ref _counts[(int)what]);

    public GossipCounts Snapshot() => new()
    {
        Signed = Read(GossipEvent.Signed),
        Sent = Read(GossipEvent.Sent),
        Relayed = Read(GossipEvent.Relayed),
        Accepted = Read(GossipEvent.Accepted),
        Duplicates = Read(GossipEvent.Duplicate),
        Stale = Read(GossipEvent.Stale),
        Malformed = Read(GossipEvent.Malformed),
        Forged = Read(GossipEvent.Forged),
        Conflicting = Read(GossipEvent.Conflicting),
        Unsound = Read(GossipEvent.Unsound),
        OverRate = Read(GossipEvent.OverRate),
        Crowded = Read(GossipEvent.Crowded),
        Attested = Read(GossipEvent.Attested),
        Trusted = Read(GossipEvent.Trusted),
        Unattested = Read(GossipEvent.Unattested),
        RunsAdded = Read(GossipEvent.RunAdded),
        RunsKnown = Read(GossipEvent.RunKnown),
        RunsRefused = Read(GossipEvent.RunRefused),
    };

    public void Dispose() => _meter.Dispose();

    private long Read(GossipEvent what) => Interlocked.Read(ref _counts[(int)what]);
}
