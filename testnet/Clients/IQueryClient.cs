using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>How fresh an answer must be.</summary>
public enum Consistency
{
    /// <summary>It reflects every write that was committed before the question.</summary>
    Linearizable,

    /// <summary>One validator's state, however old.</summary>
    Stale,
}

/// <summary>Reads the chain. Safe for many calls at once.</summary>
public interface IQueryClient : IAsyncDisposable
{
    /// <summary>The value of a key, or its absence.</summary>
    /// <param name="key">The key in UTF-8.</param>
    /// <param name="consistency">How fresh.</param>
    /// <param name="prove">Whether to ask for a proof and check it against genesis.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClientException">Nobody answered, the read could be neither settled by a quorum nor ordered, or a proof did not hold.</exception>
    Task<KeyAnswer> GetAsync(ReadOnlyMemory<byte> key, Consistency consistency, bool prove, CancellationToken cancellation);

    /// <summary>The block at a height, or null when it is not committed yet.</summary>
    Task<BlockAnswer?> BlockAsync(Height height, CancellationToken cancellation);

    /// <summary>The committed block of that digest, or null when there is none.</summary>
    Task<BlockAnswer?> BlockAsync(Digest digest, CancellationToken cancellation);

    /// <summary>The height that executed a transaction, on the word of f+1 validators, or null when it is not committed.</summary>
    Task<Height?> TransactionAsync(TransactionId id, CancellationToken cancellation);

    /// <summary>
    /// Committed blocks in ascending order without gaps, from a height on and then as they come. Goes on elsewhere when a validator dies, lies or withholds blocks, and waits
    /// when there is none.
    /// </summary>
    /// <param name="from">The first height; null for the next block to be committed once a quorum of validators answers.</param>
    /// <param name="notice">Told, once a silence, that no validators answer and why.</param>
    /// <param name="cancellation">Ends the stream.</param>
    IAsyncEnumerable<BlockAnswer> WatchAsync(Height? from, Action<string> notice, CancellationToken cancellation);
}

/// <summary>What is known about a key.</summary>
/// <param name="Found">Whether it has a value.</param>
/// <param name="Value">The value; empty when there is none.</param>
/// <param name="Height">The height of the state that was asked.</param>
/// <param name="Method">How the answer was made believable: <c>ordered</c>, <c>quorum</c>, <c>proof</c>, or <c>one validator</c>.</param>
/// <param name="Proof">What was proved, or null when no proof was asked for.</param>
public sealed record KeyAnswer(bool Found, ReadOnlyMemory<byte> Value, Height Height, string Method, KeyProof? Proof);

/// <summary>A Merkle proof under a certified state root.</summary>
/// <param name="Verified">Whether it holds against genesis.</param>
/// <param name="Root">The state root.</param>
/// <param name="CertificateView">The view of the certificate over the header that carries the root.</param>
public sealed record KeyProof(bool Verified, Digest Root, View CertificateView);

/// <summary>A committed block.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Proposer">Who proposed it.</param>
/// <param name="View">The view it was proposed in.</param>
/// <param name="Transactions">Its transactions, in order.</param>
public sealed record BlockAnswer(Height Height, Digest Digest, ReplicaId Proposer, View View, ImmutableArray<TransactionId> Transactions);
