using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Transport;

namespace Bft.Simulation;

/// <summary>One replica of a simulated cluster: the production loop, edge and protocol over simulated time, network and disk.</summary>
public sealed class SimulatedNode : IReplicaObserver, IExecution, ITransport, IMeter
{
    private readonly SimulatedCluster _cluster;
    private readonly Queue<CommittedBlock> _toExecute = [];
    private readonly SortedDictionary<ulong, StatePoint> _points = [];
    private bool _executing;

    internal SimulatedNode(SimulatedCluster cluster, ReplicaId id)
    {
        _cluster = cluster;
        Id = id;
        Ledger = new MemoryLedger(cluster.Chain);
    }

    /// <summary>Which replica this is.</summary>
    public ReplicaId Id { get; }

    /// <summary>False while crashed.</summary>
    public bool Up { get; private set; }

    /// <summary>Its disk.</summary>
    public MemoryJournal Journal { get; } = new();

    /// <summary>Its committed past; kept over crashes.</summary>
    public MemoryLedger Ledger { get; }

    /// <summary>Its mempool; lost in crashes.</summary>
    public SimplePool Pool { get; private set; } = null!;

    /// <summary>The production loop.</summary>
    public Replica Replica { get; private set; } = null!;

    /// <summary>Double signs it was shown.</summary>
    public List<Evidence> Evidence { get; } = [];

    /// <summary>Alarms it raised.</summary>
    public List<(ReplicaAlarm Alarm, string Detail)> Alarms { get; } = [];

    /// <summary>Everything it committed since the world began, by height; survives crashes, for the checkers.</summary>
    public SortedDictionary<ulong, Digest> Committed { get; } = [];

    /// <summary>Consensus messages it sent, by kind.</summary>
    public SortedDictionary<byte, long> SentByKind { get; } = [];

    /// <summary>Transactions committed here.</summary>
    public int CommittedTransactions { get; private set; }

    /// <summary>Messages of peers that were malformed or lied.</summary>
    public int Refused { get; private set; }

    /// <summary>The view whose vote was earned back, if that happened.</summary>
    public View? ResumedAbove { get; private set; }

    internal Edge Edge { get; private set; } = null!;

    /// <summary>Starts (again) from what is on the disk.</summary>
    /// <param name="mayVote">False: the safety records are known to be lost.</param>
    public void Start(bool mayVote = true)
    {
        Chain chain = _cluster.Chain;
        Pool = new SimplePool(chain, _cluster);
        var voter = new Voter(chain, Id, _cluster.Scheme.SignerOf(Id.Value), _cluster.Protocol.Signing, mayVote);
        var ports = new ReplicaPorts(chain, Id, _cluster.Protocol, voter, Journal, Ledger, Pool, this, this, _cluster, this, this, _cluster.Scheme)
        {
            CatchUpBlocksPerSecond = _cluster.CatchUpBlocksPerSecond,
        };
        IProtocol protocol = _cluster.CreateProtocol(new ProtocolContext(chain, Id, voter, _cluster.ProtocolOptions));
        Replica = new Replica(ports, protocol);
        Edge = new Edge(ports, _cluster.Claims, Replica);
        Up = true;
        Replica.Wake = () => _cluster.Wake(this);
        CommittedBlock tip = Ledger.Read(Ledger.Height) ?? new CommittedBlock(chain.GenesisBlock, new CommitProof(null, []));
        Replica.Start(tip, _points.Where(point => point.Key <= Ledger.Height.Value).Select(point => point.Value));
        _cluster.Wake(this);
    }

    /// <summary>Stops at once; what the journal did not flush is lost.</summary>
    /// <param name="lose">True: the whole journal is lost.</param>
    public void Crash(bool lose = false)
    {
        Up = false;
        _toExecute.Clear();
        _executing = false;
        if (lose)
        {
            Journal.Wipe();
        }
        else
        {
            Journal.Crash();
        }
    }

    /// <summary>Hands a client's run to this replica's mempool.</summary>
    public void Submit(Run run)
    {
        Pool.Add(run);
        _cluster.Wake(this);
    }

    void IExecution.Enqueue(CommittedBlock block)
    {
        _toExecute.Enqueue(block);
        if (!_executing)
        {
            _executing = true;
            _cluster.After(_cluster.ExecutionDelay, this, ExecuteNext);
        }
    }

    void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message) => _cluster.Carry(Id, to, message);

    void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
        if (traffic == TrafficClass.Consensus)
        {
            SentByKind[kind] = SentByKind.GetValueOrDefault(kind) + 1;
        }
    }

    void IMeter.Signed(int signatures)
    {
    }

    void IMeter.Verified(int signatures)
    {
    }

    void IReplicaObserver.Committed(CommittedBlock block)
    {
        CommittedTransactions += block.Block.Payload.Transactions;
        if (Committed.TryGetValue(block.Block.Height.Value, out Digest before) && before != block.Block.Digest)
        {
            _cluster.Violated($"replica {Id} committed {block.Block} after {before.ToShortString()} at the same height");
        }

        Committed[block.Block.Height.Value] = block.Block.Digest;
        _cluster.CheckAgreement(this, block.Block);
    }

    void IReplicaObserver.Certified(QuorumCertificate certificate)
    {
    }

    void IReplicaObserver.Entered(View view, ReplicaId? leader) => _cluster.Trace(this, $"view {view} led by {leader}");

    void IReplicaObserver.Accused(Evidence evidence) => Evidence.Add(evidence);

    void IReplicaObserver.Alarm(ReplicaAlarm alarm, string detail) => Alarms.Add((alarm, detail));

    void IReplicaObserver.VotingResumed(View above) => ResumedAbove = above;

    internal void Deliver(ReplicaId from, ReadOnlyMemory<byte> message)
    {
        if (Up && Edge.OnMessage(from, message) == EdgeVerdict.Refused)
        {
            Refused++;
        }
    }

    // The state of a simulated node is a chain over payloads: equal orders give equal roots, and nothing else does.
    private void ExecuteNext()
    {
        CommittedBlock block = _toExecute.Dequeue();
        Chain chain = _cluster.Chain;
        Ledger.Append(block);
        Digest before = _points.TryGetValue(block.Block.Height.Value - 1, out StatePoint last) ? last.StateRoot : Digest.None;
        var writer = new CanonicalWriter();
        writer.Digest(before);
        writer.Digest(block.Block.Header.PayloadRoot);
        var point = new StatePoint(block.Block.Height, chain.DigestOf(Preimage.StateRoot, writer.Span), Ledger.ChainDigest);
        _points[point.Height.Value] = point;
        Replica.Executed(point);
        Replica.LedgerFlushed(Ledger.Height);
        if (_toExecute.Count > 0)
        {
            _cluster.After(_cluster.ExecutionDelay, this, ExecuteNext);
        }
        else
        {
            _executing = false;
        }
    }
}
