using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

public sealed partial class HotStuffProtocol
{
    private void OnProposal(ProposalMessage proposal, IEffects effects)
    {
        Block block = proposal.Block;
        if (!_rules.IsWellFormed(block))
        {
            return;
        }

        if (_authorships.Add(proposal.Authorship).Evidence is { } evidence)
        {
            effects.Accuse(evidence);
        }

        OnQuorumCertificate(block.Justify!, effects);
        if (proposal.TimeoutCertificate is { } tc)
        {
            OnTimeoutCertificate(tc, effects);
        }

        if (block.View != _view)
        {
            return;
        }

        if (_tree.Find(block.Header.Parent) is null)
        {
            // The certificate made us fetch the parent; the proposal is looked at again when it is there.
            _waiting[block.Header.Proposer.Value] = proposal;
            return;
        }

        Consider(block, effects);
    }

    // The first block of a view by its leader joins the tree; an equivocating leader's second one can still be fetched if a quorum certifies it.
    private void Consider(Block block, IEffects effects)
    {
        TreeBlock? parent = _tree.Find(block.Header.Parent);
        if (parent is null || !_rules.FollowsInTime(block.Header.Time, parent.Block.Header.Time) || !_rules.Certifies(block.Justify!, parent.Block) ||
            !_rules.IsOfLeader(block.Header.Proposer, _election.Leader(block.View, parent.Standing)))
        {
            return;
        }

        if (!_rules.IsFirstOfView(_tip.Block, block))
        {
            return;
        }

        if (_tree.Add(block) is { } added)
        {
            Noticed(added, effects);
            TryVote(added, parent, effects);
        }
    }

    private void TryVote(TreeBlock block, TreeBlock parent, IEffects effects)
    {
        // A result that goes back behind the parent's could not be judged by those who restarted since.
        if (block.Block.Header.Executed.Height < parent.Block.Header.Executed.Height)
        {
            return;
        }

        if (!block.Block.Payload.IsEmpty && OutrunsExecution(block.Block.Height, block.Block.Header.Executed))
        {
            return;
        }

        if (block.Block.View != _view || !_rules.SafeNode(ExtendsLocked(block), parent.Block.View, _lockedView))
        {
            return;
        }

        SigningAnswer answer = _voter.Sign(HotStuffMessages.VoteStatement(block.Block));
        if (!answer.Signed)
        {
            return;
        }

        _votedLockHeight = _lockedHeight;
        effects.Store(block.Block);
        Record(answer.Record, effects);
        effects.Send(_election.Leader(_view.Next(), block.Standing), new VoteMessage(answer.Vote));
    }

    private void OnVote(Vote vote, IEffects effects)
    {
        if (vote.Statement.View.Next() < _view && vote.Statement.View <= _highQc.View)
        {
            return;
        }

        Count(_votes, vote, effects);
    }

    private static void Count(VoteCollector collector, Vote vote, IEffects effects)
    {
        Collected collected = collector.Add(vote);
        if (collected.Evidence is { } evidence)
        {
            effects.Accuse(evidence);
        }

        if (!collected.Quorum.IsDefaultOrEmpty)
        {
            effects.Combine(vote.Statement, collected.Quorum);
        }
    }

    private void CountAgain(Input.VotesRefused refused, IEffects effects)
    {
        VoteCollector collector = refused.Statement.Kind == StatementKind.Timeout ? _timeoutVotes : _votes;
        if (collector.Refuse(refused.Statement, refused.Signers) is { IsDefaultOrEmpty: false } quorum)
        {
            effects.Combine(refused.Statement, quorum);
        }
    }

    private bool ExtendsLocked(TreeBlock block)
    {
        for (TreeBlock? ancestor = block; ancestor is not null && ancestor != _tree.Root; ancestor = ancestor.Parent)
        {
            if (ancestor.Block.Digest == _lockedBlock)
            {
                return true;
            }
        }

        // Everything in the tree extends the root; whatever is locked below it is of an earlier view than any certificate here.
        return _tree.Root.Block.Digest == _lockedBlock;
    }
}
