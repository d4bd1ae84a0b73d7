using Bft.Crypto;
using Bft.Engine.Shared;
using static Bft.Engine.Tests.Toys.CutBackMessages;

namespace Bft.Engine.Tests.Toys;

/// <summary>What a test may break in <see cref="CutBack"/>.</summary>
[Flags]
internal enum CutBackFlaw
{
    None = 0,

    /// <summary>The tail is not persisted: a restart forgets what was acknowledged.</summary>
    ForgetsTail = 1,

    /// <summary>Votes for candidates whose log is shorter.</summary>
    VotesForAnyone = 2,
}

/// <summary>
/// A toy that proves the port carries truncation: the log of Raft (Ongaro, Ousterhout 2014) as the path of parents from a persisted tail down to the
/// ledger. A follower that meets a conflict moves its tail; nothing stored is ever cut. Terms are views, a majority commits, and only
/// blocks of the leader's own term are counted (§5.4.2).
/// </summary>
internal sealed class CutBack : IProtocol
{
    private const byte TailRecord = 0x80;
    private const int SentAtOnce = 8;

    // An append that does not fit is answered by a request, and that by an append: where messages are doubled more often than lost, that would never end.
    private const int AnswersABeat = 32;

    private static readonly TimerId Election = new(1);
    private static readonly TimerId Beat = new(2);
    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(25);

    private readonly Chain _chain;
    private readonly ReplicaId _self;
    private readonly Voter _voter;
    private readonly CutBackFlaw _flaw;
    private readonly List<Block> _log = [];
    private readonly Height[] _matched;
    private readonly int[] _answers;
    private VoteCollector _acks;
    private VoteCollector _grants;
    private Block _root;
    private View _term;
    private ReplicaId? _leader;
    private Height _verified;
    private bool _asked;

    public CutBack(ProtocolContext context, CutBackFlaw flaw = CutBackFlaw.None)
    {
        _chain = context.Chain;
        _self = context.Self;
        _voter = context.Voter;
        _flaw = flaw;
        _root = _chain.GenesisBlock;
        _matched = new Height[_chain.Committee.Size];
        _answers = new int[_chain.Committee.Size];
        _acks = new VoteCollector(_chain.Committee, perSigner: 64);
        _grants = new VoteCollector(_chain.Committee);
    }

    public static ProtocolDescriptor Descriptor { get; } = new(
        "cut-back",
        FaultModel.Crash,
        "Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm. USENIX ATC 2014",
        context => new CutBack(context),
        (_, _, _) => true,
        CutBackMessages.Decode,
        [
            new SigningRule(StatementKind.Ballot),
            new SigningRule(StatementKind.Append, PerSlot: true, FencedBelowBy: [StatementKind.Ballot]),
        ]);

    public ProtocolStatus Status => new(_term, _leader, default, 0);

    /// <summary>How many blocks were cut back.</summary>
    public int Cut { get; private set; }

    private Block Tail => _log.Count > 0 ? _log[^1] : _root;

    private bool Leading => _leader == _self;

    public void Start(RecoveredState recovered, IEffects effects)
    {
        _root = recovered.Tip;
        _term = _voter.HighestSignedView;
        Dictionary<Digest, Block> stored = [];
        foreach (Block block in recovered.Stored)
        {
            stored[block.Digest] = block;
        }

        // The log is the path from the persisted tail down to the ledger.
        if (recovered.Records.FirstOrDefault(record => record.Key.Kind == TailRecord) is { } tail)
        {
            for (var digest = new Digest(tail.Content.Span); stored.TryGetValue(digest, out Block? block); digest = block.Header.Parent)
            {
                _log.Insert(0, block);
            }

            if (_log.Count > 0 && _log[0].Header.Parent != _root.Digest)
            {
                _log.Clear();
            }
        }

        Follow(effects);
    }

