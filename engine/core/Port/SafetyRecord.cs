using System.Collections.Immutable;

namespace Bft.Engine;

/// <summary>The name of a safety record; the latest record of a key replaces the earlier ones.</summary>
/// <param name="Kind">The kind: below 0x80 the <see cref="StatementKind"/> whose last signature it keeps, above it the protocol's own.</param>
/// <param name="Slot">The slot, for kinds that keep one record a slot; else 0.</param>
public readonly record struct RecordKey(byte Kind, ulong Slot = 0);

/// <summary>Something that must survive a crash before the message it justifies may leave.</summary>
/// <param name="Key">The name.</param>
/// <param name="Content">The canonical bytes, at most 1 MiB.</param>
public sealed record SafetyRecord(RecordKey Key, ReadOnlyMemory<byte> Content)
{
    /// <summary>The longest content in bytes.</summary>
    public const int MaxContentBytes = 1 << 20;
}

/// <summary>What survived the last run, handed to <see cref="IProtocol.Start"/>.</summary>
/// <param name="Tip">The last committed block (genesis at first).</param>
/// <param name="TipProof">Its proof; null for genesis.</param>
/// <param name="Stored">Blocks stored and not committed, in the order they were stored.</param>
/// <param name="Records">The latest safety record of each key.</param>
public sealed record RecoveredState(Block Tip, CommitProof? TipProof, ImmutableArray<Block> Stored, ImmutableArray<SafetyRecord> Records);
