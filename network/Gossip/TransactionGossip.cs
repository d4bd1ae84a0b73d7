using Bft.Engine;
using Bft.Engine.Mempool;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bft.Network.Gossip;

/// <summary>
/// Spreads clients' runs to all validators, so that whoever leads next can propose them. The validator that took runs from its
/// clients, their origin, collects them into batches and signs each; in large committees those who receive a batch hand the same bytes on.
/// Thread-safe.
/// </summary>
/// <remarks>
/// A batch that arrives is judged from cheap to dear, and nothing is remembered or relayed before it is proved: size and layout, seen
/// before (sequence and content), the origin's signature (where the origin itself is not the sender), the origin's rate, each run's layout and client signature, which
/// f+1 validators may check for all (<see cref="SharedVerification"/>). Gossip may lose batches; clients and the next leader's own mempool make up for it.
/// </remarks>
public sealed partial class TransactionGossip : IDisposable
{
    private readonly GossipIdentity _identity;
    private readonly Chain _chain;
    private readonly ITransport _transport;
    private readonly ITransactionPool _pool;
    private readonly Func<Run, bool> _isSigned;
    private readonly GossipOptions _options;
    private readonly GossipOverlay _overlay;
    private readonly GossipMetrics _metrics;
    private readonly LogThrottle _throttle;
    private readonly ILogger _logger;
    private readonly IMeter? _meter;
    private readonly Action<Run> _trust;
    private readonly Func<(ReplicaId? Now, ReplicaId? Next)>? _leaders;

    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private List<Run> _collected = [];
    private int _collectedBytes;
    private bool _collectedForAll;
    private bool _collecting;
    private ulong _nextSequence;
    private bool _disposed;

    /// <summary>Makes the gossip of one validator. Nothing happens before the first call.</summary>
    /// <param name="identity">Who we are.</param>
    /// <param name="transport">Carries messages to the other validators.</param>
    /// <param name="pool">Takes verified runs of other validators.</param>
    /// <param name="isSigned">
    /// Whether a run carries its client's signature (or the chain admits unsigned ones). Called on verifying threads, several at a time.
    /// </param>
    /// <param name="options">How to spread and what it may cost.</param>
    /// <param name="time">The clock of collecting and rates; null for the system's.</param>
    /// <param name="logger">Where lines go; null for nowhere.</param>
    /// <param name="trust">Told of runs whose client signatures f+1 validators vouch for, before the pool gets them; needed when <see cref="GossipOptions.Verifiers"/> is set.</param>
    /// <param name="meter">Where cost is booked: batches sent and relayed, their signatures made and checked; may be null.</param>
    /// <param name="leaders">Who leads the view under way and the one after it, as far as is known; null for nobody knows. A hint: whatever it says, everybody gets what is in no block soon.</param>
    public TransactionGossip(
        GossipIdentity identity,
        ITransport transport,
        ITransactionPool pool,
        Func<Run, bool> isSigned,
        GossipOptions options,
        TimeProvider? time = null,
        ILogger? logger = null,
        IMeter? meter = null,
        Action<Run>? trust = null,
        Func<(ReplicaId? Now, ReplicaId? Next)>? leaders = null)
    {
        _identity = identity;
        _chain = identity.Chain;
        _transport = transport;
        _pool = pool;
        _isSigned = isSigned;
        _options = options;
        time ??= TimeProvider.System;
        _trust = trust ?? (_ => { });
        _leaders = leaders;
        if (options.Verifiers is { } verifiers)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(verifiers, _chain.Committee.FaultBound, nameof(options));
            ArgumentNullException.ThrowIfNull(trust);
            _shared = verifiers < _chain.Committee.Size ? new SharedVerification(_chain.Committee.Size, identity.Self, verifiers, options, time) : null;
        }

