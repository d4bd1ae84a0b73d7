using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Protocol;

namespace Bft.Client;

/// <summary>What became of one transaction, on the word of f+1 validators.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Height">The block that executed it; 0 when rejected.</param>
/// <param name="Code">Its result: 0 for success, below 0xF0 the application's, above the engine's (<see cref="ReceiptCodes"/>).</param>
/// <param name="Rejection">Why f+1 validators did not take it; null when it was executed.</param>
public readonly record struct TransactionResult(TransactionId Id, Height Height, byte Code, string? Rejection)
{
    /// <summary>True when it was executed, with whatever code of the application: neither rejected nor passed over by the engine.</summary>
    public bool IsCommitted => Rejection is null && Code < ReceiptCodes.FirstReserved;
}

/// <summary>What became of one run, on the word of f+1 validators.</summary>
/// <param name="Receipt">
/// What f+1 validators signed alike: one code a transaction, and the height by which all were executed; null when rejected.
/// </param>
/// <param name="Rejection">
/// Why f+1 validators, hence an honest one, did not take it; null when it was executed. They will not propose it; that nobody ever does
/// is not proved by it: sequences of a rejected run stay used, and the same bytes may be submitted again to learn more.
/// </param>
public readonly record struct RunResult(Receipt? Receipt, string? Rejection)
{
    /// <summary>
    /// <see cref="Receipt"/> by the heights that executed it, in the order of the sequences: one, unless the run repeats sequences of
    /// earlier runs. None when rejected.
    /// </summary>
    public IReadOnlyList<Receipt> Parts { get; init; } = [];

    /// <summary>The block that executed transaction <paramref name="index"/> of the run; 0 where none did.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The run was rejected, or has fewer transactions.</exception>
    public Height HeightAt(int index)
    {
        int left = index;
        foreach (Receipt part in Parts)
        {
            if (left < part.Count)
            {
                return part.Height;
            }

            left -= part.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(index), index, "The result has no such transaction.");
    }
}

/// <summary>How a read became believable.</summary>
public enum ReadPath
{
    /// <summary>A quorum signed equal answers, each from a state as new as the validator's read index.</summary>
    Quorum,

    /// <summary>A barrier was ordered, then f+1 validators signed equal answers from states that include it.</summary>
    Ordered,

    /// <summary>One validator's word: may be old, may be false.</summary>
    Stale,
}

/// <summary>A key's value or absence.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="Height">The state it describes: at least this height for linearizable reads.</param>
/// <param name="Path">How it became believable.</param>
public readonly record struct ReadResult(bool Found, ReadOnlyMemory<byte> Value, Height Height, ReadPath Path);

/// <summary>A key's value or absence that was proved against genesis.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="Height">The state that was proved.</param>
/// <param name="StateRoot">Its root.</param>
/// <param name="CertificateView">The view of the certificate that vouches for it.</param>
/// <param name="Signers">Who signed the certificate.</param>
public sealed record ProvenValue(bool Found, ReadOnlyMemory<byte> Value, Height Height, Digest StateRoot, View CertificateView, ImmutableArray<int> Signers);

/// <summary>A transaction that is proved to be in a committed block.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Height">The block it was found in.</param>
/// <param name="Code">Its result, on the word of f+1 validators.</param>
/// <param name="Command">The command.</param>
public sealed record CommittedTransaction(TransactionId Id, Height Height, byte Code, ReadOnlyMemory<byte> Command);

/// <summary>One endpoint's answer to a status question.</summary>
/// <param name="Endpoint">Whom was asked.</param>
/// <param name="Status">What it says of itself, unproved; null when it did not answer.</param>
/// <param name="Error">Why it did not answer; null when it did.</param>
public sealed record EndpointStatus(Uri Endpoint, StatusReply? Status, string? Error);
