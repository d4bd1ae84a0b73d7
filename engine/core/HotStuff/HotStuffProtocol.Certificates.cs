using System.Collections.Immutable;
using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

public sealed partial class HotStuffProtocol
{
    private QuorumCertificate? _unresolved;

    private void OnCertificate(QuorumCertificate certificate, IEffects effects)
    {
        if (certificate.Statement.Kind == StatementKind.Timeout)
        {
            OnTimeoutCertificate(certificate, effects);
        }
        else if (certificate.Statement.Kind == StatementKind.Vote)
        {
            OnQuorumCertificate(certificate, effects);
        }
    }

    // UPDATE of the paper: on a certificate for b2, raise highQC, lock b1, commit b0.
    private void OnQuorumCertificate(QuorumCertificate certificate, IEffects effects)
    {
        if (_tree.Find(certificate.Statement.Subject) is { } b2)
        {
            if (!_rules.Certifies(certificate, b2.Block))
            {
                return;
            }

            if (_rules.Raises(certificate.View, _highQc.View))
            {
                _highQc = certificate;
            }

            LockAndCommit(certificate, b2, effects);
        }
        else if (certificate.View > _highQc.View && (_unresolved is null || certificate.View > _unresolved.View))
        {
            _unresolved = certificate;
            Want(certificate.Statement.Subject, certificate, effects);
        }

        // A quorum was in this view: so may we, with or without the block.
        EnterView(certificate.View.Next(), null, effects);
    }

    private void LockAndCommit(QuorumCertificate certificate, TreeBlock b2, IEffects effects)
    {
        if (b2.Parent is not { } b1)
        {
            return;
        }

        if (_rules.Locks(b1.Block.View, _lockedView))
        {
            _lockedView = b1.Block.View;
            _lockedBlock = b1.Block.Digest;
            _lockedHeight = b1.Block.Height;
        }

        if (b1.Parent is { } b0 && b0 != _tree.Root && _rules.Commits(b0.Block.View, b1.Block.View, b2.Block.View))
        {
            CommitThrough(b0, b1, b2, certificate, effects);
        }
    }

    private void CommitThrough(TreeBlock b0, TreeBlock b1, TreeBlock b2, QuorumCertificate certificate, IEffects effects)
    {
        IReadOnlyList<TreeBlock> committed = _tree.Commit(b0);
        for (int i = 0; i < committed.Count; i++)
        {
            var path = ImmutableArray.CreateBuilder<BlockHeader>(committed.Count - i - 1 + 2);
            for (int j = i + 1; j < committed.Count; j++)
            {
                path.Add(committed[j].Block.Header);
            }

            path.Add(b1.Block.Header);
            path.Add(b2.Block.Header);
            Block block = committed[i].Block;
            effects.Commit(block, new CommitProof(certificate, path.MoveToImmutable()));
            if (block.Header.PayloadRoot != _emptyPayload)
            {
                _lastNonEmpty = block.Height;
            }
        }

        _backOff.Succeeded();
        _votes.ForgetBelow(b0.Block.View);
        _timeoutVotes.ForgetBelow(b0.Block.View);
        _authorships.ForgetBelow(b0.Block.View);
        if (_tree.Find(_tip.Block.Digest) is null)
        {
            _tip = b2;
        }
    }

    private void OnTimeoutCertificate(QuorumCertificate certificate, IEffects effects)
    {
        View next = _election.AfterTimeout(certificate.View);
        if (_rules.LeavesView(certificate.View, next, _view))
        {
            EnterView(next, certificate, effects);
        }
    }

    private void EnterView(View view, QuorumCertificate? timeoutCertificate, IEffects effects)
    {
        if (!_rules.Advances(view, _view))
        {
            return;
        }

        _view = view;
        _waiting.Clear();
        _lastTc = timeoutCertificate;
        if (timeoutCertificate is not null)
        {
            _viewChanges++;
            _backOff.Failed();
        }

        effects.Disarm(ViewTimer);
        _viewTimerArmed = false;
        effects.Enter(view, LeaderOf(view));
    }
}
