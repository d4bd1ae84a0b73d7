using System.Buffers.Binary;
using System.IO.Hashing;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Ledger;

/// <summary>
/// One committed block on disk. Header: mark (4), length of the content (4), height (8), how many bytes of the file were durable when it
/// was written (4), checksum of the content (8), checksum of the header (4). Content: hash chain up to it (32), block digest (32),
/// <see cref="CommittedBlock.Encode"/>.
/// </summary>
/// <remarks>
/// Several records may be written between two flushes, and a crash may keep a later one and lose an earlier one. So a good record
/// behind a bad one proves damage only when it was written after the bad one's place had been flushed: that is what the durable
/// length says. The header's own checksum tells a record that was cut off (the file ends early) from a length that went bad.
/// </remarks>
internal static class BlockRecord
{
    public const int HeaderBytes = 4 + 4 + 8 + 4 + 8 + 4;
    public const int ChainAt = HeaderBytes;
    public const int DigestAt = ChainAt + Digest.Size;
    public const int BlockLengthAt = DigestAt + Digest.Size;
    public const int BlockHeaderAt = BlockLengthAt + 4;
    private const int LengthAt = 4;
    private const int HeightAt = 8;
    private const int DurableAt = 16;
    private const int ContentChecksumAt = 20;
    private const int HeaderChecksumAt = 28;

    /// <summary>The first four bytes of every record.</summary>
    public static ReadOnlySpan<byte> Mark => "BLK\u0001"u8;

    /// <summary>Puts a record together for that place in a file.</summary>
    public static void Write(StagingBuffer into, CanonicalWriter proof, CommittedBlock committed, Digest chain, ulong salt, long offset, long durable)
    {
        into.Clear();
        into.Reserve(HeaderBytes).Clear();
        into.Digest(chain);
        into.Digest(committed.Block.Digest);
        into.UInt32((uint)committed.Block.Encoded.Length);
        into.Raw(committed.Block.Encoded.Span);
        proof.Clear();
        committed.Proof.Encode(proof);
        into.Raw(proof.Span);

        Span<byte> record = into.Written;
        Mark.CopyTo(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record[LengthAt..], (uint)(record.Length - HeaderBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(record[HeightAt..], committed.Block.Height.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(record[DurableAt..], (uint)durable);
        long seed = Salts.Seed(salt, offset);
        BinaryPrimitives.WriteUInt64LittleEndian(record[ContentChecksumAt..], XxHash3.HashToUInt64(record[HeaderBytes..], seed));
        BinaryPrimitives.WriteUInt32LittleEndian(record[HeaderChecksumAt..], HeaderChecksum(record, seed));
    }

    /// <summary>True when the 32 bytes are the header of a record at that place.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> header, ulong salt, long offset) =>
        header.StartsWith(Mark) &&
        BinaryPrimitives.ReadUInt32LittleEndian(header[HeaderChecksumAt..]) == HeaderChecksum(header, Salts.Seed(salt, offset));

    /// <summary>True when the content of a whole record at that place is what was written.</summary>
    public static bool IsContent(ReadOnlySpan<byte> record, ulong salt, long offset) =>
        XxHash3.HashToUInt64(record[HeaderBytes..], Salts.Seed(salt, offset)) == BinaryPrimitives.ReadUInt64LittleEndian(record[ContentChecksumAt..]);

    public static uint ContentLength(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[LengthAt..]);

    public static ulong Height(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt64LittleEndian(header[HeightAt..]);

    public static uint Durable(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[DurableAt..]);

    /// <summary>What <see cref="CommittedBlock.Encode"/> wrote, out of a whole, checked record.</summary>
    public static ReadOnlyMemory<byte> Encoded(ReadOnlyMemory<byte> record) => record[BlockLengthAt..];

    /// <summary>Decodes the block out of a whole, checked record; null when malformed.</summary>
    public static CommittedBlock? Decode(Chain chain, ReadOnlyMemory<byte> record)
    {
        var reader = new CanonicalReader(Encoded(record));
        CommittedBlock? committed = CommittedBlock.Decode(chain, ref reader);
        return reader.Complete ? committed : null;
    }

    private static uint HeaderChecksum(ReadOnlySpan<byte> header, long seed) => (uint)XxHash3.HashToUInt64(header[..HeaderChecksumAt], seed);
}
