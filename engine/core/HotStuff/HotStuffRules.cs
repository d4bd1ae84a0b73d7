namespace Bft.Engine.HotStuff;

/// <summary>
/// The safety of chained HotStuff, all of it, in the words of the paper (Yin, Malkhi, Reiter, Golan Gueta, Abraham: "HotStuff: BFT
/// Consensus in the Lens of Blockchain", PODC 2019, algorithms 4 and 5). Pure predicates over headers and certificates; what a replica
/// signs twice is the <see cref="Voter"/>'s affair. Virtual, so that a simulation can put a broken rule in an honest one's place.
/// </summary>
/// <remarks>
/// The paper inserts dummy nodes for skipped views, so that "direct parent" means "previous view"; without dummy nodes the views
/// themselves are compared. Parent links alone are unsafe: a fork exists.
/// </remarks>
public class HotStuffRules
{
    /// <summary>The rules as they should be.</summary>
    public static HotStuffRules Paper { get; } = new();

    /// <summary>
    /// What any block must hold on its own: parent == justify.node, one above the height and at a later view than what its certificate certifies.
    /// The certificate's view is the signed one, so it cannot be inflated.
    /// </summary>
    public virtual bool IsWellFormed(Block block) =>
        block.Justify is { Statement: { Kind: StatementKind.Vote } justified } &&
        block.Header.Parent == justified.Subject &&
        block.Height == justified.Slot.Next() &&
        block.View > justified.View &&
        block.Header.Epoch == justified.Epoch;

    /// <summary>A certificate certifies this very block: subject, height and view are the block's own.</summary>
    public virtual bool Certifies(QuorumCertificate certificate, Block block) =>
        certificate.Statement.Kind == StatementKind.Vote &&
        certificate.Statement.Subject == block.Digest &&
        certificate.Statement.Slot == block.Height &&
        certificate.View == block.View;

    /// <summary>Who made the block leads its view, for those who extend its parent.</summary>
    public virtual bool IsOfLeader(ReplicaId proposer, ReplicaId leader) => proposer == leader;

    /// <summary>Time on the chain does not go back.</summary>
    /// <param name="time">The block's, in milliseconds.</param>
    /// <param name="parentTime">Its parent's.</param>
    public virtual bool FollowsInTime(ulong time, ulong parentTime) => time >= parentTime;

    /// <summary>Of the blocks that a leader makes for one view, the first to come is looked at and no other. Guards, beside the voter, against two votes in a view.</summary>
    public virtual bool IsFirstOfView(Block newest, Block block) => newest.View != block.View || newest.Digest == block.Digest;

    /// <summary>safeNode: the block extends the locked block (safety), or its certificate is of a later view than the lock (liveness).</summary>
    public virtual bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) =>
        extendsLockedBlock || justifyView > lockedView;

    /// <summary>highQC is the certificate of the highest view, not the latest to come.</summary>
    public virtual bool Raises(View certified, View highest) => certified > highest;

    /// <summary>curView never goes back, whatever certificate comes late.</summary>
    public virtual bool Advances(View to, View current) => to > current;

    /// <summary>
    /// A view that a quorum gave up is left when the view it leads to is a later one. Not when the view that was given up is: under tenures a certificate of votes and one of
    /// timeouts of the same view lead to different views, and whoever went by the first must still follow the others by the second.
    /// </summary>
    /// <param name="givenUp">The view that the timeout certificate is of.</param>
    /// <param name="leadsTo">The view that it leads to (<see cref="Shared.ILeaderElection.AfterTimeout"/>).</param>
    /// <param name="current">curView.</param>
    public virtual bool LeavesView(View givenUp, View leadsTo, View current) => Advances(leadsTo, current);

    /// <summary>A leader proposes once a view: lastProposedView. Guards, beside the voter, against two blocks in a view.</summary>
    public virtual bool MayPropose(View view, View lastProposed) => view > lastProposed;

    /// <summary>On a certificate for b″, its parent b′ (a two-chain) is locked if later than the lock.</summary>
    public virtual bool Locks(View parentOfCertified, View lockedView) => parentOfCertified > lockedView;

    /// <summary>b ← b′ ← b″ with a certificate for b″ commits b when the three views are consecutive (DECIDE on a direct three-chain).</summary>
    public virtual bool Commits(View b, View b1, View b2) => b1.Value == b.Value + 1 && b2.Value == b1.Value + 1;
}
