using Bft.Crypto;
using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

/// <summary>
/// Chained HotStuff with a three-chain commit on consecutive views. Each view one leader proposes one block on the highest certificate;
/// votes go to the leader of the next view, so the steady state costs 2(n−1) messages a block. See <see cref="HotStuffRules"/> for what makes
/// it safe and <see cref="TenureElection"/> for what keeps it live under silent leaders.
/// </summary>
/// <remarks>
/// Split by concern: this file dispatches; <c>.Certificates</c> advances by certificates (highQC, lock, commit), <c>.Leading</c> proposes,
/// <c>.Voting</c> votes, <c>.Views</c> times out and changes views, <c>.Recovery</c> starts after a crash and fills holes.
/// </remarks>
public sealed partial class HotStuffProtocol : IProtocol
{
    /// <summary>Votes, and timeouts, of one signer that are kept.</summary>
    private const int VotesKept = VoteCollector.DefaultPerSigner;

    /// <summary>Proposals of one signer whose authorship is kept.</summary>
    private const int ProposalsKept = 8;

    private readonly Chain _chain;
    private readonly ReplicaId _self;
    private readonly Voter _voter;
    private readonly ProtocolOptions _options;
    private readonly HotStuffRules _rules;
    private readonly ILeaderElection _election;
    private readonly VoteCollector _votes;
    private readonly VoteCollector _timeoutVotes;
    private readonly VoteCollector _authorships;
    private readonly TimeoutTally _timeouts;
    private readonly BackOff _backOff;
    private readonly Digest _emptyPayload;

    private BlockTree _tree;
    private View _view;
    private QuorumCertificate _highQc;
    private View _lockedView;
    private Digest _lockedBlock;
    private Height _lockedHeight;
    private Height _votedLockHeight;
    private QuorumCertificate? _lastTc;
    private TreeBlock _tip;
    private Height _lastNonEmpty;
    private bool _demand;
    private View _payloadRequestedFor;
    private ulong _viewChanges;
    private bool _started;

    /// <summary>The line by which the engine knows this protocol.</summary>
    public static ProtocolDescriptor Descriptor { get; } = new(
        "hotstuff",
        FaultModel.Byzantine,
        "Yin, Malkhi, Reiter, Golan Gueta, Abraham: HotStuff: BFT Consensus in the Lens of Blockchain. PODC 2019, arXiv 1803.05069",
        context => new HotStuffProtocol(context),
        HotStuffCommit.IsCommitted,
        HotStuffMessages.Decode,
        [
            new SigningRule(StatementKind.Proposal, FencedBy: [StatementKind.Timeout]),
            new SigningRule(StatementKind.Vote, FencedBy: [StatementKind.Timeout]),
            new SigningRule(StatementKind.Timeout),
        ]);

    /// <summary>Makes an instance for one replica.</summary>
    /// <param name="context">Chain, self, voter, options.</param>
    /// <param name="rules">The safety rules; null for the paper's.</param>
    /// <param name="election">The leader election; null for the context's, else the one that the options name.</param>
    public HotStuffProtocol(ProtocolContext context, HotStuffRules? rules = null, ILeaderElection? election = null)
        : this(context, new HotStuffParts { Rules = rules ?? HotStuffRules.Paper, Election = election })
    {
    }

    /// <summary>Makes an instance for one replica.</summary>
    /// <param name="context">Chain, self, voter, options.</param>
    /// <param name="parts">What it is put together from.</param>
    public HotStuffProtocol(ProtocolContext context, HotStuffParts parts)
    {
        _chain = context.Chain;
        _self = context.Self;
        _voter = context.Voter;
        _options = context.Options;
        _rules = parts.Rules;
        _election = parts.Election ?? context.Election ?? TenureElection.Create(context.Options.LeaderElection, _chain.Committee);
        _votes = parts.Collector(_chain.Committee, VotesKept);
        _timeoutVotes = parts.Collector(_chain.Committee, VotesKept);
        _authorships = parts.Collector(_chain.Committee, ProposalsKept);
        _timeouts = parts.Tally(_chain.Committee);
        _backOff = parts.BackOff(context.Options);
        _emptyPayload = Payload.Empty(_chain).Root;
        _highQc = _chain.GenesisCertificate;
        _tree = new BlockTree(_election, _chain.GenesisBlock, Standing.Fresh);
        _tip = _tree.Root;
        _lockedBlock = _chain.GenesisBlock.Digest;
    }

