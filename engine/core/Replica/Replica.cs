using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Engine.Storage;
using Bft.Engine.Sync;

namespace Bft.Engine;

/// <summary>
/// One replica: a protocol inside the loop that carries out its effects. Inputs may be posted by any thread; <see cref="Turn"/> is called by
/// one (the node's loop thread, or a simulator). One turn: drain the inputs → hasten → append → flush once if there is something to make durable → send →
/// hand commits to execution.
/// </summary>
/// <remarks>
/// Split by concern: this file is the turn; <c>.Inbox</c> what comes in; <c>.Effects</c> collects what steps ask for, <c>.Blocks</c> holds back blocks until their claimed
/// result can be checked, <c>.Certificates</c> builds certificates and finds false votes, <c>.Rejoin</c> keeps a replica without its safety records from voting too early.
/// </remarks>
public sealed partial class Replica
{
    private const int InputsATurn = 256;

    /// <summary>How many linearizable reads wait at the most.</summary>
    private const int MaxReads = 4096;

    private static readonly TimeSpan WriteRetry = TimeSpan.FromMilliseconds(250);

    private readonly ReplicaPorts _ports;
    private readonly IProtocol _protocol;
    private readonly ConcurrentQueue<object> _inbox = [];
    private readonly Queue<Input> _internal = [];
    private readonly Queue<object> _kept = [];
    private readonly EffectBuffer _effects = new();
    private readonly TimerSet _timers = new();
    private readonly RecentPast _past;
    private readonly BlockSync _sync;
    private readonly StepEffects _stepEffects;
    private TimeSpan _now;
    private Height _committed;
    private bool _demandTold;
    private TimeSpan? _pausedUntil;
    private bool _started;
    private bool _interrupted;
    private volatile bool _unresponsive;
    private volatile int _readsWaitingCount;
    private volatile StatusSnapshot _status = new(default);

    /// <summary>Makes a replica; <see cref="Start"/> begins it.</summary>
    /// <param name="ports">What it is made of.</param>
    /// <param name="protocol">The protocol instance, or something that wraps one.</param>
    public Replica(ReplicaPorts ports, IProtocol protocol)
    {
        _ports = ports;
        _protocol = protocol;
        _past = new RecentPast(ports.Ledger);
        _sync = new BlockSync(ports);
        _stepEffects = new StepEffects(this);
        _suspects = new Suspects(ports.Chain.Committee.Size);
    }

    /// <summary>Called (by any thread) when there is something to do for <see cref="Turn"/>.</summary>
    public Action? Wake { get; set; }

    /// <summary>The protocol's view of things after the last turn. Any thread.</summary>
    public ProtocolStatus Status => _status.Value;

    /// <summary>The last committed height.</summary>
    public Height CommittedHeight => _committed;

    /// <summary>Whether this replica votes.</summary>
    public bool Voting => _ports.Voter.MayVote;

    /// <summary>True after a flush failed: nothing is promised any more until restart.</summary>
    public bool JournalFailed { get; private set; }

    /// <summary>True while writes to the journal fail and are tried again.</summary>
    public bool Paused => _pausedUntil is not null;

    /// <summary>How many messages and blocks of others wait here for later: bounded, whatever they send. Between turns.</summary>
    public int Kept => _protocol.Kept + _held.Values.Sum(static waiting => waiting.Count);

    /// <summary>Bytes of the blocks among them. Between turns.</summary>
    public long KeptBytes => _protocol.KeptBytes + _held.Values.Sum(static waiting => waiting.Sum(static received => (long)received.Message.CarriedBlock!.Encoded.Length));

    /// <summary>The height a peer was last known to have. Any thread.</summary>
    public Height HeightOf(ReplicaId peer) => _sync.HeadOf(peer);

    /// <summary>When <see cref="Turn"/> must be called at the latest; null when only an input can matter.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            // Whoever does nothing any more wants no turn: its timers are long due.
            if (JournalFailed || _interrupted)
            {
                return null;
            }