    public void Step(Input input, IEffects effects)
    {
        if (input is Input.Received { Message: Message message } && message.Term > _term)
        {
            _term = message.Term;
            _leader = null;
            Follow(effects);
        }

        switch (input)
        {
            case Input.Received { Message: Canvass canvass } received when canvass.Term == _term:
                OnCanvass(received.Sender, canvass, effects);
                break;
            case Input.Received { Message: Grant grant } when grant.Term == _term && _leader is null:
                if (!_grants.Add(grant.Vote).Quorum.IsDefaultOrEmpty)
                {
                    Lead(effects);
                }

                break;
            case Input.Received { Message: Append append } received when append.Term == _term:
                Heard(received.Sender, effects);
                OnAppend(received.Sender, append, effects);
                break;
            case Input.Received { Message: Heartbeat heartbeat } received when heartbeat.Term == _term:
                Heard(received.Sender, effects);
                Learn(received.Sender, heartbeat.Commit, effects);
                break;
            case Input.Received { Message: Appended appended } received when Leading && appended.Term == _term:
                OnAppended(received.Sender, appended.Vote, effects);
                break;
            case Input.Received { Message: Lacking lacking } received when Leading && lacking.Term == _term && _answers[received.Sender.Value]++ < AnswersABeat:
                // One block an answer: eight would be answered eight times.
                SendFrom(received.Sender, lacking.After.Next(), 1, effects);
                break;
            case Input.PayloadReady ready:
                _asked = false;
                if (Leading && !ready.Payload.IsEmpty && ready.Request.View == _term)
                {
                    AppendOwn(ready.Payload, ready.Time, effects);
                }

                break;
            case Input.Synced synced:
                MoveRoot(synced.Tip, effects);
                break;
            case Input.Settled settled:
                _voter.Discard(StatementKind.Append, settled.Through.Value);
                effects.Discard((byte)StatementKind.Append, settled.Through.Value);
                break;
            case Input.Expired { Timer: var timer } when timer == Election && !Leading:
                Stand(effects);
                break;
            case Input.Expired { Timer: var timer } when timer == Beat && Leading:
                OnBeat(effects);
                break;
        }
    }

    // Timeouts differ by replica and term, or candidates would meet for ever; there is no random source here.
    private void Follow(IEffects effects)
    {
        int turn = (int)((ulong)_self.Value + _term.Value) % _chain.Committee.Size;
        effects.Arm(Election, TimeSpan.FromMilliseconds(120 + (60 * turn)));
    }

    private void Heard(ReplicaId leader, IEffects effects)
    {
        if (_leader != leader)
        {
            _leader = leader;
            _verified = _root.Height;
            effects.Enter(_term, leader);
        }

        Follow(effects);
    }

    private void Stand(IEffects effects)
    {
        _term = _term.Next();
        _leader = null;
        _grants = new VoteCollector(_chain.Committee);
        Follow(effects);
        if (Ballot(_self, effects) is { } vote)
        {
            effects.Broadcast(new Canvass(_term, Tail.View, Tail.Height));
            effects.Send(_self, new Grant(_term, vote));
        }
    }

    private void OnCanvass(ReplicaId candidate, Canvass canvass, IEffects effects)
    {
        bool upToDate = canvass.LastTerm > Tail.View || (canvass.LastTerm == Tail.View && canvass.Last >= Tail.Height);
        if ((upToDate || _flaw.HasFlag(CutBackFlaw.VotesForAnyone)) && Ballot(candidate, effects) is { } vote)
        {
            effects.Send(candidate, new Grant(_term, vote));
            Follow(effects);
        }
    }

    // One candidate a term: the slot names it, and the voter refuses another.
    private Vote? Ballot(ReplicaId candidate, IEffects effects)
    {
        SigningAnswer answer = _voter.Sign(new Statement(StatementKind.Ballot, _chain.Committee.Epoch, _term, new Height((ulong)candidate.Value), default));
        Persist(answer, effects);
        return answer.Signed ? answer.Vote : null;
    }

    private void Lead(IEffects effects)
    {
        _leader = _self;
        _acks = new VoteCollector(_chain.Committee, perSigner: 64);
        Array.Clear(_matched);
        effects.Enter(_term, _self);
        effects.Disarm(Election);
        effects.Arm(Beat, BeatEvery);
        // Old terms are committed by a block of this one.
        AppendOwn(Payload.Empty(_chain), Tail.Header.Time, effects);
    }

    private void AppendOwn(Payload payload, ulong time, IEffects effects)
    {
        Height next = Tail.Height.Next();
        StatePoint executed = next.Value > 16 ? effects.PointAt(new Height(Math.Min(_root.Height.Value, next.Value - 16))) ?? default : default;
        var block = new Block(
            _chain, new BlockHeader(_chain.Committee.Epoch, next, _term, Tail.Digest, payload.Root, executed, _self, Math.Max(time, Tail.Header.Time)), payload, null);
        _log.Add(block);
        effects.Store(block);
        MovedTail(effects);
        foreach (int other in _chain.Committee.Everyone.Without(_self).ToArray())
        {
            effects.Hasten(new ReplicaId(other), new Append(_term, _root.Height, block));
        }

        Acknowledge(block, _self, effects);
    }

