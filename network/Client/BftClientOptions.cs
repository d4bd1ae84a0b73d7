using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Client;

/// <summary>What a client is made of. Only <see cref="Genesis"/> is needed to read; submitting needs a signer and sequences.</summary>
public sealed record BftClientOptions
{
    /// <summary>The chain's genesis: the only thing the client trusts.</summary>
    public required Genesis Genesis { get; init; }

    /// <summary>
    /// Validators' client endpoints (<c>http://host:port</c> or <c>https://…</c>); null for all of genesis in clear text. At least
    /// f+1 different validators must be reachable to submit, a quorum for linearizable reads without ordering. Name each validator
    /// once: rejections are not signed and count by endpoint, so a validator that is named twice has two voices in them.
    /// </summary>
    public IReadOnlyList<Uri>? Endpoints { get; init; }

    /// <summary>For <c>https</c> endpoints: pins of acceptable TLS keys; null for those of genesis. Names and issuers are not looked at.</summary>
    public IReadOnlyList<Digest>? TlsPins { get; init; }

    /// <summary>The client's key; owned by the caller. Null when nothing is submitted by <see cref="BftClient.SubmitAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, or unsigned.</summary>
    public ISigner? Signer { get; init; }

    /// <summary>On a chain that admits unsigned transactions: the 32-byte name to submit under instead of signing.</summary>
    public ReadOnlyMemory<byte>? UnsignedName { get; init; }

    /// <summary>Where sequences come from, for example a <see cref="ClientState"/>; owned by the caller.</summary>
    public ISequenceSource? Sequences { get; init; }

    /// <summary>Whether a command is well-formed (the application's CheckTx): refused before it is sent, so that it harms no other command of its run.</summary>
    public Func<ReadOnlyMemory<byte>, string?>? CheckCommand { get; init; }

    /// <summary>Makes a command that changes nothing that matters: ordered where reads do not agree. Null: such reads fail instead.</summary>
    public Func<ReadOnlyMemory<byte>>? Barrier { get; init; }

    /// <summary>Checks the application's state proofs. Null: <see cref="BftClient.ProveAsync"/> cannot be used.</summary>
    public StateProofCheck? StateProofCheck { get; init; }

    /// <summary>What proves a commit; null for the rule registered for genesis' protocol.</summary>
    public CommitRule? CommitRule { get; init; }

    /// <summary>The most transactions sent and not yet committed; more wait. Default 8192.</summary>
    public int Window { get; init; } = 8192;

    /// <summary>The most transactions put into one run (one signature, one receipt). Default 64.</summary>
    public int RunTransactions { get; init; } = 64;

    /// <summary>How long a command waits for others to share its run. Default none: whatever waits while a run is made goes into the next.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.Zero;

    /// <summary>After what time without commit a run is sent to another validator. Doubles up to eightfold. Default 2 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for f+1 validators before the first submission fails. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one question to one validator may take. Default 6 s: a bit more than validators wait for a height.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How often a linearizable read asks for agreeing answers before it is ordered. Default 3.</summary>
    public int ReadAttempts { get; init; } = 3;
}

/// <summary>
/// Whether <paramref name="proof"/> shows that the state with root <paramref name="stateRoot"/> holds <paramref name="value"/> under
/// <paramref name="key"/>, or (null) nothing. Pure; false for anything malformed.
/// </summary>
public delegate bool StateProofCheck(Chain chain, Digest stateRoot, ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> proof);

/// <summary>Something the client was asked for cannot be had; the message says what, where and what to do.</summary>
public sealed class BftClientException(string message, Exception? inner = null) : Exception(message, inner);
