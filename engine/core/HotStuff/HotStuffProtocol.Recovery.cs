using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

public sealed partial class HotStuffProtocol
{
    /// <summary>Beyond that many missing blocks the committed part is caught up in chunks instead of block by block.</summary>
    private const int FetchDepth = 16;

    private const int MaxOrphans = 512;

    private static readonly TimeSpan FetchRetry = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<Digest, Block> _orphans = [];
    private BlockHeader? _tipParent;

    // One an author, so that nobody pushes out the leader's: who leads shows when the parent is there.
    private readonly SortedDictionary<int, ProposalMessage> _waiting = [];
    private QuorumCertificate? _wantedBy;
    private Digest _wanted;

    /// <inheritdoc/>
    public void Start(RecoveredState recovered, IEffects effects)
    {
        _tree = new BlockTree(_election, recovered.Tip, StandingAt(recovered.Tip, effects));
        _tip = _tree.Root;
        _tipParent = recovered.Tip.Height.Value > 0 ? effects.HeaderAt(recovered.Tip.Height.Previous()) : null;
        _lastNonEmpty = LastNonEmpty(recovered.Tip, effects);
        foreach (SafetyRecord record in recovered.Records)
        {
            Restore(record);
        }

        foreach (Block block in recovered.Stored)
        {
            if (_tree.Add(block) is { } added && added.Block.View > _tip.Block.View)
            {
                _tip = added;
            }
        }

        if (_tree.Find(_highQc.Statement.Subject) is null)
        {
            _unresolved = _highQc;
        }

        // No view lower than any signed in: the voter would rightly refuse, and this replica would be mute.
        _view = View.Max(_voter.HighestSignedView, View.Max(_highQc.View.Next(), _lastTc is { } tc ? _election.AfterTimeout(tc.View) : default));
        if (_lastTc is { } last && _election.AfterTimeout(last.View) != _view)
        {
            _lastTc = null;
        }

        _started = true;
        effects.Enter(_view, LeaderOf(_view));
        foreach (Block block in recovered.Stored)
        {
            OnQuorumCertificate(block.Justify!, effects);
        }

        if (recovered.TipProof?.Certificate is { } certificate)
        {
            OnQuorumCertificate(certificate, effects);
        }

        if (_unresolved is { } unresolved)
        {
            Want(unresolved.Statement.Subject, unresolved, effects);
        }

        SayAgain(effects);
        TryLead(effects);
        KeepTime(effects);
    }

    // What was promised in this view may never have left: say the same bytes again.
    private void SayAgain(IEffects effects)
    {
        if (_voter.LastOf(StatementKind.Timeout) is { } timeout && timeout.Statement.View == _view)
        {
            var message = new TimeoutMessage(timeout, BestQc, _lastTc);
            effects.Broadcast(message);
            effects.Send(_self, message);
            return;
        }

        if (_voter.LastOf(StatementKind.Proposal) is { } authorship && authorship.Statement.View == _view &&
            _tree.Find(authorship.Statement.Subject) is { } proposed)
        {
            effects.Broadcast(new ProposalMessage(authorship, proposed.Block, proposed.Block.Justify!.View.Next() == _view ? null : _lastTc));
            if ((_voter.LastOf(StatementKind.Vote)?.Statement.View ?? default) < _view)
            {
                TryVote(proposed, proposed.Parent!, effects);
            }
        }

        if (_voter.LastOf(StatementKind.Vote) is { } vote && vote.Statement.View == _view &&
            _tree.Find(vote.Statement.Subject) is { } voted)
        {
            effects.Send(_election.Leader(_view.Next(), voted.Standing), new VoteMessage(vote));
        }
    }

    private void Restore(SafetyRecord record)
    {
        var reader = new CanonicalReader(record.Content);
        switch (record.Key.Kind)
        {
            case HighQcRecord:
                _highQc = _persistedHighQc = QuorumCertificate.Decode(ref reader);
                break;
            case LockRecord:
                _lockedView = _persistedLock = new View(reader.UInt64());
                _votedLockHeight = _lockedHeight = new Height(reader.UInt64());
                _lockedBlock = reader.Digest();
                break;
            case LastTcRecord:
                _lastTc = _persistedTc = QuorumCertificate.Decode(ref reader);
                break;
            default:
                return;
        }

        if (!reader.Complete)
        {
            throw new InvalidDataException($"The journal's record {record.Key} is malformed although its checksum holds: it was written by another version.");
        }
    }

    private Standing StandingAt(Block tip, IEffects effects)
    {
        Height start = _election.FoldStart(tip.Height);
        BlockHeader? previous = start == tip.Height ? tip.Header : start.Value == 0 ? _chain.GenesisBlock.Header : effects.HeaderAt(start);
        if (previous is null)
        {
            return _election.Begin(tip.Header);
        }

        return Fold(_election.Begin(previous), previous, tip, effects);
    }

    private Standing Fold(Standing standing, BlockHeader previous, Block tip, IEffects effects)
    {
        for (Height height = previous.Height.Next(); height <= tip.Height; height = height.Next())
        {
            BlockHeader? header = height == tip.Height ? tip.Header : effects.HeaderAt(height);
            if (header is null)
            {
                break;
            }

            standing = _election.After(standing, previous, header);
            previous = header;
        }

        return standing;
    }

