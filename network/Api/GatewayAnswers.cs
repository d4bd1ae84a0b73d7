using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;

namespace Bft.Network.Api;

/// <summary>What became of a submitted run. The values are wire format.</summary>
public enum SubmitVerdict : byte
{
    /// <summary>Taken; it will be proposed.</summary>
    Accepted = 1,

    /// <summary>These very bytes wait already.</summary>
    Duplicate = 2,

    /// <summary>Executed before; the receipt is at hand.</summary>
    Executed = 3,

    /// <summary>No room now: back off, then send the same bytes again, here or elsewhere.</summary>
    Full = 4,

    /// <summary>Will never be taken as it is.</summary>
    Rejected = 5,
}

/// <summary>The answer to a submitted run.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="Receipts">With <see cref="SubmitVerdict.Executed"/>: the results of its first execution, one receipt for each height, in the order of the sequences.</param>
/// <param name="Reason">With <see cref="SubmitVerdict.Rejected"/> and <see cref="SubmitVerdict.Full"/>: what, where, what to do.</param>
public readonly record struct SubmitAnswer(SubmitVerdict Verdict, IReadOnlyList<Receipt>? Receipts = null, string? Reason = null)
{
    /// <summary>The answer to a run that one height executed.</summary>
    /// <param name="verdict">What became of it.</param>
    /// <param name="receipt">The result of its first execution.</param>
    public SubmitAnswer(SubmitVerdict verdict, Receipt receipt)
        : this(verdict, [receipt])
    {
    }
}

/// <summary>A key in the executed state.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="Height">The executed height this describes.</param>
public readonly record struct QueryAnswer(bool Found, ReadOnlyMemory<byte> Value, Height Height);

/// <summary>A key in a certified state, or why there is no proof.</summary>
/// <param name="Proof">The proof; null when there is none.</param>
/// <param name="Refusal">Why there is none and what to do; null when there is one.</param>
public readonly record struct ProofAnswer(KeyProof? Proof, string? Refusal = null);

/// <summary>What makes the value of a key believable to someone who knows nothing but genesis.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="StateProof">The canonical proof of value or absence against <paramref name="Header"/>'s executed state root.</param>
/// <param name="Header">A header whose <see cref="BlockHeader.Executed"/> is the state that was read.</param>
/// <param name="Certificate">The certificate of that header.</param>
public sealed record KeyProof(bool Found, ReadOnlyMemory<byte> Value, ReadOnlyMemory<byte> StateProof, BlockHeader Header, QuorumCertificate Certificate)
{
    /// <summary>The height whose state was read.</summary>
    public Height Height => Header.Executed.Height;
}

/// <summary>The answer to a read index.</summary>
/// <param name="AtLeast">The height to wait for; meaningful without a refusal.</param>
/// <param name="Refusal">Why a linearizable read cannot start here; null when it can.</param>
public readonly record struct ReadIndexAnswer(Height AtLeast, ReadRefusal? Refusal = null);

/// <summary>Where a transaction was committed.</summary>
/// <param name="Height">The block.</param>
/// <param name="Code">Its result as this validator computed it.</param>
/// <param name="Run">The run that carried it.</param>
public sealed record TransactionAnswer(Height Height, byte Code, Run Run);

/// <summary>What a validator thinks of itself and its peers.</summary>
/// <param name="Height">The last committed height.</param>
/// <param name="ExecutedHeight">The last executed height.</param>
/// <param name="View">The current view.</param>
/// <param name="Leader">Who leads it, if known.</param>
/// <param name="Head">The digest of the last committed block.</param>
/// <param name="StateRoot">The state root after <paramref name="ExecutedHeight"/>.</param>
/// <param name="CommittedTransactions">Transactions executed since genesis; one that was committed twice is one.</param>
/// <param name="Mempool">Transactions waiting here.</param>
/// <param name="Voting">Whether it votes.</param>
/// <param name="NotVotingBecause">Why it does not; null when it does.</param>
/// <param name="TransactionsPerSecond">The recent rate of commits, in transactions.</param>
/// <param name="BlocksPerSecond">The recent rate of commits, in blocks.</param>
/// <param name="ViewChanges">Views given up since start.</param>
/// <param name="Peers">The other validators as seen from here.</param>
/// <param name="SharedKeys">Key generations; null where there are none.</param>
public sealed record StatusAnswer(
    Height Height,
    Height ExecutedHeight,
    View View,
    ReplicaId? Leader,
    Digest Head,
    Digest StateRoot,
    ulong CommittedTransactions,
    int Mempool,
    bool Voting,
    string? NotVotingBecause,
    double TransactionsPerSecond,
    double BlocksPerSecond,
    ulong ViewChanges,
    ImmutableArray<PeerAnswer> Peers,
    SharedKeyView? SharedKeys = null);

/// <summary>Another validator as seen from this one.</summary>
/// <param name="Id">Which.</param>
/// <param name="Connected">Whether a link is up.</param>
/// <param name="Height">The last height it was heard to have.</param>
public readonly record struct PeerAnswer(ReplicaId Id, bool Connected, Height Height);
