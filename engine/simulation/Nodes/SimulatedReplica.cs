using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Transport;
using Bft.Ledger.Disks;
using Bft.Simulation.Checkers;
using Bft.Simulation.Disks;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Nodes;

/// <summary>
/// One instance of a replica: the production loop, edge, voter, protocol, mempool, executor, sessions, application, journal, block store and snapshots, put
/// together as the node does it, over simulated disks, clock and network. Two instances may have one identity (twins).
/// </summary>
/// <remarks>Split by concern: this file is its life (start, turns); <c>.Faults</c> how it stops and what becomes of its disks; <c>.Parts</c> is what the production parts are given.</remarks>
public sealed partial class SimulatedReplica : IActor
{
    private const int TurnEvent = 0;
    private const int ExecuteEvent = 1;
    private const int LedgerEvent = 2;
    private const int BeatEvent = 3;
    private const int RestartEvent = 4;
    private const int TickEvent = 5;

    private static readonly TimeSpan Never = TimeSpan.MaxValue;
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(1);

    private readonly SimulatedWorld _world;
    private readonly Randomness _salts;
    private readonly Traitor? _traitor;
    private long _life;
    private TimeSpan _turnAt = Never;
    private TimeSpan _busyUntil;
    private bool _executing;
    private bool _ledgerTimer;
    private bool _begun;

    internal SimulatedReplica(SimulatedWorld world, int index, ReplicaId id, Strategy? strategy, Randomness random)
    {
        _world = world;
        Index = index;
        Id = id;
        Strategy = strategy;
        _salts = random.Fork(1);
        _traitor = strategy is null ? null : new Traitor(world, this, random.Fork(2));
        Clock = new ReplicaClock(world.Time);
        void Injected(FaultKind kind) => world.Inject(kind, index);
        JournalDisk = new SimulatedDisk(Machine, Injected);
        BlocksDisk = new SimulatedDisk(Machine, Injected);
        SnapshotsDisk = new SimulatedDisk(Machine, Injected);
    }

    /// <summary>The number of the instance in its world; below n it is the replica's own.</summary>
    public int Index { get; }

    /// <summary>Which replica it is.</summary>
    public ReplicaId Id { get; }

    /// <summary>How it betrays; null for an honest one.</summary>
    public Strategy? Strategy { get; }

    /// <summary>True while it is judged as honest: no traitor, and nothing was done to it that no replica can survive with its promises kept.</summary>
    public bool Honest => Strategy is null && !Spoilt;

    /// <summary>True after its media rotted: what it promised may be unreadable, so it counts as one of the f until the end of the run.</summary>
    public bool Spoilt { get; internal set; }

    /// <summary>False while it is down.</summary>
    public bool Up { get; private set; }

    /// <summary>False when it stays down until somebody starts it.</summary>
    public bool RestartsItself { get; set; } = true;

    /// <summary>What a stop within a turn does to the unflushed; null for a drawn loss.</summary>
    public CrashLoss? LossWhenStopped { get; set; }

    /// <summary>Why its process last ended by itself; null when it never did.</summary>
    public string? LastWords { get; private set; }

    /// <summary>True when its safety records were lost once: it must earn its vote back. (The mark beside the key of a real node.)</summary>
    public bool RecordsLost { get; private set; }

    /// <summary>What stops together.</summary>
    public SimulatedMachine Machine { get; } = new();

    /// <summary>The disk of the journal.</summary>
    public SimulatedDisk JournalDisk { get; }

    /// <summary>The disk of the blocks.</summary>
    public SimulatedDisk BlocksDisk { get; }

    /// <summary>The disk of the snapshots.</summary>
    public SimulatedDisk SnapshotsDisk { get; }

    /// <summary>Its clock.</summary>
    public ReplicaClock Clock { get; }

    /// <summary>The production loop of this life.</summary>
    public Replica Replica { get; private set; } = null!;

    /// <summary>The last committed height, also while it is down.</summary>
    public Height Committed { get; private set; }

    /// <summary>How often it started.</summary>
    public long Lives => _life;

    /// <summary>How much later than now what it sends in this turn leaves.</summary>
    internal TimeSpan Departure { get; private set; }

    /// <summary>Starts it (again) from what is on its disks.</summary>
    public void Start()
    {
        if (Up)
        {
            throw new InvalidOperationException($"Instance {Index} is up.");
        }

        Machine.Restart();
        _life++;
        _turnAt = Never;
        _busyUntil = _world.Time.Now;
        _executing = _ledgerTimer = false;
        _held.AsSpan().Clear();
        Up = true;
        Guarded("start", static self => self.Boot());
        if (!Up)
        {
            return;
        }

        _world.Time.Schedule(BeatInterval, this, BeatEvent, _life);
        if (_traitor is not null)
        {
            if (!_begun)
            {
                _begun = true;
                Strategy!.Begin(_traitor);
            }

            _world.Time.Schedule(Strategy!.Interval, this, TickEvent, _life);
        }
    }

    void IActor.Act(int code, long argument, object? payload)
    {
        if (argument != _life)
        {
            return;
        }

        if (code == RestartEvent)
        {
            if (!Up && RestartsItself)
            {
                Start();
            }

            return;
        }

        if (!Up)
        {
            return;
        }

        switch (code)
        {
            case TurnEvent:
                if (_world.Time.Now == _turnAt)
                {
                    _turnAt = Never;
                    Guarded("turn", static self => self.Turn());
                }

                break;
            case ExecuteEvent:
                Guarded("execution", static self => self.ExecuteNext());
                break;
            case LedgerEvent:
                _ledgerTimer = false;
                Guarded("flush of the ledger", static self => self.FlushLedger());
                break;
            case BeatEvent:
                Guarded("beat", static self => self.Beat());
                break;
            case TickEvent:
                Guarded("treason", static self => self.Strategy!.Tick(self._traitor!));
                _world.Time.Schedule(Strategy!.Interval, this, TickEvent, _life);
                break;
        }
    }

