using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Shared;
using static Bft.Engine.Tests.Toys.PrimaryWindowMessages;

namespace Bft.Engine.Tests.Toys;

/// <summary>What a test may break in <see cref="PrimaryWindow"/>.</summary>
internal enum PrimaryWindowFlaw
{
    None,

    /// <summary>A restarted primary goes on in its old view, as if it still knew what it hastened.</summary>
    SameLife,

    /// <summary>What was accepted is forgotten at the commit instead of when the ledger has it.</summary>
    ForgetsAtCommit,
}

/// <summary>
/// A toy that proves the port carries slot protocols: replica 0 is the primary for ever and orders a window of slots at once, without parents and
/// without certificates; a majority's acknowledgements commit. Multi-Paxos with one proposer: each life of the primary is a view; a new life first asks a
/// majority what was accepted, proposes the latest of each slot again and fills gaps with <see cref="Block.Null"/>. That is why a proposal
/// promises nothing and may leave before the flush.
/// </summary>
internal sealed class PrimaryWindow : IProtocol
{
    public const int Window = 8;

    private static readonly TimerId Beat = new(1);
    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(25);

    private readonly Chain _chain;
    private readonly ReplicaId _self;
    private readonly Voter _voter;
    private readonly PrimaryWindowFlaw _flaw;
    private readonly VoteCollector _acks;
    private readonly SortedDictionary<ulong, Vote> _accepted = [];
    private readonly Dictionary<Digest, Block> _blocks = [];
    private readonly SortedDictionary<int, Promise> _promises = [];
    private readonly SortedDictionary<ulong, Block> _proposed = [];
    private readonly SortedSet<ulong> _chosen = [];
    private View _view;
    private Height _committed;
    private Height _next;
    private bool _leading;
    private bool _asked;

    public PrimaryWindow(ProtocolContext context, PrimaryWindowFlaw flaw = PrimaryWindowFlaw.None)
    {
        _chain = context.Chain;
        _self = context.Self;
        _voter = context.Voter;
        _flaw = flaw;
        _acks = new VoteCollector(_chain.Committee, perSigner: 4 * Window);
    }

    public static ReplicaId Primary => new(0);

    public static ProtocolDescriptor Descriptor { get; } = new(
        "primary-window",
        FaultModel.Crash,
        "Lamport: Paxos Made Simple. 2001",
        context => new PrimaryWindow(context),
        (_, _, _) => true,
        PrimaryWindowMessages.Decode,
        [
            new SigningRule(StatementKind.NewView),
            new SigningRule(StatementKind.Ballot),
            new SigningRule(StatementKind.Append, PerSlot: true, FencedBelowBy: [StatementKind.Ballot]),
        ]);

    public ProtocolStatus Status => new(_view, Primary, default, 0);

    /// <summary>How many gaps were filled.</summary>
    public int GapsFilled { get; private set; }

    public void Start(RecoveredState recovered, IEffects effects)
    {
        _committed = recovered.Tip.Height;
        foreach (Block block in recovered.Stored)
        {
            _blocks[block.Digest] = block;
        }

        foreach (SafetyRecord record in recovered.Records.Where(record => record.Key.Kind == (byte)StatementKind.Append && record.Key.Slot > _committed.Value))
        {
            var reader = new CanonicalReader(record.Content);
            _accepted[record.Key.Slot] = Vote.Decode(ref reader);
        }

        _view = _voter.HighestSignedView;
        if (_self != Primary)
        {
            return;
        }

        _view = _flaw == PrimaryWindowFlaw.SameLife && _view.Value > 0 ? _view : _view.Next();
        effects.Arm(Beat, BeatEvery);
        if (_voter.Sign(new Statement(StatementKind.NewView, _chain.Committee.Epoch, _view, default, default)) is { Signed: true } life)
        {
            Persist(life, effects);
            effects.Enter(_view, Primary);
            effects.Broadcast(new Prepare(_view));
            effects.Send(_self, new Prepare(_view));
        }
    }

