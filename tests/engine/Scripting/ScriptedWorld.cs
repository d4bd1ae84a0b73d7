using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.HotStuff;
using Bft.Simulation;

namespace Bft.Engine.Tests.Scripting;

/// <summary>
/// A stage for adversarial schedules: honest replicas are the production engine, traitors are the script, which holds their keys and
/// nothing else. Every message is held until the script delivers or drops it; every clock stands until the script moves it.
/// </summary>
internal sealed class ScriptedWorld
{
    private readonly SortedDictionary<int, ScriptedReplica> _honest = [];
    private readonly Dictionary<string, Block> _blocks = [];
    private readonly int _size;

    /// <summary>Sets the stage.</summary>
    /// <param name="size">n.</param>
    /// <param name="traitors">Whose keys the script holds.</param>
    /// <param name="leaders">Leaders of views 1, 2, …</param>
    /// <param name="rules">The honest replicas' safety rules; null for the right ones.</param>
    /// <param name="claims">Puts a mutated judge in the place of the right one.</param>
    /// <param name="committee">A committee with mutated arithmetic.</param>
    public ScriptedWorld(int size, int[] traitors, int[] leaders, HotStuffRules? rules = null, Func<IClaims, IClaims>? claims = null, Committee? committee = null)
    {
        _size = size;
        Traitors = traitors;
        Rules = rules ?? HotStuffRules.Paper;
        int[] honest = [.. Enumerable.Range(0, size).Except(traitors)];
        Leaders = new FixedLeaders(leaders, honest);
        Scheme = new FastScheme(size, 7);
        Chain = new Chain(HashFunction.Sha256.Hash([7]), "hotstuff", committee ?? new Committee(size), HashFunction.Sha256, acceptUnsigned: true);
        var judge = new Claims(Chain, Scheme, new VerifiedCache());
        Claims = claims?.Invoke(judge) ?? judge;
        _blocks["G"] = Chain.GenesisBlock;
        Pending = Run.WithoutSignature(Chain, new byte[32], 1, ["pending"u8.ToArray()]);
        foreach (int id in honest)
        {
            _honest[id] = new ScriptedReplica(this, id);
        }
    }

    public static ProtocolOptions Options { get; } = new() { ViewTimeout = TimeSpan.FromMilliseconds(100), MaxViewTimeout = TimeSpan.FromSeconds(1) };

    public Chain Chain { get; }

    public FastScheme Scheme { get; }

    public IClaims Claims { get; }

    public HotStuffRules Rules { get; }

    public FixedLeaders Leaders { get; }

    public int[] Traitors { get; }

    /// <summary>A transaction that every replica wants committed, so that views are timed.</summary>
    public Run Pending { get; }

    /// <summary>What is on its way.</summary>
    public List<Envelope> Held { get; } = [];

    /// <summary>Everything that was ever sent.</summary>
    public List<Envelope> Sent { get; } = [];

    /// <summary>What becomes of a message at the moment it is sent; a mutated transport goes here.</summary>
    public Func<Envelope, Envelope?> Transport { get; set; } = envelope => envelope;

    public IEnumerable<ScriptedReplica> Honest => _honest.Values;

    public ScriptedReplica this[int id] => _honest[id];

    public Block Named(string name) => _blocks[name];

    public ScriptedWorld Start()
    {
        foreach (ScriptedReplica replica in Honest)
        {
            replica.Start();
        }

        return this;
    }

    internal void Hold(int from, int to, ReadOnlyMemory<byte> bytes)
    {
        if (Transport(new Envelope(from, to, WireMessage.Decode(Chain, HotStuffProtocol.Descriptor, bytes), bytes)) is { } envelope)
        {
            Sent.Add(envelope);
            Held.Add(envelope);
        }
    }

    /// <summary>Lets through what is held now and matches. Returns how many.</summary>
    public int Deliver(Func<Envelope, bool> which)
    {
        List<Envelope> matching = [.. Held.Where(which)];
        Held.RemoveAll(matching.Contains);
        foreach (Envelope envelope in matching)
        {
            if (_honest.TryGetValue(envelope.To, out ScriptedReplica? receiver) && receiver.Up)
            {
                receiver.Deliver(envelope.From, envelope.Bytes);
            }
        }

        return matching.Count;
    }

    /// <summary>Lets through what matches, and what comes of it, until nothing matching is held.</summary>
    public void Flow(Func<Envelope, bool>? which = null)
    {
        int delivered = 0;
        for (int now = 1; now > 0; delivered += now)
        {
            now = Deliver(which ?? (_ => true));
            Assert.True(delivered < 20_000, "the messages find no end");
        }
    }

