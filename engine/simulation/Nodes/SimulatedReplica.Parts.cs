using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;
using Bft.Engine.Storage;
using Bft.Engine.Sync;
using Bft.Engine.Transport;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Simulation.Checkers;

namespace Bft.Simulation.Nodes;

/// <content>What the production parts are given, and how they are put together.</content>
public sealed partial class SimulatedReplica : ITransport, IExecution, IReplicaObserver, IMeter, IInflow
{
    private static readonly byte[] HeadRequest = RepairMessages.HeadRequest();

    private readonly Queue<CommittedBlock> _toExecute = [];
    private long[] _held = [];
    private int _flushesBefore = -1;
    private Edge _edge = null!;
    private TransactionPool _pool = null!;
    private Executor _executor = null!;
    private KeyValueApplication _application = null!;
    private ExecutionStage _stage = null!;
    private BlockStore? _ledger;
    private IJournal? _journal;
    private IClaims _claims = null!;
    private PortWatch? _port;

    /// <summary>Double signs that it proved.</summary>
    public List<Evidence> Evidence { get; } = [];

    /// <summary>What it committed at each height, over all its lives.</summary>
    public Dictionary<ulong, Digest> CommittedBlocks { get; } = [];

    /// <summary>Alarms that it raised, with their number.</summary>
    public SortedDictionary<ReplicaAlarm, int> Alarms { get; } = [];

    /// <summary>The state of this life, for checks at the end of a run.</summary>
    public StatePoint Point => _executor.Point;

    /// <summary>Its ledger of this life.</summary>
    public ILedger Ledger => _ledger!;