    public void Step(Input input, IEffects effects)
    {
        switch (input)
        {
            case Input.Received { Message: Prepare prepare }:
                OnPrepare(prepare, effects);
                break;
            case Input.Received { Message: Promise promise } received when promise.View == _view:
                _promises[received.Sender.Value] = promise;
                break;
            case Input.Received { Message: Accept accept } when accept.View >= _view:
                OnAccept(accept, effects);
                break;
            case Input.Received { Message: Accepted accepted } when _leading && accepted.View == _view:
                if (!_acks.Add(accepted.Vote).Quorum.IsDefaultOrEmpty)
                {
                    _chosen.Add(accepted.Vote.Statement.Slot.Value);
                }

                break;
            case Input.Received { Message: Point point } when point.View >= _view:
                Learn(point.View, point.UpTo, effects);
                break;
            case Input.Fetched fetched:
                _blocks[fetched.Block.Digest] = fetched.Block;
                break;
            case Input.PayloadReady ready:
                _asked = false;
                Propose(ready, effects);
                break;
            case Input.Synced synced:
                _committed = synced.Tip.Height;
                break;
            case Input.Settled settled:
                Forget(settled.Through, effects);
                break;
            case Input.Expired:
                OnBeat(effects);
                break;
        }

        if (_flaw == PrimaryWindowFlaw.ForgetsAtCommit)
        {
            Forget(_committed, effects);
        }

        if (_self == Primary)
        {
            BeginToLead(effects);
            Advance(effects);
            Ask(effects);
        }
    }

    private void OnPrepare(Prepare prepare, IEffects effects)
    {
        SigningAnswer promise = _voter.Sign(new Statement(StatementKind.Ballot, _chain.Committee.Epoch, prepare.View, default, default));
        if (promise.Signed && prepare.View >= _view)
        {
            _view = prepare.View;
            Persist(promise, effects);
            effects.Send(Primary, new Promise(_view, _committed, [.. _accepted.Values.Take(1024)]));
        }
    }

    private void OnAccept(Accept accept, IEffects effects)
    {
        Block block = accept.Block;
        var statement = new Statement(StatementKind.Append, _chain.Committee.Epoch, accept.View, block.Height, block.Digest);
        if (_voter.Sign(statement) is not { Signed: true } answer)
        {
            return;
        }

        _view = accept.View;
        Persist(answer, effects);
        if (block.Height > _committed)
        {
            if (_blocks.TryAdd(block.Digest, block))
            {
                effects.Store(block);
            }

            _accepted[block.Height.Value] = answer.Vote;
        }

        effects.Send(Primary, new Accepted(_view, answer.Vote));
        Learn(accept.View, accept.UpTo, effects);
    }

    // What was accepted in the view of the primary that speaks is what it committed; anything older has to come by sync.
    private void Learn(View view, Height upTo, IEffects effects)
    {
        _view = view;
        while (_self != Primary && _committed < upTo && _accepted.TryGetValue(_committed.Value + 1, out Vote vote) && vote.Statement.View == view &&
            _blocks.TryGetValue(vote.Statement.Subject, out Block? block))
        {
            effects.Commit(block, new CommitProof(null, []));
            _committed = block.Height;
        }

        if (_committed < upTo)
        {
            effects.CatchUp(upTo, ReplicaSet.Of(Primary.Value));
        }
    }

    // Phase 1 is over when a majority promised and every block that they accepted is here.
    private void BeginToLead(IEffects effects)
    {
        if (_leading || !_chain.Committee.IsQuorum(ReplicaSet.Of([.. _promises.Keys])))
        {
            return;
        }

        Height committed = _promises.Values.Max(promise => promise.Committed);
        if (_committed < committed)
        {
            effects.CatchUp(committed, ReplicaSet.Empty);
            return;
        }

        SortedDictionary<ulong, Vote> latest = [];
        foreach (Vote vote in _promises.Values.SelectMany(promise => promise.Accepted).Where(vote => vote.Statement.Slot > _committed))
        {
            if (!latest.TryGetValue(vote.Statement.Slot.Value, out Vote other) || vote.Statement.View > other.Statement.View)
            {
                latest[vote.Statement.Slot.Value] = vote;
            }
        }

        if (latest.Values.FirstOrDefault(vote => !_blocks.ContainsKey(vote.Statement.Subject)) is { Statement.Slot.Value: > 0 } missing)
        {
            effects.RequestBlock(missing.Statement.Subject, ReplicaSet.Of(missing.Signer.Value));
            return;
        }

        _leading = true;
        _next = _committed.Next();
        for (; latest.Count > 0 && _next.Value <= latest.Keys.Last(); _next = _next.Next())
        {
            bool known = latest.TryGetValue(_next.Value, out Vote vote);
            GapsFilled += known ? 0 : 1;
            Offer(known ? _blocks[vote.Statement.Subject] : Block.Null(_chain, _next), effects);
        }
    }