    /// <summary>Bytes of another instance arrive.</summary>
    internal void Deliver(ReplicaId from, int fromInstance, byte[] bytes)
    {
        if (!Up || (_traitor is not null && !Strategy!.Receive(_traitor, from, bytes)))
        {
            return;
        }

        try
        {
            if (bytes.Length > 0 && bytes[0] == (byte)TrafficClass.Gossip)
            {
                OnGossip(bytes);
                return;
            }

            if (_held[from.Value] > _world.Options.InflowBytes)
            {
                _world.Inject(FaultKind.MessageLost, Index);
                return;
            }

            if (_edge.OnMessage(from, bytes) == EdgeVerdict.Refused)
            {
                Refused++;
                _world.Trace.Add(_world.Time.Now, Index, TraceKind.Refused, fromInstance, (ulong)bytes.Length, bytes);
            }
        }
        catch (Exception exception)
        {
            Fell("edge", exception);
        }
    }

    /// <summary>It is shown bytes of another, at once and without a network; what its edge made of them.</summary>
    internal EdgeVerdict Show(ReplicaId from, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _edge.OnMessage(from, bytes);
        }
        catch (Exception exception)
        {
            Fell("edge", exception);
            return EdgeVerdict.Refused;
        }
    }

    /// <summary>Messages that it refused at the edge.</summary>
    public long Refused { get; private set; }

    private void WakeUp()
    {
        if (!Up)
        {
            return;
        }

        TimeSpan now = _world.Time.Now;
        ScheduleTurn(_busyUntil > now ? _busyUntil : now);
    }

    private void ScheduleTurn(TimeSpan at)
    {
        if (at < _turnAt)
        {
            _turnAt = at;
            _world.Time.Schedule(at - _world.Time.Now, this, TurnEvent, _life);
        }
    }

    private void Turn()
    {
        Departure = _world.Options.TurnTime;
        int flushes = JournalDisk.Flushes;
        _flushesBefore = flushes;
        bool more = Replica.Turn();
        TimeSpan took = _world.Options.TurnTime + (_world.Options.FlushTime * (JournalDisk.Flushes - flushes));
        _busyUntil = _world.Time.Now + took;
        Departure = TimeSpan.Zero;
        _flushesBefore = -1;
        Committed = Height.Max(Committed, Replica.CommittedHeight);
        if (Replica.JournalFailed)
        {
            // The node's process ends: only a restart can find out what is on the disk.
            Down("its journal failed");
            return;
        }

        if (more)
        {
            ScheduleTurn(_busyUntil);
        }
        else if (Replica.NextDeadline is { } deadline)
        {
            TimeSpan wait = Clock.Until(deadline);
            TimeSpan at = _world.Time.Now + wait;
            ScheduleTurn(at > _busyUntil ? at : _busyUntil);
        }
    }

    private void ExecuteNext()
    {
        CommittedBlock block = _toExecute.Peek();
        if (!_stage.IsAppendPending)
        {
            _stage.Execute(block);
        }

        if (!_stage.Append())
        {
            _world.Time.Schedule(ExecutionStage.FlushInterval, this, ExecuteEvent, _life);
            return;
        }

        _toExecute.Dequeue();
        _stage.FlushNowAndThen();
        _stage.SnapshotNowAndThen();
        if (_toExecute.Count > 0)
        {
            _world.Time.Schedule(_world.Options.ExecutionTime, this, ExecuteEvent, _life);
            return;
        }

        _executing = false;
        if (!_stage.IsFlushed && !_ledgerTimer)
        {
            _ledgerTimer = true;
            _world.Time.Schedule(ExecutionStage.FlushInterval, this, LedgerEvent, _life);
        }
    }

    private void FlushLedger()
    {
        if (!_executing && !_stage.IsFlushed)
        {
            _stage.Flush();
        }
    }

    // What the node's timer does once a second.
    private void Beat()
    {
        _world.Time.Schedule(BeatInterval, this, BeatEvent, _life);
        for (int i = 0; i < _world.Chain.Committee.Size; i++)
        {
            if (i != Id.Value)
            {
                ((ITransport)this).Send(new ReplicaId(i), TrafficClass.Repair, HeadRequest);
            }
        }

        foreach (Run run in _pool.TakeOverdue(TimeSpan.FromSeconds(2), 256 << 10))
        {
            Spread(run);
        }

        if (Honest)
        {
            long inflow = 0;
            foreach (long held in _held)
            {
                inflow = Math.Max(inflow, held);
            }

            var sample = new ResourceSample(_pool.Bytes, _world.Options.PoolBytes, _pool.Transactions, inflow, _world.Options.InflowBytes + _world.Chain.Limits.MaxBlockBytes, JournalDisk.Bytes, JournalLimit, Replica.Kept, KeptLimit, Replica.KeptBytes, KeptBytesLimit);
            _world.Watch.Sampled(this, sample);
        }
    }

    // Segments that blocks keep alive, one being made, one spare; each may be longer by a turn.
    private long JournalLimit => 64L * _world.Options.JournalSegmentBytes;

    // Of each other replica three proposals: one that waits for its parent, two for our execution; and what is fetched meanwhile.
    private long KeptBytesLimit => 4L * _world.Chain.Committee.Size * _world.Chain.Limits.MaxBlockBytes;

    // Of each other replica some dozens of votes, timeouts and proposals; and blocks that are fetched from the newest back.
    private int KeptLimit => (64 * _world.Chain.Committee.Size) + 1024;
}
