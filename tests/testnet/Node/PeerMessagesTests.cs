using System.Diagnostics.Metrics;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Testnet.Node;

namespace Bft.Testnet.Tests.Node;

public sealed class PeerMessagesTests : IDisposable
{
    private readonly Meter _meter = new("peer messages under test");
    private readonly MeterListener _listener = new();
    private readonly List<(object? Peer, object? Verdict)> _counted = [];
    private readonly List<string> _warnings = [];
    private readonly MovableClock _clock = new();
    private readonly PeerMessages _messages;

    public PeerMessagesTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _counted.Add((tags[0].Value, tags[1].Value)));
        _listener.Start();
        _messages = new PeerMessages(_meter, _clock, _warnings.Add);
        var chain = new Chain(HashFunction.Sha256.Hash("edge"u8), "toy", new Committee(4), HashFunction.Sha256);
        var ports = new ReplicaPorts(chain, new ReplicaId(0), null!, null!, null!, null!, null!, null!, null!, _clock, null!, null!, null!);
        _messages.Begin(new Edge(ports, null!, null!), null!);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void What_the_edge_refuses_counts_against_its_sender_and_is_told_once_a_minute()
    {
        byte[] nonsense = [(byte)TrafficClass.Repair, 0xEE, 1, 2, 3];
        for (int i = 0; i < 100; i++)
        {
            _messages.OnMessage(new ReplicaId(2), TrafficClass.Repair, nonsense);
        }

        _messages.OnMessage(new ReplicaId(3), TrafficClass.Repair, nonsense);
        Assert.Equal(100, _counted.Count(count => (count.Peer, count.Verdict) is (2, EdgeVerdict.Refused)));
        Assert.Equal(1, _counted.Count(count => (count.Peer, count.Verdict) is (3, EdgeVerdict.Refused)));
        Assert.Equal(2, _warnings.Count);
        Assert.StartsWith("Validator 2", _warnings[0], StringComparison.Ordinal);

        _clock.Now += TimeSpan.FromMinutes(1);
        _messages.OnMessage(new ReplicaId(2), TrafficClass.Repair, nonsense);
        Assert.Equal(3, _warnings.Count);
    }

    private sealed class MovableClock : IClock
    {
        public TimeSpan Now { get; set; }

        public ulong UnixMilliseconds => 0;
    }
}