    /// <summary>Lets the views up to that one happen, each with something new to order, so that there is a next one.</summary>
    public void Reach(ulong view)
    {
        for (ulong i = 1; i <= view; i++)
        {
            foreach (ScriptedReplica replica in Honest)
            {
                replica.Pool.Add(Run.WithoutSignature(Chain, new byte[32], 1 + i, ["more"u8.ToArray()]));
            }

            Flow(envelope => envelope.View <= i && !envelope.IsRepair);
        }
    }

    /// <summary>Loses what is held and matches.</summary>
    public void Drop(Func<Envelope, bool> which) => Held.RemoveAll(new Predicate<Envelope>(which));

    /// <summary>The clocks of these replicas run until any timer they have is due.</summary>
    public void TimeOut(params int[] who)
    {
        foreach (int id in who)
        {
            _honest[id].Now += TimeSpan.FromSeconds(2);
            _honest[id].Turn();
        }
    }

    /// <summary>The network heals: everything flows, clocks run. True when the pending transaction is committed everywhere within that many rounds.</summary>
    public bool Heals(int rounds = 40)
    {
        int[] everyone = [.. _honest.Keys];
        for (int round = 0; round < rounds; round++)
        {
            Flow();
            if (Honest.All(replica => replica.Pool.Transactions == 0))
            {
                return true;
            }

            TimeOut(everyone);
        }

        return false;
    }

    /// <summary>Gives a name to the block that an honest leader proposed in a view.</summary>
    public Block Name(string name, ulong view)
    {
        Block block = Sent.Select(envelope => envelope.Message).OfType<ProposalMessage>().First(proposal => proposal.Block.View.Value == view).Block;
        _blocks[name] = block;
        return block;
    }

    /// <summary>A traitor makes a block: P(view, name ← parent).</summary>
    /// <param name="name">The block's name in the script.</param>
    /// <param name="view">The view; its leader is the author.</param>
    /// <param name="parent">The parent's name.</param>
    /// <param name="justify">The certificate inside; null for the parent's.</param>
    /// <param name="author">Another author than the leader.</param>
    /// <param name="later">Milliseconds that its time is after the parent's.</param>
    public Block Make(string name, ulong view, string parent, QuorumCertificate? justify = null, int? author = null, long later = 0)
    {
        BlockHeader last = _blocks[parent].Header;
        // The name is in the payload: two blocks of one view and parent differ.
        Payload payload = Payload.Of(Chain, [Run.WithoutSignature(Chain, new byte[32], 100, [System.Text.Encoding.UTF8.GetBytes(name)])]);
        var header = new BlockHeader(
            last.Epoch, last.Height.Next(), new View(view), _blocks[parent].Digest, payload.Root, default, new ReplicaId(author ?? Leaders.Leader(view).Value), last.Time + (ulong)later);
        return _blocks[name] = new Block(Chain, header, payload, justify ?? Qc(parent));
    }

    /// <summary>A traitor proposes a block it made to some. Returns how many edges believed it.</summary>
    public int Propose(string name, QuorumCertificate? timeoutCertificate, params int[] to)
    {
        Block block = _blocks[name];
        var message = new ProposalMessage(Sign(block.Header.Proposer.Value, ProposalMessage.ProposalStatement(block)), block, timeoutCertificate);
        return Send(block.Header.Proposer.Value, message, to);
    }

    /// <summary>A traitor's message arrives at once. Returns how many edges believed it.</summary>
    public int Send(int from, ProtocolMessage message, params int[] to)
    {
        byte[] bytes = WireMessage.Encode(message);
        return to.Count(id => _honest[id].Deliver(from, bytes));
    }

    /// <summary>A traitor's signature.</summary>
    public Vote Sign(int traitor, Statement statement)
    {
        Assert.Contains(traitor, Traitors);
        return ForgedVote(traitor, statement);
    }

