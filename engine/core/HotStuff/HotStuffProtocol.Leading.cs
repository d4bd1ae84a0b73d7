using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

public sealed partial class HotStuffProtocol
{
    /// <summary>How far a header's <see cref="BlockHeader.Executed"/> stays behind its parent, so that every replica has executed it when it votes.</summary>
    private const ulong ExecutionLag = 3;

    /// <summary>
    /// A block with transactions has its result vouched for by a header at most so many heights later: else consensus could run away from execution,
    /// and what waits to be executed would have no bound. Blocks beyond are empty until execution has caught up.
    /// </summary>
    public const ulong MaxUnexecuted = 32;

    private bool _idleElapsed;

    // The leader proposes once a view, on the highest certificate whose block it has, when there is something to do.
    private void TryLead(IEffects effects)
    {
        if (!_started || _payloadRequestedFor >= _view || !(HasWork() || _idleElapsed) || !Leads(out TreeBlock parent))
        {
            return;
        }

        _payloadRequestedFor = _view;
        effects.RequestPayload(new PayloadRequest(_view, parent.Block.Height.Next(), _tree.BranchDigests(parent)));
    }

    private bool Leads(out TreeBlock parent)
    {
        TreeBlock? highest = _tree.Find(_highQc.Statement.Subject);
        parent = highest ?? _tree.Root;
        return highest is not null &&
            _election.Leader(_view, highest.Standing) == _self &&
            (_highQc.View.Next() == _view || _lastTc is not null) &&
            _rules.MayPropose(_view, _voter.LastOf(StatementKind.Proposal)?.Statement.View ?? default);
    }

    private void Propose(Input.PayloadReady ready, IEffects effects)
    {
        if (ready.Request.View != _view || !Leads(out TreeBlock parent) || parent.Block.Height.Next() != ready.Request.Height)
        {
            // The highest certificate moved while the mempool answered: ask again for what is now its child.
            _payloadRequestedFor = default;
            return;
        }

        BlockHeader last = parent.Block.Header;
        StatePoint executed = ExecutedFor(last, effects);
        Payload payload = OutrunsExecution(last.Height.Next(), executed) ? Payload.Empty(_chain) : ready.Payload;
        var header = new BlockHeader(
            last.Epoch,
            last.Height.Next(),
            _view,
            parent.Block.Digest,
            payload.Root,
            executed,
            _self,
            Math.Max(last.Time, ready.Time));
        var block = new Block(_chain, header, payload, _highQc);
        SigningAnswer answer = _voter.Sign(ProposalMessage.ProposalStatement(block));
        if (!answer.Signed || _tree.Add(block) is not { } added)
        {
            return;
        }

        _idleElapsed = false;
        effects.Store(block);
        Record(answer.Record, effects);
        effects.Broadcast(new ProposalMessage(answer.Vote, block, _highQc.View.Next() == _view ? null : _lastTc));
        Noticed(added, effects);
        TryVote(added, parent, effects);
    }

    private static bool OutrunsExecution(Height height, StatePoint executed) => height.Value > executed.Height.Value + MaxUnexecuted;

    // The newest result that every replica surely has by the time it votes; never older than the parent's.
    private static StatePoint ExecutedFor(BlockHeader parent, IEffects effects)
    {
        ulong newest = parent.Height.Value > ExecutionLag ? parent.Height.Value - ExecutionLag : 0;
        for (ulong height = newest; height > parent.Executed.Height.Value; height--)
        {
            if (effects.PointAt(new Height(height)) is { } point)
            {
                return point;
            }
        }

        return parent.Executed;
    }

    // With nothing left to propose, the leader alone would know the last certificate: it shows it, so that all stand level while the chain is silent.
    private void CloseQuietly(QuorumCertificate certificate, IEffects effects)
    {
        if (ReferenceEquals(certificate, _highQc) && certificate.View.Next() == _view && !HasWork() && Leads(out _))
        {
            effects.Broadcast(new CertificatesMessage(certificate, null));
        }
    }

    // Pending is any transaction not yet committed, also one inside an uncommitted block; and a result that no certified header which everyone has
    // exposes yet: an idle chain adds the few empty blocks for it and then falls silent.
    private bool HasWork()
    {
        if (_demand)
        {
            return true;
        }

        for (TreeBlock? block = _tip; block is not null && block != _tree.Root; block = block.Parent)
        {
            if (block.Block.Header.PayloadRoot != _emptyPayload)
            {
                return true;
            }
        }

        return _lastNonEmpty.Value > 0 && ExposedByTip() < _lastNonEmpty;
    }

    private Height ExposedByTip()
    {
        if (_tip.Parent is { } certified)
        {
            return certified.Block.Header.Executed.Height;
        }

        return _tipParent?.Executed.Height ?? default;
    }
}
