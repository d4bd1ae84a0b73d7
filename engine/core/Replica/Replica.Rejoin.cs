using Bft.Engine.Sync;

namespace Bft.Engine;

/// <remarks>
/// A replica that lost its safety records might vote twice, so it counts as Byzantine until it has seen a block committed by a quorum
/// without it, in a view above every view that it may have signed in: where the highest view that q <em>others</em> show leads to, by a
/// certificate or by a timeout (<see cref="IProtocol.LeadsTo"/>). Were it to count itself or to ask q−1 others, four replicas could fork.
/// With n = 4, such a replica and a dead one halt the chain.
/// <para>
/// Why that is enough: only a certificate moved it, also by way of f+1 that moved before. Its signers were in the view it certifies, q−1 of
/// them others, f of these honest even if f others lie: of any q others one honest is among them, and shows that view or a later one.
/// </para>
/// </remarks>
public sealed partial class Replica
{
    /// <summary>Without a commit for that long, heads of others that are higher mean that this replica missed something.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1.5);

    private readonly SortedDictionary<int, View> _othersViews = [];
    private View? _mayHaveSigned;
    private TimeSpan _committedAt;
    private ulong _headNonce;

    /// <summary>True while this replica does not vote because its safety records were lost.</summary>
    public bool EarningVoteBack { get; private set; }

    /// <summary>What answers to this life's question for heads carry; for tests.</summary>
    internal ulong HeadNonce => _headNonce;

    private void StartRejoin()
    {
        EarningVoteBack = !_ports.Voter.MayVote;
        if (EarningVoteBack)
        {
            _headNonce = _ports.Clock.UnixMilliseconds + 1;
            _sync.AskHeads(_now, _headNonce);
        }
    }

    private void TakeHead(HeadArrived head)
    {
        _sync.Note(head);
        CatchUpWithASilentChain();
        // The first answer of each counts: whatever this replica signed, it signed before it asked. An answer to its last life, kept for it
        // while it was down, tells of a time before that.
        if (!EarningVoteBack || head.Nonce != _headNonce || head.Sender == _ports.Self || !_othersViews.TryAdd(head.Sender.Value, head.View))
        {
            return;
        }

        ReplicaSet shown = ReplicaSet.Empty;
        foreach (int id in _othersViews.Keys)
        {
            shown = shown.With(new ReplicaId(id));
        }

        // Any quorum of others bounds what may have been signed; the lowest bound of those that answered is taken, so that liars with giant
        // views delay the vote only while no quorum without them has answered.
        if (_ports.Chain.Committee.IsQuorum(shown))
        {
            _mayHaveSigned = _protocol.LeadsTo(_othersViews.Values.Order().ElementAt(_ports.Chain.Committee.QuorumSize - 1));
        }
    }

    // Nothing is said on an idle chain, so nothing would tell a replica that came back that it is behind: the heads do.
    private void CatchUpWithASilentChain()
    {
        if (_now - _committedAt >= Silence && _sync.BelievedHead() is var head && head > _committed)
        {
            _sync.CatchUp(head, ReplicaSet.Empty, _committed, _executedHeight, _now);
        }
    }

    // A certificate that names nobody cannot show that this replica was not needed for it: under such a scheme a lost vote comes back with a new key only.
    private bool IsOthersAlone(QuorumCertificate certificate) =>
        _ports.Chain.Committee.IsQuorum(certificate.Signers) && !certificate.Signers.Contains(_ports.Self);

    private void TryResumeVoting(CommittedBlock block)
    {
        if (EarningVoteBack && _mayHaveSigned is { } signed && block.Proof.Certificate is { } certificate &&
            certificate.View > signed && block.Block.View > signed && IsOthersAlone(certificate))
        {
            EarningVoteBack = false;
            _effects.Durable.Add(_ports.Voter.Resume(certificate.View));
            _sync.StopAskingHeads();
            _ports.Observer.VotingResumed(certificate.View);
        }
    }
}
