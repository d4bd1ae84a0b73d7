using Bft.Crypto;
using Bft.Engine.HotStuff;
using Bft.Engine.Storage;
using Bft.Engine.Transport;
using Bft.Simulation;

namespace Bft.Engine.Tests.Scripting;

/// <summary>An honest replica on the stage: production loop, edge and HotStuff with its own clock; what it sends is held by the script.</summary>
internal sealed class ScriptedReplica : IReplicaObserver, IExecution, ITransport, IMeter, IClock
{
    private readonly ScriptedWorld _world;
    private readonly SortedDictionary<ulong, StatePoint> _points = [];
    private bool _turning;

    public ScriptedReplica(ScriptedWorld world, int id)
    {
        _world = world;
        Id = new ReplicaId(id);
        Ledger = new MemoryLedger(world.Chain);
    }

    public ReplicaId Id { get; }

    public IJournal Journal { get; set; } = new MemoryJournal();

    public MemoryLedger Ledger { get; }

    public SimplePool Pool { get; private set; } = null!;

    public Voter Voter { get; private set; } = null!;

    public Replica Replica { get; private set; } = null!;

    public bool Up { get; private set; }

    public int Refused { get; private set; }

    public List<Block> Committed { get; } = [];

    public List<Evidence> Evidence { get; } = [];

    public List<(ReplicaAlarm Alarm, string Detail)> Alarms { get; } = [];

    public List<View> Entered { get; } = [];

    public List<QuorumCertificate> Formed { get; } = [];

    public TimeSpan Now { get; set; }

    public ulong UnixMilliseconds => 1_700_000_000_000;

    public ulong View => Replica.Status.View.Value;

    public ulong HighestCertified => Replica.Status.HighestCertified.Value;

    private Edge Edge { get; set; } = null!;

    /// <summary>Starts (again) from what the journal kept.</summary>
    public void Start(bool mayVote = true)
    {
        Chain chain = _world.Chain;
        Pool = new SimplePool(chain, this);
        Pool.Add(_world.Pending);
        Voter = new Voter(chain, Id, _world.Scheme.SignerOf(Id.Value), HotStuffProtocol.Descriptor.Signing, mayVote);
        var ports = new ReplicaPorts(chain, Id, HotStuffProtocol.Descriptor, Voter, Journal, Ledger, Pool, this, this, this, this, this, _world.Scheme);
        Replica = new Replica(ports, new HotStuffProtocol(new ProtocolContext(chain, Id, Voter, ScriptedWorld.Options), _world.Rules, _world.Leaders));
        Edge = new Edge(ports, _world.Claims, Replica);
        Up = true;
        CommittedBlock tip = Ledger.Read(Ledger.Height) ?? new CommittedBlock(chain.GenesisBlock, new CommitProof(null, []));
        Replica.Start(tip, _points.Values);
        Turn();
    }

    public void Crash()
    {
        Up = false;
        ((MemoryJournal)Journal).Crash();
    }

    /// <summary>Bytes arrive from a peer. True: the edge believed them.</summary>
    public bool Deliver(int from, ReadOnlyMemory<byte> bytes)
    {
        bool believed = Verdict(from, bytes) == EdgeVerdict.Taken;
        Refused += believed ? 0 : 1;
        return believed;
    }

    /// <summary>What the edge says to bytes of a peer.</summary>
    public EdgeVerdict Verdict(int from, ReadOnlyMemory<byte> bytes)
    {
        EdgeVerdict verdict = Edge.OnMessage(new ReplicaId(from), bytes);
        Turn();
        return verdict;
    }

    /// <summary>Makes this replica want the range from a height on of a peer, whatever it has.</summary>
    public void WantRange(int from, ulong first)
    {
        var committed = new Height(first - 1);
        Replica.Sync.CatchUp(new Height(first), ReplicaSet.Of(from), committed, committed, Now);
        for (int seconds = 1; !Replica.Expects(new ReplicaId(from), new Height(first)); seconds++)
        {
            Assert.True(seconds < 100, "a round of peers is over, and it was never asked");
            Replica.Sync.Tick(committed, committed, Now + TimeSpan.FromSeconds(2 * seconds));
        }
    }

    /// <summary>Turns until nothing is left to do at this instant.</summary>
    public void Turn()
    {
        if (_turning)
        {
            return;
        }

        _turning = true;
        int turns = 0;
        while (Replica.Turn())
        {
            Assert.True(++turns < 10_000, $"replica {Id} finds no rest");
        }

        _turning = false;
    }

    void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message) => _world.Hold(Id.Value, to.Value, message);

    void IExecution.Enqueue(CommittedBlock block)
    {
        Ledger.Append(block);
        Digest before = _points.TryGetValue(block.Block.Height.Value - 1, out StatePoint last) ? last.StateRoot : Digest.None;
        var point = new StatePoint(block.Block.Height, _world.Chain.Link(before, block.Block.Header.PayloadRoot), Ledger.ChainDigest);
        _points[point.Height.Value] = point;
        Replica.Executed(point);
    }

    void IReplicaObserver.Committed(CommittedBlock block) => Committed.Add(block.Block);

    void IReplicaObserver.Certified(QuorumCertificate certificate) => Formed.Add(certificate);

    void IReplicaObserver.Entered(View view, ReplicaId? leader) => Entered.Add(view);

    void IReplicaObserver.Accused(Evidence evidence) => Evidence.Add(evidence);

    void IReplicaObserver.Alarm(ReplicaAlarm alarm, string detail) => Alarms.Add((alarm, detail));

    void IReplicaObserver.VotingResumed(View above)
    {
    }

    void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
    }

    void IMeter.Signed(int signatures)
    {
    }

    void IMeter.Verified(int signatures)
    {
    }
}