    private void Ask(IEffects effects)
    {
        if (_leading && !_asked && _next.Value <= _committed.Value + Window)
        {
            _asked = true;
            effects.RequestPayload(new PayloadRequest(_view, _next, [.. _proposed.Values.Where(block => block.Height > _committed).Select(block => block.Digest)]));
        }
    }

    private void Propose(Input.PayloadReady ready, IEffects effects)
    {
        if (!_leading || ready.Payload.IsEmpty || ready.Request.Height != _next)
        {
            // Nothing to order: asked again at the next beat.
            _asked = ready.Payload.IsEmpty;
            return;
        }

        StatePoint executed = _next.Value > Window ? effects.PointAt(new Height(_next.Value - Window)) ?? default : default;
        var header = new BlockHeader(_chain.Committee.Epoch, _next, _view, Digest.None, ready.Payload.Root, executed, _self, ready.Time);
        _next = _next.Next();
        Offer(new Block(_chain, header, ready.Payload, null), effects);
    }

    private void Offer(Block block, IEffects effects)
    {
        _proposed[block.Height.Value] = block;
        _blocks[block.Digest] = block;
        effects.Store(block);
        Send(block, effects);
        effects.Send(_self, new Accept(_view, _committed, block));
    }

    private void Send(Block block, IEffects effects)
    {
        foreach (int other in _chain.Committee.Everyone.Without(_self).ToArray())
        {
            effects.Hasten(new ReplicaId(other), new Accept(_view, _committed, block));
        }
    }

    private void Advance(IEffects effects)
    {
        Height before = _committed;
        while (_leading && _chosen.Contains(_committed.Value + 1) && _proposed.TryGetValue(_committed.Value + 1, out Block? block))
        {
            effects.Commit(block, new CommitProof(null, []));
            _committed = block.Height;
        }

        if (before != _committed)
        {
            _asked = false;
        }
    }

    private void OnBeat(IEffects effects)
    {
        effects.Arm(Beat, BeatEvery);
        _asked = false;
        if (!_leading)
        {
            effects.Broadcast(new Prepare(_view));
            return;
        }

        effects.Broadcast(new Point(_view, _committed));
        foreach (Block block in _proposed.Values.Where(block => block.Height > _committed))
        {
            Send(block, effects);
        }
    }

    // Not at the commit: the ledger is written behind, and what a crash takes from it must still be known to have been accepted.
    private void Forget(Height through, IEffects effects)
    {
        foreach (ulong slot in _accepted.Keys.TakeWhile(slot => slot <= through.Value).ToList())
        {
            _accepted.Remove(slot);
        }

        foreach (ulong slot in _proposed.Keys.TakeWhile(slot => slot <= through.Value).ToList())
        {
            _proposed.Remove(slot);
        }

        foreach (Block block in _blocks.Values.Where(block => block.Height <= through).ToList())
        {
            _blocks.Remove(block.Digest);
        }

        _chosen.RemoveWhere(slot => slot <= through.Value);
        _voter.Discard(StatementKind.Append, through.Value);
        effects.Discard((byte)StatementKind.Append, through.Value);
    }

    private static void Persist(SigningAnswer answer, IEffects effects)
    {
        if (answer.Record is { } record)
        {
            effects.Persist(record);
        }
    }
}