    /// <inheritdoc/>
    public ProtocolStatus Status
    {
        get
        {
            View afterTimeout = _election.AfterTimeout(_view);
            return new(_view, LeaderOf(_view), _highQc.View, _viewChanges)
            {
                NextLeader = LeaderOf(_view.Next()),
                AfterTimeout = afterTimeout,
                LeaderAfterTimeout = LeaderOf(afterTimeout),
            };
        }
    }

    /// <inheritdoc/>
    public int Kept => _votes.Count + _timeoutVotes.Count + _authorships.Count + _orphans.Count + _waiting.Count;

    /// <inheritdoc/>
    public long KeptBytes => _orphans.Values.Sum(static block => (long)block.Encoded.Length) + _waiting.Values.Sum(static proposal => (long)proposal.Block.Encoded.Length);

    /// <inheritdoc/>
    public View LeadsTo(View shown) => View.Max(shown.Next(), _election.AfterTimeout(shown));

    /// <inheritdoc/>
    public void Step(Input input, IEffects effects)
    {
        switch (input)
        {
            case Input.Received received:
                Receive(received.Sender, received.Message, effects);
                break;
            case Input.Certified certified:
                OnCertificate(certified.Certificate, effects);
                CloseQuietly(certified.Certificate, effects);
                break;
            case Input.VotesRefused refused:
                CountAgain(refused, effects);
                break;
            case Input.PayloadReady ready:
                Propose(ready, effects);
                break;
            case Input.Expired expired:
                Expire(expired.Timer, effects);
                break;
            case Input.Fetched fetched:
                OnFetched(fetched.Block, effects);
                break;
            case Input.Synced synced:
                OnSynced(synced, effects);
                break;
            case Input.Demand demand:
                _demand = demand.Oldest is not null;
                break;
            case Input.Executed or Input.Settled:
                break;
            case Input.Read read:
                effects.ReadReady(read.Id, PossiblyCommitted());
                break;
            case Input.Administer or Input.Reconfigured:
                break;
        }

        TryLead(effects);
        KeepTime(effects);
    }

    private void Receive(ReplicaId sender, ProtocolMessage message, IEffects effects)
    {
        switch (message)
        {
            case ProposalMessage proposal:
                OnProposal(proposal, effects);
                break;
            case VoteMessage vote:
                OnVote(vote.Vote, effects);
                break;
            case TimeoutMessage timeout:
                OnTimeout(sender, timeout, effects);
                break;
            case CertificatesMessage certificates:
                OnCertificate(certificates.HighQc, effects);
                if (certificates.LastTc is { } tc)
                {
                    OnTimeoutCertificate(tc, effects);
                }

                break;
        }
    }

    // A linearizable read at one replica of a quorum must wait for what may be committed already. Whoever voted for the end of a three-chain
    // was locked on its beginning by then, so every quorum of answers holds an honest replica whose lock at its last vote is at or above any
    // committed block. (Not the lock of now: on a silent chain that block may stay uncommitted until somebody has something to say.)
    private Height PossiblyCommitted() => Height.Max(_votedLockHeight, _tree.Root.Block.Height);

    private ReplicaId? LeaderOf(View view) => _election.Leader(view, StandingOfHighQc());

    private Standing StandingOfHighQc() => (_tree.Find(_highQc.Statement.Subject) ?? _tree.Root).Standing;
}