    // The order in which a node does it.
    private void Boot()
    {
        WorldOptions options = _world.Options;
        Chain chain = _world.Chain;
        _held = _held.Length == 0 ? new long[chain.Committee.Size] : _held;
        _ledger = BlockStore.Open(options.WrapBlocksDisk?.Invoke(BlocksDisk) ?? BlocksDisk, chain, new BlockStoreOptions { SegmentBytes = options.LedgerSegmentBytes, Salt = _salts.Next });
        _port = Strategy is null ? new PortWatch(Id, what => _world.Watch.OutOfOrder(this, what), new ContradictionWatch(_world.Protocol.Signing, !_world.Keys.Scheme.ChecksVotesTogether, what => _world.Watch.Unproved(this, what))) : null;
        IJournal journal = _journal = OpenJournal(chain);
        bool lostNow = RecordsLost && journal.Recovered.IsNew;
        var snapshots = new SnapshotStore(SnapshotsDisk, chain);
        _application = new KeyValueApplication(new KeyValueOptions { LookupSeed = options.Seed });
        _executor = new Executor(chain, options.WrapApplication?.Invoke(_application, Id) ?? _application, options.Seed, options.SessionRules);
        _executor.RecoverFrom(snapshots, _ledger);
        _claims = _world.NewClaims();
        _pool = new TransactionPool(
            chain,
            new PoolOptions { MaxBytes = options.PoolBytes, MaxTransactions = options.PoolTransactions, RecentRuns = 4096, LookupSeed = options.Seed },
            () => Clock.Now,
            _executor.Sessions.IsExecuted)
        {
            BecamePending = WakeUp,
        };
        _stage = new ExecutionStage(_executor, _ledger, snapshots, Clock, new SnapshotSchedule(options.SnapshotEvery))
        {
            Receipts = Told,
            Executed = (block, point) => Replica.Executed(point),
            Flushed = height => Replica.LedgerFlushed(height),
        };
        var signer = new WitnessedSigner(_world.Keys.SignerOf(Id.Value), (message, signature) => _world.Watch.Signed(this, message, signature));
        bool mayVote = !RecordsLost;
        Voter voter = options.MakeVoter?.Invoke(chain, Id, signer, _world.Protocol.Signing, mayVote) ?? new Voter(chain, Id, signer, _world.Protocol.Signing, mayVote);
        var ports = new ReplicaPorts(
            chain, Id, _world.Protocol, voter, journal, _ledger, options.WrapPool?.Invoke(_pool) ?? _pool, options.WrapTransport?.Invoke(this) ?? this, options.WrapMeter?.Invoke(this) ?? this, Clock, this, this, _world.Keys.Scheme)
        {
            BlockRules = options.BlockRules,
        };
        var context = new ProtocolContext(chain, Id, voter, options.ProtocolOptions) { Election = options.Election };
        IProtocol protocol = options.Create?.Invoke(context) ?? _world.Protocol.Create(context);
        protocol = _port?.Watch(protocol) ?? protocol;
        protocol = options.WrapLoop?.Invoke(protocol, context) ?? protocol;
        if (Strategy is not null)
        {
            protocol = Strategy.Wrap(protocol, context);
        }

        Replica = new Replica(ports, protocol);
        _edge = new Edge(ports, _claims, Replica, this);
        CommittedBlock tip = _ledger.Read(_ledger.Height) ?? new CommittedBlock(chain.GenesisBlock, new CommitProof(null, []));
        Committed = _ledger.Height;
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Started, number: _ledger.Height.Value);
        Replica.Start(tip, PointsOf());
        _world.Watch.Started(this, new RestartState(
            Id, voter.MayVote, (kind, slot) => voter.LastOf(kind, slot)?.Statement, digest => Replica.FindBlock(digest) is not null, _ledger.Height, journal.Recovered.Committed?.Height ?? default, lostNow));
        Replica.Wake = WakeUp;
        WakeUp();
    }

    private IJournal OpenJournal(Chain chain)
    {
        WorldOptions options = _world.Options;
        var journalOptions = new JournalOptions { SegmentBytes = options.JournalSegmentBytes, PrepareAhead = false, Salt = _salts.Next, Checksum = options.Checksum ?? FrameChecksum.XxHash3 };
        IDisk disk = options.WrapJournalDisk?.Invoke(JournalDisk) ?? JournalDisk;
        IJournal journal = options.OpenJournal?.Invoke(disk, chain, journalOptions) ?? Journal.Open(disk, chain, journalOptions);
        journal = _port?.Watch(journal) ?? journal;
        return options.WrapJournal?.Invoke(journal) ?? journal;
    }

    /// <summary>A client hands in a run. Returns what the node would answer.</summary>
    internal PoolAnswer? Submit(Run run)
    {
        for (int i = 0; i < run.Count; i++)
        {
            if (_application.CheckTx(run.Commands[i].Span) is not null)
            {
                return null;
            }
        }

        if (!IsRun(run))
        {
            return null;
        }

        PoolAnswer answer = _pool.Add(run);
        if (answer == PoolAnswer.Added)
        {
            Spread(run);
        }
        else if (answer == PoolAnswer.Executed && _executor.Sessions.Find(run.Client, run.First, run.Count) is { } receipts)
        {
            foreach (Receipt receipt in receipts)
            {
                Tell(receipt);
            }
        }

        return answer;
    }

    /// <summary>A client reads: the answer comes when the state is as new as this replica's read index, or the given height; never, when it cannot tell.</summary>
    internal void Read(int client, ulong nonce, byte[] key, Height? atLeast)
    {
        if (atLeast is { } floor)
        {
            if (_executor.Point.Height >= floor)
            {
                Answer(client, nonce, key);
            }

            return;
        }

        Replica.ReadIndex(height =>
        {
            if (height is not null && Up)
            {
                Answer(client, nonce, key);
            }
        });
    }

    void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(message, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : message.ToArray();
        if (_flushesBefore >= 0)
        {
            Departure = _world.Options.TurnTime + (_world.Options.FlushTime * (JournalDisk.Flushes - _flushesBefore));
        }

        if (_traitor is not null)
        {
            Strategy!.Send(_traitor, to, traffic, bytes);
            return;
        }

        if (traffic == TrafficClass.Consensus)
        {
            _port!.Leaves();
        }

        _world.Carry(this, to, bytes, Departure);
    }

    void IExecution.Enqueue(CommittedBlock block)
    {
        _toExecute.Enqueue(block);
        if (!_executing)
        {
            _executing = true;
            _world.Time.Schedule(_world.Options.ExecutionTime, this, ExecuteEvent, _life);
        }
    }

    void IInflow.Hold(ReplicaId sender, int bytes) => _held[sender.Value] += bytes;

    void IInflow.Release(ReplicaId sender, int bytes) => _held[sender.Value] -= bytes;

    void IReplicaObserver.Committed(CommittedBlock block)
    {
        CommittedBlocks[block.Block.Height.Value] = block.Block.Digest;
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Committed, number: block.Block.Digest.Prefix, what: block.Block);
        _world.Watch.Committed(this, block);
    }

    void IReplicaObserver.Certified(QuorumCertificate certificate) =>
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Certified, number: certificate.View.Value, what: certificate);

    void IReplicaObserver.Entered(View view, ReplicaId? leader) =>
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Entered, leader?.Value ?? -1, view.Value);

    void IReplicaObserver.Accused(Evidence evidence)
    {
        if (Evidence.Count < 256)
        {
            Evidence.Add(evidence);
        }

        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Accused, evidence.First.Signer.Value, evidence.First.Statement.View.Value);
        _world.Watch.Accused(this, evidence);
    }

    void IReplicaObserver.Alarm(ReplicaAlarm alarm, string detail)
    {
        Alarms[alarm] = Alarms.GetValueOrDefault(alarm) + 1;
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Alarm, number: (ulong)alarm, what: detail);
        _world.Watch.Alarmed(this, alarm, detail);
    }

    void IReplicaObserver.VotingResumed(View above) => _world.Trace.Add(_world.Time.Now, Index, TraceKind.Alarm, number: above.Value, what: "votes again");

    void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
        if (traffic == TrafficClass.Consensus)
        {
            _world.Meter.Sent(phase, bytes, authenticators);
        }
    }

    void IMeter.Signed(int signatures) => _world.Meter.Signed += signatures;

    void IMeter.Verified(int signatures) => _world.Meter.Verified += signatures;

    private bool IsRun(Run run) => _claims is RegisteredClaims registered ? registered.IsRun(run) : _claims.IsPayload(Payload.Of(_world.Chain, [run]));

    private void OnGossip(byte[] bytes)
    {
        if (Run.TryDecode(_world.Chain, bytes.AsMemory(1), out Run? run) && IsRun(run!))
        {
            _pool.Add(run!);
        }
    }

    // The simulated gossip is one hop to everybody; the production overlay lives in the network assembly, out of reach of a world without sockets.
    private void Spread(Run run)
    {
        var bytes = new byte[1 + run.Encoded.Length];
        bytes[0] = (byte)TrafficClass.Gossip;
        run.Encoded.CopyTo(bytes.AsMemory(1));
        for (int i = 0; i < _world.Chain.Committee.Size; i++)
        {
            if (i != Id.Value)
            {
                ((ITransport)this).Send(new ReplicaId(i), TrafficClass.Gossip, bytes);
            }
        }
    }

    private void Told(CommittedBlock block, ExecutionResult result)
    {
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Executed, number: result.Point.Height.Value);
        _world.Watch.Executed(this, block, result);
        foreach (Receipt receipt in result.Receipts)
        {
            Tell(receipt);
        }
    }

    private void Tell(Receipt receipt)
    {
        Receipt? told = _traitor is null ? receipt : Strategy!.Reply(_traitor, receipt);
        if (told is { } given)
        {
            _world.Reply(this, given);
        }
    }

    private void Answer(int client, ulong nonce, byte[] key)
    {
        QueryResult result = _application.Query(key, null);
        (bool Found, byte[] Value, Height Height) honest = (result.Found, result.Value.ToArray(), result.Height);
        if ((_traitor is null ? honest : Strategy!.Answer(_traitor, honest.Found, honest.Value, honest.Height)) is { } answer)
        {
            _world.Reply(this, client, nonce, answer.Found, answer.Value, answer.Height);
        }
    }

    private IEnumerable<StatePoint> PointsOf()
    {
        ulong last = _executor.Point.Height.Value;
        for (ulong height = last > 64 ? last - 64 : 1; height <= last; height++)
        {
            if (_executor.PointAt(new Height(height)) is { } point)
            {
                yield return point;
            }
        }
    }

    private void DropWork() => _toExecute.Clear();
}
