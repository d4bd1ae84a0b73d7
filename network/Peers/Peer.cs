using Bft.Engine;
using Bft.Engine.Transport;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Peers;

/// <summary>What is known and counted of one other validator. Thread-safe.</summary>
internal sealed class Peer(ReplicaId id, PeerLimits limits, TimeProvider time, IPeerHandler handler, LogThrottle throttle, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Lock _telling = new();
    private readonly long[] _messagesSent = new long[Traffic.Classes];
    private readonly long[] _bytesSent = new long[Traffic.Classes];
    private readonly long[] _messagesReceived = new long[Traffic.Classes];
    private readonly long[] _bytesReceived = new long[Traffic.Classes];
    private readonly long[] _dropped = new long[Traffic.Classes];
    private long _unknown;
    private long _malformed;
    private bool _connected;
    private bool _receiving;
    private DateTimeOffset? _since;
    private string? _lastError;
    private TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its number.</summary>
    public ReplicaId Id => id;

    /// <summary>What waits to be sent to it.</summary>
    public Outbox Outbox { get; } = new(limits, time);

    /// <summary>What its messages occupy behind the reader.</summary>
    public InflowGate Inflow { get; } = new(limits.MaxHeldBytes);

    /// <summary>How much it may send.</summary>
    public TokenBucket Rate { get; } = new(limits.MaxBytesPerSecond, limits.MaxBurstBytes, time);

    /// <summary>Whether our stream to it is up.</summary>
    public bool Connected => Volatile.Read(ref _connected);

    /// <summary>Messages of a class that no handler knows.</summary>
    public long Unknown => Interlocked.Read(ref _unknown);

    /// <summary>Frames that closed its stream.</summary>
    public long Malformed => Interlocked.Read(ref _malformed);

    /// <summary>A snapshot.</summary>
    public PeerState State
    {
        get
        {
            lock (_lock)
            {
                return new PeerState(
                    id, _connected, _receiving, _since,
                    Sum(_messagesSent), Sum(_bytesSent), Sum(_messagesReceived), Sum(_bytesReceived), Sum(_dropped),
                    Outbox.QueuedBytes, _lastError);
            }
        }
    }

    /// <summary>Completes when the peer next dials us: then it is up and worth dialling at once.</summary>
    public Task NextSign()
    {
        lock (_lock)
        {
            return _seen.Task;
        }
    }

    public void WentUp()
    {
        Change(() =>
        {
            _connected = true;
            _since = time.GetUtcNow();
        });
    }

    /// <summary>Our stream to it ended, or could not be had.</summary>
    public void WentDown(string reason)
    {
        Change(() =>
        {
            _since = _connected ? time.GetUtcNow() : _since;
            _connected = false;
            _lastError = reason;
        });
    }

    /// <summary>Its stream to us began.</summary>
    public void Arrived()
    {
        TaskCompletionSource seen;
        lock (_lock)
        {
            (seen, _seen) = (_seen, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        Change(() => _receiving = true);
        seen.SetResult();
    }

    /// <summary>Its stream to us ended.</summary>
    public void Left() => Change(() => _receiving = false);

    /// <summary>A stream of it was refused or closed for that reason.</summary>
    public void Failed(string reason)
    {
        lock (_lock)
        {
            _lastError = reason;
        }
    }

    public void CountSent(PeerFrame frame)
    {
        for (int i = 0; i < Traffic.Classes; i++)
        {
            Interlocked.Add(ref _messagesSent[i], frame.Counts[i]);
            Interlocked.Add(ref _bytesSent[i], frame.Bytes[i]);
        }
    }

    /// <summary>The frame was under way when the link broke: it may or may not have arrived.</summary>
    public void CountLost(PeerFrame frame)
    {
        for (int i = 0; i < Traffic.Classes; i++)
        {
            Interlocked.Add(ref _dropped[i], frame.Counts[i]);
        }
    }

    public void CountReceived(TrafficClass traffic, int bytes)
    {
        Interlocked.Increment(ref _messagesReceived[Traffic.Index(traffic)]);
        Interlocked.Add(ref _bytesReceived[Traffic.Index(traffic)], sizeof(uint) + bytes);
    }

    public void CountDropped(TrafficClass traffic, int messages) => Interlocked.Add(ref _dropped[Traffic.Index(traffic)], messages);

    public void CountUnknown() => Interlocked.Increment(ref _unknown);

    public void CountMalformed() => Interlocked.Increment(ref _malformed);

    /// <summary>The totals of a class, by <see cref="Traffic.Index"/>.</summary>
    public PeerTotals Totals(int traffic) => new(
        Interlocked.Read(ref _messagesSent[traffic]), Interlocked.Read(ref _bytesSent[traffic]),
        Interlocked.Read(ref _messagesReceived[traffic]), Interlocked.Read(ref _bytesReceived[traffic]),
        Interlocked.Read(ref _dropped[traffic]));

    // Changes are told one at a time and in their order; the state's own lock is free meanwhile, so that the listener may ask for states.
    private void Change(Action change)
    {
        lock (_telling)
        {
            lock (_lock)
            {
                change();
            }

            try
            {
                handler.OnLinkChanged(State);
            }
            catch (Exception exception)
            {
                if (throttle.Permits(id.Value, 10))
                {
                    PeerLog.ListenerFailed(logger, exception, id);
                }
            }
        }
    }

    private static long Sum(long[] counters)
    {
        long sum = 0;
        for (int i = 0; i < counters.Length; i++)
        {
            sum += Interlocked.Read(ref counters[i]);
        }

        return sum;
    }
}