        _overlay = new GossipOverlay(_chain.Committee.Size, options.FanOut, options.Seed);
        _origins = [.. identity.Keys.Select(_ => new Origin(options, time))];
        _waiting = new GossipQueue(_chain.Committee.Size, options.MaxWaitingBytes);
        _throttle = new LogThrottle(time);
        _logger = logger ?? NullLogger.Instance;
        _meter = meter;
        _nextSequence = options.FirstSequence;
        _timer = time.CreateTimer(_ => EndCollecting(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _showTimer = time.CreateTimer(_ => ShowOthers(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _attestationTimer = time.CreateTimer(_ => CheckOverdue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _metrics = new GossipMetrics(identity.Self.Value);
    }

    /// <summary>
    /// How long a run of our own clients is to wait in our own pool to be vouched for: proposed before, it would be checked by everybody. Null when everybody checks
    /// everything anyway. The pool is told when it is vouched for or need not be.
    /// </summary>
    public TimeSpan? UnattestedFor => _shared is null ? null : _options.AttestationLimit;

    /// <summary>What became of batches and runs so far.</summary>
    public GossipCounts Counts => _metrics.Snapshot();

    /// <summary>
    /// Spreads a run that one of our clients sent and whose signature was checked; the caller has put it into the own pool, for <see cref="UnattestedFor"/>
    /// unattested. The first after silence goes at once, more are collected for <see cref="GossipOptions.CollectFor"/>, under load longer, or until a batch is full.
    /// Without load the leaders get it at once and the others only what is in no block soon.
    /// </summary>
    public void Spread(Run run) => Spread(run, toAll: false);

    /// <summary>
    /// Spreads a run that waits too long: to everybody, whoever leads and whatever block holds it here. Who alone has the block that a leader showed it, or made itself and could not
    /// send, waits alone for its commit otherwise.
    /// </summary>
    public void SpreadToAll(Run run) => Spread(run, toAll: true);

    /// <summary>Stops collecting; what was collected and not sent is forgotten (its clients send it again).</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _timer.Dispose();
        _showTimer.Dispose();
        _attestationTimer.Dispose();
        _metrics.Dispose();
    }

    private TimeSpan CollectingTime => _pool.Transactions < _options.LoadFrom ? _options.CollectFor : _options.CollectUnderLoad;

    private void Spread(Run run, bool toAll)
    {
        int bytes = GossipBatch.EncodedBytes(run);
        Collected? first = null;
        Collected? second = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_collected.Count > 0 && _collectedBytes + bytes > GossipBatch.TargetBytes)
            {
                first = TakeCollected();
            }

            _collected.Add(run);
            _collectedBytes += bytes;
            _collectedForAll |= toAll;
            if (!_collecting || _collectedBytes >= GossipBatch.TargetBytes)
            {
                second = TakeCollected();
            }

            if (!_collecting)
            {
                _collecting = true;
                _timer.Change(CollectingTime, Timeout.InfiniteTimeSpan);
            }
        }

        SignAndSend(first);
        SignAndSend(second);
    }

    private void EndCollecting()
    {
        Collected? taken = null;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _collecting = _collected.Count > 0;
            if (_collecting)
            {
                taken = TakeCollected();
                _timer.Change(CollectingTime, Timeout.InfiniteTimeSpan);
            }
        }

        SignAndSend(taken);
    }

    private Collected TakeCollected()
    {
        var taken = new Collected(_nextSequence++, _collected, _collectedForAll);
        _collected = [];
        _collectedBytes = 0;
        _collectedForAll = false;
        return taken;
    }

    private void SignAndSend(Collected? taken)
    {
        if (taken is not { } collected)
        {
            return;
        }

        if (!collected.ToAll && LeadersToShow() is { } leaders)
        {
            ShowLeaders(collected.Sequence, collected.Runs, leaders);
            return;
        }

        GossipBatch batch = Sign(collected.Sequence, collected.Runs);
        Send(batch, _identity.Self, _identity.Self);
        Run[] runs = [.. collected.Runs];
        if (_shared is not null && Wait(batch, runs) != VerificationStep.Wait)
        {
            _pool.Attested(runs);
        }
    }

    private GossipBatch Sign(ulong sequence, IReadOnlyList<Run> runs)
    {
        GossipBatch batch = GossipBatch.Sign(_chain, _identity.Signer, _identity.Self, sequence, runs);
        _metrics.Count(GossipEvent.Signed);
        _meter?.Signed(1);
        return batch;
    }

    private void Send(in GossipBatch batch, ReplicaId except, ReplicaId origin)
    {
        ReplicaSet receivers = ReplicaSet.Empty;
        foreach (ReplicaId receiver in _overlay.Receivers(_identity.Self, batch.Digest))
        {
            receivers = receivers.With(receiver);
        }

        // Those that check it for the others get it from the origin itself: the others may wait for them before they hand it on.
        foreach (int verifier in _shared is not null && origin == _identity.Self ? _shared.VerifiersOf(origin).ToArray() : [])
        {
            receivers = receivers.With(new ReplicaId(verifier));
        }

        SendTo(receivers.Without(except).Without(origin), batch);
    }

    private void SendTo(ReplicaSet receivers, in GossipBatch batch)
    {
        foreach (int receiver in receivers.ToArray())
        {
            _meter?.Sent(TrafficClass.Gossip, GossipBatch.Kind, Phase.Steady, batch.Message.Length, 1);
            _transport.Send(new ReplicaId(receiver), TrafficClass.Gossip, batch.Message);
            _metrics.Count(GossipEvent.Sent);
        }
    }

    // What goes into one batch; whether everybody is to have it at once.
    private readonly record struct Collected(ulong Sequence, List<Run> Runs, bool ToAll);
}