    private void OnAppend(ReplicaId leader, Append append, IEffects effects)
    {
        Block block = append.Block;
        if (block.Height > _root.Height)
        {
            int place = (int)(block.Height.Value - _root.Height.Value) - 1;
            Digest? parent = place == 0 ? _root.Digest : place <= _log.Count ? _log[place - 1].Digest : null;
            if (parent != block.Header.Parent)
            {
                effects.Send(leader, new Lacking(_term, parent is null ? Tail.Height : new Height(Math.Max(_root.Height.Value, block.Height.Value - 2))));
                return;
            }

            if (place == _log.Count || _log[place].Digest != block.Digest)
            {
                // A conflict, and only a conflict, cuts: an old append that comes late must not.
                Cut += _log.Count - place;
                _log.RemoveRange(place, _log.Count - place);
                _log.Add(block);
                effects.Store(block);
                MovedTail(effects);
            }
        }

        Acknowledge(block, leader, effects);
        _verified = Height.Max(_verified, block.Height);
        Learn(leader, append.Commit, effects);
    }

    private void Acknowledge(Block block, ReplicaId leader, IEffects effects)
    {
        SigningAnswer answer = _voter.Sign(new Statement(StatementKind.Append, _chain.Committee.Epoch, _term, block.Height, block.Digest));
        Persist(answer, effects);
        if (answer.Signed)
        {
            effects.Send(leader, new Appended(_term, answer.Vote));
        }
    }

    private void OnAppended(ReplicaId follower, Vote vote, IEffects effects)
    {
        _matched[follower.Value] = Height.Max(_matched[follower.Value], vote.Statement.Slot);
        bool quorum = !_acks.Add(vote).Quorum.IsDefaultOrEmpty;
        int place = (int)(vote.Statement.Slot.Value - _root.Height.Value) - 1;
        if (quorum && vote.Statement.Slot > _root.Height && place < _log.Count && _log[place].View == _term)
        {
            CommitThrough(vote.Statement.Slot, effects);
            Ask(effects);
        }
    }

    // A follower commits what the leader committed and what it knows to be as in the leader's log.
    private void Learn(ReplicaId leader, Height commit, IEffects effects)
    {
        CommitThrough(new Height(Math.Min(commit.Value, _verified.Value)), effects);
        if (commit > _root.Height)
        {
            // The leader may have nothing left to send: what it committed is in its ledger.
            effects.CatchUp(commit, ReplicaSet.Of(leader.Value));
        }
    }

    private void CommitThrough(Height height, IEffects effects)
    {
        while (_root.Height < height && _log.Count > 0)
        {
            effects.Commit(_log[0], new CommitProof(null, []));
            _root = _log[0];
            _log.RemoveAt(0);
        }
    }

    private void MoveRoot(Block tip, IEffects effects)
    {
        bool extends = _log.Exists(block => block.Digest == tip.Digest);
        Cut += extends ? 0 : _log.Count(block => block.Height >= tip.Height);
        _log.RemoveAll(block => !extends || block.Height <= tip.Height);
        _root = tip;
        MovedTail(effects);
    }

    private void OnBeat(IEffects effects)
    {
        effects.Arm(Beat, BeatEvery);
        Array.Clear(_answers);
        effects.Broadcast(new Heartbeat(_term, _root.Height));
        foreach (int other in _chain.Committee.Everyone.Without(_self).ToArray())
        {
            SendFrom(new ReplicaId(other), _matched[other].Value == 0 ? Tail.Height : _matched[other].Next(), SentAtOnce, effects);
        }

        _asked = false;
        Ask(effects);
    }

    private void SendFrom(ReplicaId to, Height first, int count, IEffects effects)
    {
        foreach (Block block in _log.Where(block => block.Height >= first).Take(count))
        {
            effects.Hasten(to, new Append(_term, _root.Height, block));
        }
    }

    private void Ask(IEffects effects)
    {
        if (Leading && !_asked && _log.Count < SentAtOnce)
        {
            _asked = true;
            effects.RequestPayload(new PayloadRequest(_term, Tail.Height.Next(), [.. _log.Select(block => block.Digest)]));
        }
    }

    private void MovedTail(IEffects effects)
    {
        if (!_flaw.HasFlag(CutBackFlaw.ForgetsTail))
        {
            effects.Persist(new SafetyRecord(new RecordKey(TailRecord), Tail.Digest.ToArray()));
        }
    }

    private static void Persist(SigningAnswer answer, IEffects effects)
    {
        if (answer.Record is { } record)
        {
            effects.Persist(record);
        }
    }
}
