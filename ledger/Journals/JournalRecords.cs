using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Ledger;

/// <summary>What a record in the journal says. Values are the file format.</summary>
internal enum JournalRecordKind : byte
{
    /// <summary>First record of a segment: next sequence (8), released height (8), last mark (height (8), digest (32); zeros for none). What follows restates everything that lives.</summary>
    Carry = 1,

    /// <summary>A stored block: sequence (8), canonical bytes.</summary>
    Block = 2,

    /// <summary>A safety record: kind (1), slot (8), content.</summary>
    Safety = 3,

    /// <summary>Safety records are forgotten: kind (1), through slot (8).</summary>
    Discard = 4,

    /// <summary>A block is committed: height (8), digest (32).</summary>
    Commit = 5,

    /// <summary>The ledger holds everything up to a height (8).</summary>
    Release = 6,
}

/// <summary>Writes and reads records: kind (1), length (4), content.</summary>
internal static class JournalRecords
{
    public const int PrefixBytes = 1 + 4;

    public static void Carry(StagingBuffer into, JournalState state)
    {
        Begin(into, JournalRecordKind.Carry, 8 + 8 + 8 + Digest.Size);
        into.UInt64(state.NextSequence);
        into.UInt64(state.Released.Value);
        into.UInt64(state.Committed?.Height.Value ?? 0);
        into.Digest(state.Committed?.Block ?? Digest.None);
    }

    public static void Block(StagingBuffer into, ulong sequence, Block block)
    {
        Begin(into, JournalRecordKind.Block, 8 + block.Encoded.Length);
        into.UInt64(sequence);
        into.Raw(block.Encoded.Span);
    }

    public static void Safety(StagingBuffer into, SafetyRecord record)
    {
        Begin(into, JournalRecordKind.Safety, 1 + 8 + record.Content.Length);
        into.Byte(record.Key.Kind);
        into.UInt64(record.Key.Slot);
        into.Raw(record.Content.Span);
    }

    public static void Discard(StagingBuffer into, byte kind, ulong throughSlot)
    {
        Begin(into, JournalRecordKind.Discard, 1 + 8);
        into.Byte(kind);
        into.UInt64(throughSlot);
    }

    public static void Commit(StagingBuffer into, Height height, Digest block)
    {
        Begin(into, JournalRecordKind.Commit, 8 + Digest.Size);
        into.UInt64(height.Value);
        into.Digest(block);
    }

    public static void Release(StagingBuffer into, Height through)
    {
        Begin(into, JournalRecordKind.Release, 8);
        into.UInt64(through.Value);
    }

    /// <summary>
    /// Applies every record of a frame to a state, as records of that segment. Blocks and contents are copied out of
    /// <paramref name="records"/>. Returns null, or what is wrong.
    /// </summary>
    public static string? Replay(Chain chain, ReadOnlySpan<byte> records, JournalState state, JournalSegment segment)
    {
        while (!records.IsEmpty)
        {
            if (records.Length < PrefixBytes)
            {
                return "a record is cut short inside a whole frame";
            }

            var kind = (JournalRecordKind)records[0];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(records[1..]);
            if (length > (uint)(records.Length - PrefixBytes))
            {
                return "a record is longer than its frame";
            }

            byte[] content = records.Slice(PrefixBytes, (int)length).ToArray();
            if (!Apply(chain, kind, content, state, segment))
            {
                return $"a record of kind {(byte)kind} ({length} bytes) inside a whole frame cannot be read: it was written by another version";
            }

            records = records[(PrefixBytes + (int)length)..];
        }

        return null;
    }

    private static bool Apply(Chain chain, JournalRecordKind kind, byte[] content, JournalState state, JournalSegment segment)
    {
        var reader = new CanonicalReader(content);
        switch (kind)
        {
            case JournalRecordKind.Carry:
                (ulong next, ulong released, ulong height, Digest digest) = (reader.UInt64(), reader.UInt64(), reader.UInt64(), reader.Digest());
                state.Restate(next, new Height(released), height == 0 ? null : (new Height(height), digest));
                return reader.Complete;
            case JournalRecordKind.Block:
                ulong sequence = reader.UInt64();
                ReadOnlyMemory<byte> encoded = reader.Raw(reader.Remaining);
                if (reader.Failed || !Engine.Block.TryDecode(chain, encoded, out Block? block))
                {
                    return false;
                }

                state.Store(block!, sequence)?.MoveTo(segment);
                return true;
            case JournalRecordKind.Safety:
                var key = new RecordKey(reader.Byte(), reader.UInt64());
                state.Persist(new SafetyRecord(key, reader.Raw(reader.Remaining)));
                return reader.Complete;
            case JournalRecordKind.Discard:
                state.Discard(reader.Byte(), reader.UInt64());
                return reader.Complete;
            case JournalRecordKind.Commit:
                state.Commit(new Height(reader.UInt64()), reader.Digest());
                return reader.Complete;
            case JournalRecordKind.Release:
                state.Release(new Height(reader.UInt64()));
                return reader.Complete;
            default:
                return false;
        }
    }

    private static void Begin(StagingBuffer into, JournalRecordKind kind, int length)
    {
        into.Byte((byte)kind);
        into.UInt32((uint)length);
    }
}
