using System.Collections.Immutable;
using Bft.Crypto;

namespace Bft.Engine.Storage;

/// <summary>
/// The one hot file: stored blocks, safety records and commit marks in the order they happened, durable after one flush. Used by the
/// loop alone (not thread-safe). Content is what was appended, with the latest record of each key.
/// </summary>
public interface IJournal : IDisposable
{
    /// <summary>What was in it when it was opened.</summary>
    JournalContents Recovered { get; }

    /// <summary>Appends a stored block.</summary>
    /// <exception cref="JournalWriteException">The write failed (disk full …); the partial record is cut and later writes may succeed.</exception>
    /// <exception cref="JournalFailedException">An earlier flush failed: nothing is accepted until restart.</exception>
    void Append(Block block);

    /// <summary>Appends a safety record.</summary>
    /// <inheritdoc cref="Append(Block)" path="/exception"/>
    void Append(SafetyRecord record);

    /// <summary>Appends that records of the kind with a slot of at most <paramref name="throughSlot"/> are forgotten.</summary>
    /// <inheritdoc cref="Append(Block)" path="/exception"/>
    void Discard(byte kind, ulong throughSlot);

    /// <summary>Appends that the block is committed; needs no flush of its own.</summary>
    /// <inheritdoc cref="Append(Block)" path="/exception"/>
    void MarkCommitted(Height height, Digest block);

    /// <summary>Makes everything appended durable (one fsync).</summary>
    /// <exception cref="JournalFailedException">The flush failed; latched: pages may be lost, no later flush can be trusted.</exception>
    void Flush();

    /// <summary>Says that the ledger holds everything up to that height durably, so that old segments may go.</summary>
    void Release(Height through);
}

/// <summary>What a journal held when it was opened.</summary>
/// <param name="Blocks">Stored blocks not yet released, in order, without those that a commit mark at their height names another for.</param>
/// <param name="Records">The latest record of each key.</param>
/// <param name="Committed">The last commit mark, if any.</param>
/// <param name="IsNew">True when there was no journal before.</param>
public sealed record JournalContents(ImmutableArray<Block> Blocks, ImmutableArray<SafetyRecord> Records, (Height Height, Digest Block)? Committed, bool IsNew);

/// <summary>A write to the journal failed and left no trace: nothing of this turn may leave; a later turn may try again.</summary>
public sealed class JournalWriteException(string message, Exception inner) : IOException(message, inner);

/// <summary>A flush failed: what was written before may be lost although a later flush succeeds. Latched until restart.</summary>
public sealed class JournalFailedException(string message, Exception? inner) : IOException(message, inner);
