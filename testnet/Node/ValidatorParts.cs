using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;
using Bft.Engine.SharedKeys;
using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Network.Api;
using Bft.Network.Peers;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>What a running validator is made of, for those who look at it from outside the loop.</summary>
internal sealed class ValidatorParts
{
    public required NodeSettings Settings { get; init; }

    public required ValidatorKeys Keys { get; init; }

    public required Chain Chain { get; init; }

    public required ReplicaId Self { get; init; }

    public required IClock Clock { get; init; }

    public required Claims Claims { get; init; }

    public required ICertificateScheme Certificates { get; init; }

    public required IApplication Application { get; init; }

    public required Executor Executor { get; init; }

    public required SharedKeyRegistry SharedKeys { get; init; }

    public required StateReader Reader { get; init; }

    public required ILedger Ledger { get; init; }

    public required QueryIndex Index { get; init; }

    public required EvidenceFile Evidence { get; init; }

    public required TransactionPool Pool { get; init; }

    public required ReceiptFeed Receipts { get; init; }

    public required ExecutionPipeline Pipeline { get; init; }

    public required CertifiedHeaders Certified { get; init; }

    public required RateWindow Rates { get; init; }

    public required Replica Replica { get; init; }

    public required PeerTransport Peers { get; init; }

    /// <summary>Why this validator does not vote; null when it does.</summary>
    public string? NotVotingBecause => Replica.Voting ? null
        : Replica.JournalFailed ? "a flush of the journal failed: restart the validator after checking its disk"
        : Replica.EarningVoteBack ? "its safety records are lost: it votes again after a quorum of the others committed a block without it, in a view above all it may have signed in"
        : "its state differs from what a quorum vouches for: restore it from the blocks of another validator";
}
