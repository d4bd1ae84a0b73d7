using System.Diagnostics.CodeAnalysis;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>
/// The stage with the words of HotStuff: <c>Leader(3, D).Propose("Y", on: "X").To(A, B)</c>. Blocks have the names that the script gives them; "G" is genesis.
/// What traitors put together (certificates of votes, of timeouts) they put together out of what reached one of them.
/// </summary>
public sealed class HotStuffStage : Stage
{
    private readonly Dictionary<string, Block> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Instance, ulong View), Block> _proposed = [];
    private readonly Dictionary<Statement, SortedDictionary<int, Vote>> _heard = [];
    private readonly Dictionary<Digest, QuorumCertificate> _certificates = [];
    private byte[]? _lastSeen;
    private ulong _made;

    /// <summary>Sets the stage.</summary>
    public HotStuffStage(SimulatedWorld world, Setting setting)
        : base(world, setting)
    {
        _named["G"] = world.Chain.GenesisBlock;
        _certificates[world.Chain.GenesisBlock.Digest] = world.Chain.GenesisCertificate;
        foreach (Actor actor in Everyone)
        {
            if (actor.Instance.Strategy is Puppet puppet)
            {
                puppet.Heard = Hear;
            }
        }
    }

    /// <summary>An act on this stage.</summary>
    public static Act Act(string name, Setting setting, Action<HotStuffStage> play) =>
        new(name, setting with { Protocol = "hotstuff", Stage = (world, wanted) => new HotStuffStage(world, wanted) }, stage => play((HotStuffStage)stage));

    /// <summary>The block of a name.</summary>
    public Block this[string name] => _named.TryGetValue(name, out Block? block) ? block : throw new ArgumentException($"No block is named {name} yet.", nameof(name));

    /// <summary>Somebody's turn to lead.</summary>
    /// <exception cref="ArgumentException">The setting says that another leads that view.</exception>
    public LeaderTurn Leader(ulong view, Actor who)
    {
        if (World.Options.Election is FixedLeaders leaders && leaders.Leader(new View(view)) != who.Id)
        {
            throw new ArgumentException($"View {view} is led by {(char)('A' + leaders.Leader(new View(view)).Value)}, not by {who}.", nameof(who));
        }

        return new LeaderTurn(this, view, who);
    }

    /// <summary>The block that an instance proposed in a view.</summary>
    public bool HasProposed(Actor who, ulong view, [NotNullWhen(true)] out Block? block) => _proposed.TryGetValue((who.Index, view), out block);

    /// <summary>Gives a block a name.</summary>
    public Block Name(string name, Block block) => _named[name] = block;

    /// <summary>Whether a replica signed a vote for a block.</summary>
    public bool Voted(Actor who, string block) => Signed(who, HotStuffMessages.VoteStatement(this[block]));

    /// <summary>Whether a quorum signed votes for a block, wherever those are: somebody may certify it, now or later.</summary>
    public bool HasQuorum(string block) =>
        Chain.Committee.IsQuorum(ReplicaSet.Of([.. Everyone.Where(actor => Voted(actor, block)).Select(actor => actor.Id.Value).Distinct().Order()]));

    /// <summary>Whether a replica gave a view up.</summary>
    public bool GaveUp(Actor who, ulong view) => Signed(who, HotStuffMessages.TimeoutStatement(Chain.Committee.Epoch, new View(view)));

    /// <summary>Waits until these have voted for a block.</summary>
    public void UntilVoted(string block, params Actor[] who) => Until($"{Letters(who)} vote for {block}", () => who.All(actor => Voted(actor, block)));

    /// <summary>Waits until these are in a view.</summary>
    public void UntilInView(ulong view, params Actor[] who) => Until($"{Letters(who)} are in view {view}", () => who.All(actor => actor.View == view));

    /// <summary>Whether the traitors can certify a block: a quorum of votes, their own among them, is in their hands.</summary>
    public bool IsCertifiable(string block) => TryCombine(HotStuffMessages.VoteStatement(this[block])) is not null;

    /// <summary>A replica's vote for a block, if it reached a traitor.</summary>
    public Vote? HeardVote(Actor who, string block) =>
        _heard.TryGetValue(HotStuffMessages.VoteStatement(this[block]), out SortedDictionary<int, Vote>? votes) && votes.TryGetValue(who.Id.Value, out Vote vote) ? vote : null;

    /// <summary>A traitor's vote for a block, told to nobody.</summary>
    public Vote VoteOf(Actor traitor, string block) => Sign(traitor, HotStuffMessages.VoteStatement(this[block]));

    /// <summary>A traitor says a vote of anything.</summary>
    public void SendVote(Actor traitor, Vote vote, Actor to) => Says(traitor, new VoteMessage(vote)).To(to);

    /// <summary>The bytes of what a traitor would say.</summary>
    public byte[] Encoded(Line line) => WireMessage.Encode(line.Message);

    /// <summary>A replica is shown a vote by a peer; what its edge made of it.</summary>
    public EdgeVerdict ShowVote(Actor to, ReplicaId from, Vote vote) => Show(to, from, WireMessage.Encode(new VoteMessage(vote)));

    /// <summary>A replica is shown a certificate by a traitor; what its edge made of it.</summary>
    public EdgeVerdict ShowCertificate(Actor to, Actor from, QuorumCertificate certificate) => Show(to, from.Id, Encoded(Show(from, certificate)));

    /// <summary>Waits until the traitors can certify a block: a quorum of votes, their own among them, is in their hands.</summary>
    public void UntilCertifiable(string block) => Until($"the traitors hold a quorum of votes for {block}", () => IsCertifiable(block));

    /// <summary>The certificate of a block, out of the votes that traitors heard and their own, or one that they heard.</summary>
    /// <exception cref="InvalidOperationException">They have no quorum.</exception>
    public QuorumCertificate Certificate(string block) =>
        TryCombine(HotStuffMessages.VoteStatement(this[block])) ?? _certificates.GetValueOrDefault(this[block].Digest) ??
        throw new InvalidOperationException($"The traitors hold no quorum of votes for {block}.");

    /// <summary>The certificate of a view that was given up, out of the timeouts that traitors heard and their own.</summary>
    /// <inheritdoc cref="Certificate" path="/exception"/>
    public QuorumCertificate TimeoutCertificate(ulong view) =>
        TryCombine(HotStuffMessages.TimeoutStatement(Chain.Committee.Epoch, new View(view))) ??
        throw new InvalidOperationException($"The traitors hold no quorum of timeouts of view {view}.");

    /// <summary>A traitor shows certificates.</summary>
    public Line Show(Actor traitor, QuorumCertificate certificate, QuorumCertificate? timeouts = null) =>
        Says(traitor, new CertificatesMessage(certificate, timeouts));

    /// <summary>A traitor votes.</summary>
    public Line Vote(Actor traitor, string block) => Says(traitor, new VoteMessage(Sign(traitor, HotStuffMessages.VoteStatement(this[block]))));

    /// <summary>A traitor gives a view up, and shows a certificate (genesis' for none).</summary>
    public Line TimeOut(Actor traitor, ulong view, QuorumCertificate? highest = null, QuorumCertificate? last = null) => Says(
        traitor,
        new TimeoutMessage(Sign(traitor, HotStuffMessages.TimeoutStatement(Chain.Committee.Epoch, new View(view))), highest ?? Chain.GenesisCertificate, last));

    /// <summary>A traitor says anything.</summary>
    public Line Says(Actor traitor, ProtocolMessage message) => new(this, traitor, message);

    /// <summary>Makes a block that no honest leader would, or would: parent, certificate and payload as told.</summary>
    /// <param name="view">Its view.</param>
    /// <param name="proposer">Who says that it made it.</param>
    /// <param name="on">The block below.</param>
    /// <param name="by">The certificate inside; null for that of the block below.</param>
    /// <param name="parent">What it names as its parent; null for the block below.</param>
    /// <param name="runs">What it orders.</param>
    /// <param name="executed">The result that it vouches for; null for what the block below vouches for.</param>
    /// <param name="time">Its time in milliseconds; null for a little after the block below.</param>
    public Block Make(
        ulong view, Actor proposer, Block on, QuorumCertificate by, Digest? parent = null, IReadOnlyList<Run>? runs = null, StatePoint? executed = null, ulong? time = null)
    {
        Payload payload = Payload.Of(Chain, runs ?? []);
        var header = new BlockHeader(
            Chain.Committee.Epoch, on.Height.Next(), new View(view), parent ?? on.Digest, payload.Root, executed ?? on.Header.Executed, proposer.Id, time ?? on.Header.Time + ++_made);
        return new Block(Chain, header, payload, by);
    }

    /// <summary>A proposal of a traitor that has no name and, mostly, no turn.</summary>
    public ProtocolMessage Proposal(ulong view, Actor proposer, string on)
    {
        Block block = Make(view, proposer, this[on], Certificate(on));
        return new ProposalMessage(Sign(proposer, ProposalMessage.ProposalStatement(block)), block, null);
    }

    /// <summary>Proposals, as a rule of the network matches them.</summary>
    public Func<Parcel, bool> Proposals(ulong? view = null, Actor? from = null, Actor? to = null) => Matching<ProposalMessage>(message => message.Block.View, view, from, to);

    /// <summary>Votes, as a rule of the network matches them.</summary>
    public Func<Parcel, bool> Votes(ulong? view = null, Actor? from = null, Actor? to = null) => Matching<VoteMessage>(message => message.Vote.Statement.View, view, from, to);

    /// <summary>Timeouts, as a rule of the network matches them.</summary>
    public Func<Parcel, bool> Timeouts(ulong? view = null, Actor? from = null, Actor? to = null) => Matching<TimeoutMessage>(message => message.Timeout.Statement.View, view, from, to);

    /// <summary>Shown certificates, as a rule of the network matches them.</summary>
    public Func<Parcel, bool> Certificates(ulong? view = null, Actor? from = null, Actor? to = null) => Matching<CertificatesMessage>(message => message.HighQc.View, view, from, to);

    /// <summary>The view of a proposal on the wire; null for anything else.</summary>
    public ulong? ViewOfProposal(in Parcel parcel) => parcel.Kind == ProposalMessage.WireKind ? (Decode(parcel) as ProposalMessage)?.Block.View.Value : null;

    /// <summary>The view of a vote on the wire; null for anything else.</summary>
    public ulong? ViewOfVote(in Parcel parcel) => parcel.Kind == VoteMessage.WireKind ? (Decode(parcel) as VoteMessage)?.Vote.Statement.View.Value : null;

    /// <inheritdoc/>
    protected override void See(Parcel parcel)
    {
        base.See(parcel);
        // A broadcast is the same array for every receiver.
        if (ReferenceEquals(_lastSeen, parcel.Bytes))
        {
            return;
        }

        _lastSeen = parcel.Bytes;
        if (Decode(parcel) is ProposalMessage proposal && proposal.Block.Header.Proposer == World.Replicas[parcel.From].Id)
        {
            _proposed.TryAdd((parcel.From, proposal.Block.View.Value), proposal.Block);
        }
    }

    private static string Letters(Actor[] who) => string.Join(", ", who.Select(actor => actor.ToString()));

    private Func<Parcel, bool> Matching<T>(Func<T, View> viewOf, ulong? view, Actor? from, Actor? to)
        where T : ProtocolMessage => parcel =>
            (from is null || from.Index == parcel.From) && (to is null || to.Index == parcel.To) &&
            Decode(parcel) is T message && (view is null || viewOf(message).Value == view);

    private bool Hear(ReplicaId from, byte[] bytes)
    {
        switch (WireMessage.Decode(Chain, World.Protocol, bytes))
        {
            case ProposalMessage proposal:
                Keep(proposal.Block.Justify!);
                break;
            case VoteMessage vote:
                Keep(vote.Vote);
                break;
            case TimeoutMessage timeout:
                Keep(timeout.Timeout);
                Keep(timeout.HighQc);
                break;
            case CertificatesMessage certificates:
                Keep(certificates.HighQc);
                break;
        }

        return true;
    }

    private void Keep(QuorumCertificate certificate) => _certificates.TryAdd(certificate.Statement.Subject, certificate);

    private void Keep(Vote vote)
    {
        if (!_heard.TryGetValue(vote.Statement, out SortedDictionary<int, Vote>? votes))
        {
            _heard[vote.Statement] = votes = [];
        }

        votes.TryAdd(vote.Signer.Value, vote);
    }

    private QuorumCertificate? TryCombine(Statement statement)
    {
        SortedDictionary<int, Vote> votes = _heard.TryGetValue(statement, out SortedDictionary<int, Vote>? heard) ? new(heard) : [];
        foreach (Actor actor in Everyone.Where(actor => actor.Instance.Strategy is Puppet))
        {
            votes[actor.Id.Value] = Sign(actor, statement);
        }

        int[] signers = [.. votes.Keys];
        var set = ReplicaSet.Of(signers);
        return Chain.Committee.IsQuorum(set)
            ? new QuorumCertificate(statement, set, World.Keys.Scheme.Combine(signers, [.. votes.Values.Select(vote => vote.Signature)]))
            : null;
    }
}
