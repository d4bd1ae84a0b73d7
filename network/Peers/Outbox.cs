using System.Threading.Channels;
using Bft.Engine.Transport;

namespace Bft.Network.Peers;

/// <summary>
/// What waits to be sent to one peer: a bounded queue for each traffic class, so that no class can push out another's messages. When
/// a queue is full, or they wait for longer than <see cref="PeerLimits.MaxQueuedFor"/>, its oldest messages go: what is newest is worth most to a peer that is behind. Any thread adds, one drains.
/// </summary>
internal sealed class Outbox
{
    /// <summary>A class that was passed over this often gets its oldest message into the next frame.</summary>
    private const int Patience = 8;

    private readonly Lock _lock = new();
    private readonly PeerLimits _limits;
    private readonly TimeProvider _time;
    private readonly Lane[] _lanes = new Lane[Traffic.Classes];
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private bool _repairFirst;

    public Outbox(PeerLimits limits, TimeProvider time)
    {
        _limits = limits;
        _time = time;
        for (int i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = new Lane(limits.MaxQueuedBytes(Traffic.Of(i)), limits.MaxQueuedFor);
        }
    }

    /// <summary>The bytes that wait, each message with its overhead.</summary>
    public long QueuedBytes
    {
        get
        {
            lock (_lock)
            {
                return _lanes.Sum(lane => lane.Bytes);
            }
        }
    }

    /// <summary>Queues a message; gives the number of messages dropped for it, itself included when it fits no queue.</summary>
    public int Add(TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        int dropped;
        lock (_lock)
        {
            dropped = _lanes[Traffic.Index(traffic)].Add(message, _time.GetElapsedTime(0));
        }

        _signal.Writer.TryWrite(true);
        return dropped;
    }

    /// <summary>Completes when there may be something to send.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation) => await _signal.Reader.ReadAsync(cancellation);

    /// <summary>
    /// Moves messages into an empty frame up to the frame's target size: consensus first, then repair and gossip, which take turns in
    /// being first, and a message of whichever was passed over too often. False when nothing waits.
    /// </summary>
    public bool Fill(PeerFrame frame)
    {
        lock (_lock)
        {
            _repairFirst = !_repairFirst;
            Span<TrafficClass> order = _repairFirst
                ? [TrafficClass.Consensus, TrafficClass.Repair, TrafficClass.Gossip]
                : [TrafficClass.Consensus, TrafficClass.Gossip, TrafficClass.Repair];
            foreach (TrafficClass traffic in order)
            {
                Lane lane = _lanes[Traffic.Index(traffic)];
                if (lane.PassedOver >= Patience && frame.ContentBytes + sizeof(uint) + lane.NextBytes <= _limits.MaxFrameBytes)
                {
                    frame.Add(lane.Take(), traffic);
                }
            }

            foreach (TrafficClass traffic in order)
            {
                Lane lane = _lanes[Traffic.Index(traffic)];
                while (lane.Count > 0 && (frame.Count == 0 || frame.ContentBytes + sizeof(uint) + lane.NextBytes <= _limits.FrameTargetBytes))
                {
                    frame.Add(lane.Take(), traffic);
                }

                lane.EndOfFrame(frame.Counts[Traffic.Index(traffic)] > 0);
            }
        }

        return frame.Count > 0;
    }

    /// <summary>The queue of one class.</summary>
    private sealed class Lane(long bound, TimeSpan longest)
    {
        private readonly Queue<(ReadOnlyMemory<byte> Message, TimeSpan Added)> _messages = new();

        public long Bytes { get; private set; }

        public int Count => _messages.Count;

        /// <summary>In how many frames running nothing of this class travelled although something waited.</summary>
        public int PassedOver { get; private set; }

        public int NextBytes => _messages.Count == 0 ? 0 : _messages.Peek().Message.Length;

        public int Add(ReadOnlyMemory<byte> message, TimeSpan now)
        {
            long cost = Cost(message);
            if (cost > bound)
            {
                return 1;
            }

            int dropped = 0;
            while (Bytes + cost > bound || (_messages.TryPeek(out (ReadOnlyMemory<byte> Message, TimeSpan Added) oldest) && now - oldest.Added > longest))
            {
                Take();
                dropped++;
            }

            _messages.Enqueue((message, now));
            Bytes += cost;
            return dropped;
        }

        public ReadOnlyMemory<byte> Take()
        {
            ReadOnlyMemory<byte> message = _messages.Dequeue().Message;
            Bytes -= Cost(message);
            return message;
        }

        public void EndOfFrame(bool travelled) => PassedOver = travelled || Count == 0 ? 0 : PassedOver + 1;

        private static long Cost(ReadOnlyMemory<byte> message) => message.Length + PeerLimits.MessageOverheadBytes;
    }
}