            if (_pausedUntil is { } paused)
            {
                return paused;
            }

            TimeSpan? timers = _timers.Earliest;
            TimeSpan? sync = _sync.NextDeadline;
            return timers is null ? sync : sync is null || timers < sync ? timers : sync;
        }
    }

    /// <summary>Whether that block was asked for lately. Any thread.</summary>
    internal bool Expects(Digest digest) => _sync.Expects(digest, _ports.Clock.Now);

    /// <summary>Whether committed blocks from that height on were asked of that peer, and have not come. Any thread.</summary>
    internal bool Expects(ReplicaId peer, Height first) => _sync.Expects(peer, first);

    /// <summary>What this replica fetches; for tests.</summary>
    internal BlockSync Sync => _sync;

    /// <summary>A stored or committed block by its digest. Any thread.</summary>
    public Block? FindBlock(Digest digest) => _past.Find(digest);

    /// <summary>
    /// Begins: hands the protocol what survived. The execution pipeline must have reached the ledger's height and said so by <paramref name="executed"/>.
    /// </summary>
    /// <param name="tip">The last committed block (genesis at first) with its proof.</param>
    /// <param name="executed">The state points known, the last one at the tip's height.</param>
    public void Start(CommittedBlock tip, IEnumerable<StatePoint> executed)
    {
        _now = _ports.Clock.Now;
        _committed = tip.Block.Height;
        foreach (StatePoint point in executed)
        {
            _past.Add(point);
            _executedHeight = Height.Max(_executedHeight, point.Height);
        }

        JournalContents journal = _ports.Journal.Recovered;
        foreach (Block block in journal.Blocks)
        {
            _past.Stored(block);
            if (block.Height > _committed)
            {
                _ports.Pool.Included(block);
            }
        }

        _ports.Voter.Restore(journal.Records);
        StartRejoin();
        _started = true;
        var recovered = new RecoveredState(
            tip.Block,
            tip.Block.Height.Value == 0 ? null : tip.Proof,
            [.. journal.Blocks.Where(block => block.Height > _committed)],
            journal.Records);
        _protocol.Start(recovered, _stepEffects);
        ShowStatus();
        CarryOut();
    }

    /// <summary>Does what is to be done now. Returns true when inputs are left for another turn at once.</summary>
    /// <exception cref="InvalidOperationException">The protocol broke a promise: nothing of this turn left, and no later turn does anything.</exception>
    public bool Turn()
    {
        if (!_started || JournalFailed || _interrupted)
        {
            DropInbox();
            return false;
        }

        // Until the turn comes to its end: an exception leaves it set, and what the turn had decided never leaves.
        _interrupted = true;
        _now = _ports.Clock.Now;
        bool more = _pausedUntil is { } until ? TryAgain(until) : TakeTurn();
        _interrupted = false;
        return more;
    }

    // The same records again, and only then what they promise.
    private bool TryAgain(TimeSpan until)
    {
        DropMessages();
        if (_now < until)
        {
            return false;
        }

        _pausedUntil = null;
        CarryOut();
        _unresponsive = _pausedUntil is not null;
        return _pausedUntil is null && (_internal.Count > 0 || _kept.Count > 0 || !_inbox.IsEmpty);
    }

    private bool TakeTurn()
    {
        TellDemand();
        while (_timers.TryTakeDue(_now, out TimerId due))
        {
            Step(new Input.Expired(due));
        }

        int taken = 0;
        while (taken < InputsATurn && NextInput(out object? input))
        {
            taken++;
            Take(input!);
        }

        _sync.Tick(_committed, _executedHeight, _now);

        // Before anything leaves: whoever lost its records asks for this view, and must not be shown one below what it was sent already.
        ShowStatus();
        CarryOut();
        return _internal.Count > 0 || _kept.Count > 0 || !_inbox.IsEmpty;
    }

    private void Step(Input input) => _protocol.Step(input, _stepEffects);

    private void TellDemand()
    {
        TimeSpan? oldest = _ports.Pool.OldestArrival;
        if (oldest is not null != _demandTold)
        {
            _demandTold = oldest is not null;
            Step(new Input.Demand(oldest is { } arrival ? _now - arrival : null));
        }
    }

    // The order of a turn. A crash at any point leaves nothing promised that is not on disk.
    private void CarryOut()
    {
        if (_effects.IsEmpty)
        {
            return;
        }

        foreach ((ReplicaId to, ProtocolMessage message) in _effects.Hastened)
        {
            Transmit(to, message, WireMessage.Encode(message));
        }

        _effects.Hastened.Clear();
        if (!MakeDurable())
        {
            return;
        }

        foreach ((ReplicaId? to, ProtocolMessage message) in _effects.Sends)
        {
            SendNow(to, message);
        }

        _effects.Sends.Clear();
        foreach ((Digest digest, ReplicaSet holders) in _effects.BlockRequests)
        {
            _sync.RequestBlock(digest, holders, _now);
        }

        foreach ((Height atLeast, ReplicaSet holders) in _effects.CatchUps)
        {
            _sync.CatchUp(atLeast, holders, _committed, _executedHeight, _now);
        }

        foreach (CommittedBlock block in _effects.Commits)
        {
            _ports.Execution.Enqueue(block);
            _ports.Observer.Committed(block);
        }

        _effects.Clear();
    }

    private bool MakeDurable()
    {
        try
        {
            bool flush = _effects.Durable.Count > 0;
            while (_effects.Durable.Count > _appended)
            {
                Append(_effects.Durable[_appended]);
                _appended++;
            }

            while (_effects.Commits.Count > _marked)
            {
                CommittedBlock commit = _effects.Commits[_marked];
                _ports.Journal.MarkCommitted(commit.Block.Height, commit.Block.Digest);
                _marked++;
            }

            if (flush)
            {
                _ports.Journal.Flush();
            }

            _appended = 0;
            _marked = 0;
            return true;
        }
        catch (JournalWriteException exception)
        {
            _pausedUntil = _now + WriteRetry;
            _unresponsive = true;
            _ports.Observer.Alarm(ReplicaAlarm.JournalFull, exception.Message);
            return false;
        }
        catch (JournalFailedException exception)
        {
            JournalFailed = true;
            _unresponsive = true;
            _effects.Clear();
            _ports.Voter.Silence();
            _ports.Observer.Alarm(ReplicaAlarm.JournalFailed, exception.Message);
            return false;
        }
    }

    private int _appended;
    private int _marked;

    private void Append(object durable)
    {
        switch (durable)
        {
            case Block block:
                _ports.Journal.Append(block);
                break;
            case SafetyRecord record:
                _ports.Journal.Append(record);
                break;
            case EffectBuffer.Discarded discarded:
                _ports.Journal.Discard(discarded.Kind, discarded.ThroughSlot);
                break;
        }
    }

    private void SendNow(ReplicaId? to, ProtocolMessage message)
    {
        if (to == _ports.Self)
        {
            _internal.Enqueue(new Input.Received(_ports.Self, message));
            return;
        }

        byte[] encoded = WireMessage.Encode(message);
        if (to is { } one)
        {
            Transmit(one, message, encoded);
            return;
        }

        for (int i = 0; i < _ports.Chain.Committee.Size; i++)
        {
            if (i != _ports.Self.Value)
            {
                Transmit(new ReplicaId(i), message, encoded);
            }
        }
    }

    private void Transmit(ReplicaId to, ProtocolMessage message, byte[] encoded)
    {
        _ports.Meter.Sent(Transport.TrafficClass.Consensus, message.Kind, message.Phase, encoded.Length, message.Authenticators);
        _ports.Transport.Send(to, Transport.TrafficClass.Consensus, encoded);
    }

    private void ShowStatus()
    {
        ProtocolStatus now = _protocol.Status;
        if (now != _status.Value)
        {
            _status = new StatusSnapshot(now);
        }
    }

    private sealed record StatusSnapshot(ProtocolStatus Value);
}
