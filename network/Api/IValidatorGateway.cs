using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Network.Api;

/// <summary>
/// What the client API needs of the validator behind it. The node implements it over mempool, executor, ledger and replica loop;
/// tests implement it over a ledger in memory. Every method may be called by any thread at any time and must not throw on what
/// a client asked for: refusals are answers.
/// </summary>
public interface IValidatorGateway
{
    /// <summary>The chain this validator serves.</summary>
    Chain Chain { get; }

    /// <summary>Genesis: names and addresses for people, keys for clients.</summary>
    Genesis Genesis { get; }

    /// <summary>Which validator this is.</summary>
    ReplicaId Self { get; }

    /// <summary>The Ed25519 identity key: signs receipts and answers, because clear text authenticates nobody.</summary>
    ISigner Identity { get; }

    /// <summary>What does the arithmetic of certificates in this process: <c>managed</c>, or a native library's name.</summary>
    string Backend { get; }

    /// <summary>Where the executor publishes the receipts of every block.</summary>
    ReceiptFeed Receipts { get; }

    /// <summary>
    /// Takes a decoded run: checks its signature and commands, pools it and spreads it. Called on the thread that reads the
    /// client's stream, so a slow answer slows that client alone.
    /// </summary>
    SubmitAnswer Submit(Run run);

    /// <summary>Reads the executed state.</summary>
    QueryAnswer Query(ReadOnlyMemory<byte> key);

    /// <summary>Reads a state that some certified header vouches for, with the proof.</summary>
    ProofAnswer Prove(ReadOnlyMemory<byte> key);

    /// <summary>The height whose state a linearizable read that starts now must see, as far as this replica can know it.</summary>
    ValueTask<ReadIndexAnswer> ReadIndexAsync(CancellationToken cancellation);

    /// <summary>Completes when that height is executed here; returns the executed height, at least that.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before that.</exception>
    ValueTask<Height> WaitExecutedAsync(Height atLeast, CancellationToken cancellation);

    /// <summary>The state of this validator, for people.</summary>
    StatusAnswer Status();

    /// <summary>Why this validator is of no use to clients now, for health checks; null when it is.</summary>
    string? OutOfService => null;

    /// <summary>The last committed height; cheaper than all of <see cref="Status"/>.</summary>
    Height CommittedHeight => Status().Height;

    /// <summary>The committed block at that height, or null.</summary>
    CommittedBlock? Block(Height height);

    /// <summary>The committed block of that digest, or null.</summary>
    CommittedBlock? Block(Digest digest);

    /// <summary>
    /// Heights of committed blocks whose digest begins with those lowercase hexadecimal digits, at most that many. Out of the query
    /// index, which is seconds behind: the newest blocks may be missing, and all are while it is made anew.
    /// </summary>
    IReadOnlyList<Height> BlocksByDigest(string digits, int atMost);

    /// <summary>Where that transaction was committed, or null.</summary>
    TransactionAnswer? Transaction(TransactionId id);

    /// <summary>
    /// Committed blocks from that height on, out of the ledger first and then as they are committed, without end. Pulled: an item
    /// is read when it is asked for, so that a slow reader holds one block and nothing else.
    /// </summary>
    IAsyncEnumerable<CommittedBlock> Watch(Height from, CancellationToken cancellation);

    /// <summary>The newest evidence against validators, newest first, at most that many.</summary>
    IReadOnlyList<Evidence> Evidence(int atMost);
}