    private Height LastNonEmpty(Block tip, IEffects effects)
    {
        BlockHeader? header = tip.Header;
        for (int i = 0; i < FetchDepth && header is { Height.Value: > 0 }; i++)
        {
            if (header.PayloadRoot != _emptyPayload)
            {
                return header.Height;
            }

            header = effects.HeaderAt(header.Height.Previous());
        }

        return default;
    }

    private void Noticed(TreeBlock block, IEffects effects)
    {
        if (block.Block.View > _tip.Block.View)
        {
            _tip = block;
        }

        if (_unresolved is { } unresolved && unresolved.Statement.Subject == block.Block.Digest)
        {
            _unresolved = null;
            OnQuorumCertificate(unresolved, effects);
        }
    }

    private void Want(Digest digest, QuorumCertificate certificate, IEffects effects)
    {
        // A certificate that names nobody: a quorum of all has it.
        ReplicaSet holders = (certificate.Signers == ReplicaSet.Empty ? _chain.Committee.Everyone : certificate.Signers).Without(_self);
        _wanted = digest;
        _wantedBy = certificate;
        if (certificate.Statement.Slot.Value > _tree.Root.Block.Height.Value + FetchDepth)
        {
            effects.CatchUp(new Height(certificate.Statement.Slot.Value - 3), holders);
        }

        // Also when far behind: what is certified and not committed is in nobody's ledger.
        effects.RequestBlock(digest, holders);

        effects.Arm(FetchTimer, FetchRetry);
    }

    private void FetchAgain(IEffects effects)
    {
        ForgetResolved();
        if (_unresolved is not null && _wantedBy is { } certificate)
        {
            Want(_orphans.ContainsKey(_wanted) ? certificate.Statement.Subject : _wanted, certificate, effects);
        }
    }

    private void ForgetResolved()
    {
        // Not the highest certificate itself: after a restart its block may be missing too.
        if (_unresolved is { } unresolved &&
            (unresolved.View < _highQc.View || unresolved.Statement.Slot <= _tree.Root.Block.Height || _tree.Find(unresolved.Statement.Subject) is not null))
        {
            _unresolved = null;
        }
    }

    // Fetched blocks were asked for by digest: a certificate or a certified child names them. They may come from the newest back.
    private void OnFetched(Block block, IEffects effects)
    {
        if (_tree.Find(block.Digest) is not null || block.Height <= _tree.Root.Block.Height || !_rules.IsWellFormed(block))
        {
            return;
        }

        if (_orphans.Count >= MaxOrphans && _orphans.Values.MaxBy(orphan => orphan.View.Value) is { } newest)
        {
            // The deepest are what a chain is built on; the newest can be fetched again.
            _orphans.Remove(newest.Digest);
        }

        _orphans[block.Digest] = block;

        if (_tree.Find(block.Header.Parent) is null)
        {
            if (block.Digest == _wanted && _wantedBy is { } certificate)
            {
                Want(block.Header.Parent, certificate, effects);
            }

            return;
        }

        Adopt(effects);
    }

    private void Adopt(IEffects effects)
    {
        bool adopted = true;
        while (adopted)
        {
            adopted = false;
            foreach (Block block in _orphans.Values.OrderBy(block => block.View.Value).ToList())
            {
                if (block.Height <= _tree.Root.Block.Height)
                {
                    _orphans.Remove(block.Digest);
                }
                else if (_tree.Find(block.Header.Parent) is { } parent)
                {
                    _orphans.Remove(block.Digest);
                    if (_rules.Certifies(block.Justify!, parent.Block) && _tree.Add(block) is { } added)
                    {
                        adopted = true;
                        OnQuorumCertificate(block.Justify!, effects);
                        Noticed(added, effects);
                    }
                }
            }
        }

        if (_unresolved is null)
        {
            effects.Disarm(FetchTimer);
        }

        foreach (ProposalMessage waiting in _waiting.Values.Where(waiting => _tree.Find(waiting.Block.Header.Parent) is not null).ToList())
        {
            _waiting.Remove(waiting.Block.Header.Proposer.Value);
            Consider(waiting.Block, effects);
        }
    }

    private void OnSynced(Input.Synced synced, IEffects effects)
    {
        if (synced.Tip.Height <= _tree.Root.Block.Height)
        {
            return;
        }

        _tree.Reset(synced.Tip, Fold(_tree.Root.Standing, _tree.Root.Block.Header, synced.Tip, effects));
        _tipParent = effects.HeaderAt(synced.Tip.Height.Previous());
        _lastNonEmpty = Height.Max(_lastNonEmpty, LastNonEmpty(synced.Tip, effects));
        if (_tree.Find(_tip.Block.Digest) is null)
        {
            _tip = _tree.Root;
        }

        _backOff.Succeeded();
        if (synced.Proof.Certificate is { } certificate)
        {
            OnQuorumCertificate(certificate, effects);
        }

        Adopt(effects);
        ForgetResolved();
        if (_unresolved is { } unresolved)
        {
            Want(unresolved.Statement.Subject, unresolved, effects);
        }
    }
}
