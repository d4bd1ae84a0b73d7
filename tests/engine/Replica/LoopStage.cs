using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;
using Bft.Engine.Storage;
using Bft.Engine.Transport;
using Bft.Simulation;

namespace Bft.Engine.Tests.Loop;

/// <summary>One replica whose protocol is a lambda and whose every port writes down what reaches it, in order.</summary>
internal sealed class LoopStage : IClock, IJournal, ITransport, IMeter, IExecution, IReplicaObserver, IProtocol
{
    public static readonly ReplicaId Self = new(0);
    public static readonly ReplicaId Peer = new(1);

    private readonly MemoryJournal _journal = new();

    public LoopStage(int size = 4, bool mayVote = true, ICertificateScheme? certificates = null, IWorkers? workers = null)
    {
        Scheme = new FastScheme(size, 1);
        Chain = new Chain(HashFunction.Sha256.Hash([1]), Descriptor.Name, new Committee(size), HashFunction.Sha256, acceptUnsigned: true);
        Ledger = new MemoryLedger(Chain);
        Pool = new SimplePool(Chain, this);
        Voter = new Voter(Chain, Self, Scheme.SignerOf(0), Descriptor.Signing, mayVote);
        var ports = new ReplicaPorts(Chain, Self, Descriptor, Voter, this, Ledger, Pool, this, this, this, this, this, certificates ?? Scheme, workers);
        Replica = new Replica(ports, this);
        Edge = new Edge(ports, new Claims(Chain, certificates ?? Scheme, new VerifiedCache()), Replica);
    }

    public static ProtocolDescriptor Descriptor { get; } = new(
        "lambda", FaultModel.Byzantine, "none", _ => throw new InvalidOperationException("made by the test"), (_, _, _) => true, Note.Decode, [new SigningRule(StatementKind.Vote)]);

    public Chain Chain { get; }

    public FastScheme Scheme { get; }

    public MemoryLedger Ledger { get; }

    public SimplePool Pool { get; }

    public Voter Voter { get; }

    public Replica Replica { get; }

    public Edge Edge { get; }

    /// <summary>What reached the ports, one line each, in order.</summary>
    public List<string> Log { get; } = [];

    /// <summary>The inputs the protocol saw.</summary>
    public List<Input> Inputs { get; } = [];

    public List<(ReplicaAlarm Alarm, string Detail)> Alarms { get; } = [];

    public List<Evidence> Accused { get; } = [];

    /// <summary>What the protocol does with an input.</summary>
    public Action<Input, IEffects> OnStep { get; set; } = (_, _) => { };

    public Action<RecoveredState, IEffects> OnStart { get; set; } = (_, _) => { };

    public bool FailFlush { get => _journal.FailFlush; set => _journal.FailFlush = value; }

    /// <summary>How many appends still succeed before the disk is full; negative for all.</summary>
    public int RoomFor { get; set; } = -1;

    public TimeSpan Now { get; set; }

    public ulong UnixMilliseconds => 1_700_000_000_000;

    /// <summary>Where a view that others show may have led to.</summary>
    public Func<View, View> Reach { get; set; } = shown => shown.Next();

    View IProtocol.LeadsTo(View shown) => Reach(shown);

    public ProtocolStatus Status => new(new View(1), null, default, 0);

    public JournalContents Recovered => _journal.Recovered;

    public LoopStage Begin(params StatePoint[] executed)
    {
        Replica.Start(new CommittedBlock(Chain.GenesisBlock, new CommitProof(null, [])), executed);
        return this;
    }

    /// <summary>Posts a note of a peer and turns until nothing is left to do.</summary>
    public void Say(byte kind, Block? block = null)
    {
        Replica.Receive(Peer, new Note(kind, block));
        Turn();
    }

    public void Turn()
    {
        int turns = 0;
        while (Replica.Turn())
        {
            Assert.True(++turns < 1000);
        }
    }

    public string[] Take()
    {
        string[] log = [.. Log];
        Log.Clear();
        return log;
    }

    public Block BlockAt(ulong height, StatePoint executed = default, ulong view = 1, ulong time = 0)
    {
        Payload empty = Payload.Empty(Chain);
        return new Block(Chain, new BlockHeader(default, new Height(height), new View(view), default, empty.Root, executed, Peer, time), empty, null);
    }

    public static StatePoint PointAt(ulong height) => new(new Height(height), HashFunction.Sha256.Hash([(byte)height]), default);

    public static CommitProof NoProof { get; } = new(null, []);

    void IProtocol.Start(RecoveredState recovered, IEffects effects) => OnStart(recovered, effects);

    void IProtocol.Step(Input input, IEffects effects)
    {
        Inputs.Add(input);
        OnStep(input, effects);
    }

    void IJournal.Append(Block block)
    {
        Room();
        _journal.Append(block);
        Log.Add($"append block {block.Height}");
    }

    void IJournal.Append(SafetyRecord record)
    {
        Room();
        _journal.Append(record);
        Log.Add($"append record {record.Key.Kind}");
    }

    void IJournal.Discard(byte kind, ulong throughSlot)
    {
        Room();
        Log.Add($"discard {kind} through {throughSlot}");
    }

    void IJournal.MarkCommitted(Height height, Digest block)
    {
        Room();
        Log.Add($"mark {height}");
    }

    void IJournal.Flush()
    {
        _journal.Flush();
        Log.Add("flush");
    }

    void IJournal.Release(Height through) => Log.Add($"release {through}");

    void IDisposable.Dispose()
    {
    }

    void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message) =>
        Log.Add(traffic == TrafficClass.Consensus ? $"send {message.Span[2]} to {to}" : $"repair {message.Span[1]} to {to}");

    void IExecution.Enqueue(CommittedBlock block) => Log.Add($"execute {block.Block.Height}");

    void IReplicaObserver.Committed(CommittedBlock block)
    {
    }

    void IReplicaObserver.Certified(QuorumCertificate certificate)
    {
    }

    void IReplicaObserver.Entered(View view, ReplicaId? leader)
    {
    }

    void IReplicaObserver.Accused(Evidence evidence) => Accused.Add(evidence);

    void IReplicaObserver.Alarm(ReplicaAlarm alarm, string detail) => Alarms.Add((alarm, detail));

    void IReplicaObserver.VotingResumed(View above)
    {
    }

    void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators) => Log.Add($"meter {kind}");

    void IMeter.Signed(int signatures)
    {
    }

    void IMeter.Verified(int signatures)
    {
    }

    private void Room()
    {
        if (RoomFor == 0)
        {
            throw new JournalWriteException("the disk is full", new IOException());
        }

        RoomFor--;
    }

    /// <summary>A message with a number, and perhaps a block.</summary>
    public sealed class Note(byte number, Block? block = null) : ProtocolMessage
    {
        public byte Number { get; } = number;

        public override byte Kind => 1;

        public override Phase Phase => Phase.Steady;

        public override int Authenticators => 0;

        public override Block? CarriedBlock { get; } = block;

        public static ProtocolMessage? Decode(Chain chain, byte kind, ref CanonicalReader reader) => new Note(reader.Byte());

        public override void Encode(CanonicalWriter writer) => writer.Byte(Number);

        public override bool Verify(ReplicaId sender, IClaims claims) => true;
    }
}