    /// <summary>Any replica's signature: only for what no script of an attack may do.</summary>
    public Vote ForgedVote(int signer, Statement statement)
    {
        var message = new byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, message);
        var signature = new byte[FastScheme.SignatureLength];
        Scheme.SignerOf(signer).Sign(message, signature);
        return new Vote(statement, new ReplicaId(signer), signature);
    }

    /// <summary>The certificate of a block: one that was shown, or made of the votes that were sent to a traitor and the traitors' own. Fails when there is none.</summary>
    public QuorumCertificate Qc(string name)
    {
        Block block = _blocks[name];
        if (block.Height.Value == 0)
        {
            return Chain.GenesisCertificate;
        }

        return Sent.SelectMany(envelope => envelope.Certificates).FirstOrDefault(certificate => certificate.Statement.Subject == block.Digest)
            ?? TryCombine(HotStuffMessages.VoteStatement(block)) ?? throw new InvalidOperationException($"no quorum voted for {name}");
    }

    /// <summary>Whether a certificate of the block can exist as far as the traitors see.</summary>
    public bool CanCertify(string name) => TryCombine(HotStuffMessages.VoteStatement(_blocks[name]), everywhere: true) is not null;

    /// <summary>The timeout certificate of a view, out of timeouts that were sent and the traitors' own.</summary>
    public QuorumCertificate Tc(ulong view) =>
        TryCombine(HotStuffMessages.TimeoutStatement(Chain.Committee.Epoch, new View(view)), everywhere: true) ?? throw new InvalidOperationException($"no quorum gave up on view {view}");

    /// <summary>A traitor's timeout.</summary>
    public TimeoutMessage Timeout(int traitor, ulong view, QuorumCertificate? highQc = null) =>
        new(Sign(traitor, HotStuffMessages.TimeoutStatement(Chain.Committee.Epoch, new View(view))), highQc ?? Chain.GenesisCertificate, null);

    /// <summary>Combines these votes, whoever made them.</summary>
    public QuorumCertificate Combine(Statement statement, IEnumerable<Vote> votes)
    {
        List<Vote> ordered = [.. votes.OrderBy(vote => vote.Signer.Value)];
        int[] signers = [.. ordered.Select(vote => vote.Signer.Value)];
        return new QuorumCertificate(statement, ReplicaSet.Of(signers), Scheme.Combine(signers, [.. ordered.Select(vote => vote.Signature)]));
    }

    /// <summary>Which honest replicas voted for a block: on the wire, or lately to themselves.</summary>
    public int[] VotersOf(string name)
    {
        Digest digest = _blocks[name].Digest;
        IEnumerable<int> onTheWire = Sent.Where(envelope => envelope.Message is VoteMessage vote && vote.Vote.Statement.Subject == digest).Select(envelope => envelope.From);
        IEnumerable<int> last = Honest.Where(replica => replica.Voter.LastOf(StatementKind.Vote)?.Statement.Subject == digest).Select(replica => replica.Id.Value);
        return [.. onTheWire.Concat(last).Distinct().Order()];
    }

    /// <summary>What must never happen, in words: honest logs that are no prefixes of one another, honest double signs, honest alarms of divergence.</summary>
    public IReadOnlyList<string> Violations()
    {
        List<string> found = [];
        Dictionary<ulong, Digest> agreed = [];
        foreach (ScriptedReplica replica in Honest)
        {
            foreach (Block block in replica.Committed)
            {
                if (!agreed.TryAdd(block.Height.Value, block.Digest) && agreed[block.Height.Value] != block.Digest)
                {
                    found.Add($"fork at height {block.Height}: {replica.Id} committed {NameOf(block)}");
                }
            }

            if (replica.Alarms.Any(alarm => alarm.Alarm == ReplicaAlarm.Diverged))
            {
                found.Add($"{replica.Id} diverged");
            }
        }

        Dictionary<(int, StatementKind, ulong), Statement> signed = [];
        foreach (Vote vote in Sent.Select(envelope => envelope.Signed).OfType<Vote>().Where(vote => _honest.ContainsKey(vote.Signer.Value)))
        {
            var key = (vote.Signer.Value, vote.Statement.Kind, vote.Statement.View.Value);
            if (!signed.TryAdd(key, vote.Statement) && signed[key] != vote.Statement)
            {
                found.Add($"{vote.Signer} signed two of {vote.Statement.Kind} in view {vote.Statement.View}");
            }
        }

        return found;
    }

    private string NameOf(Block block) => _blocks.FirstOrDefault(entry => entry.Value.Digest == block.Digest).Key ?? block.ToString();

    private QuorumCertificate? TryCombine(Statement statement, bool everywhere = false)
    {
        SortedDictionary<int, Vote> votes = [];
        foreach (Envelope envelope in Sent.Where(envelope => everywhere || Traitors.Contains(envelope.To)))
        {
            if (envelope.Signed is { } vote && vote.Statement == statement)
            {
                votes[vote.Signer.Value] = vote;
            }
        }

        foreach (int traitor in Traitors)
        {
            votes[traitor] = Sign(traitor, statement);
        }

        return votes.Count >= Chain.Committee.QuorumSize && _size > 0 ? Combine(statement, votes.Values) : null;
    }
}
