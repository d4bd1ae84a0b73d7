using System.Buffers.Binary;
using System.IO.Hashing;
using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// The first 128 bytes of every file of ours: magic (8), chain id (32), fields of the kind of file (80), checksum of all before it (8).
/// A file gets its final name only after its header is durable, so that a bad header is always damage and never a crash.
/// </summary>
internal static class FileHeader
{
    public const int Bytes = 128;
    private const int FieldsAt = 8 + Digest.Size;
    private const int ChecksumAt = Bytes - 8;

    /// <summary>What is wrong with a header.</summary>
    public enum Verdict
    {
        Good,
        Damaged,
        OtherChain,
        OtherFormat,
    }

    /// <summary>Starts a header; the caller writes its fields into <see cref="Fields"/> and ends with <see cref="Seal"/>.</summary>
    public static void Begin(Span<byte> header, ulong magic, Chain chain)
    {
        header[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, magic);
        chain.Id.CopyTo(header[8..]);
    }

    public static Span<byte> Fields(Span<byte> header) => header[FieldsAt..ChecksumAt];

    public static ReadOnlySpan<byte> FieldsOf(ReadOnlySpan<byte> header) => header[FieldsAt..ChecksumAt];

    public static void Seal(Span<byte> header) =>
        BinaryPrimitives.WriteUInt64LittleEndian(header[ChecksumAt..], XxHash3.HashToUInt64(header[..ChecksumAt]));

    /// <summary>Reads and judges a header.</summary>
    public static Verdict Read(IDiskFile file, Span<byte> header, ulong magic, Chain chain)
    {
        if (file.Read(0, header[..Bytes]) < Bytes ||
            XxHash3.HashToUInt64(header[..ChecksumAt]) != BinaryPrimitives.ReadUInt64LittleEndian(header[ChecksumAt..]))
        {
            return Verdict.Damaged;
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != magic)
        {
            return Verdict.OtherFormat;
        }

        return new Digest(header[8..]) == chain.Id ? Verdict.Good : Verdict.OtherChain;
    }

    /// <summary>The error for a header of another chain or format.</summary>
    public static ForeignFileException Foreign(IDisk disk, string file, Verdict verdict, ReadOnlySpan<byte> header, Chain chain) => new(
        disk.Location,
        file,
        verdict == Verdict.OtherChain
            ? $"it was written for chain {new Digest(header[8..]).ToShortString()}…, this is chain {chain.Id.ToShortString()}…"
            : "it is of another kind or format version");

    /// <summary>The magic number that eight ASCII characters spell.</summary>
    public static ulong Magic(ReadOnlySpan<byte> text) => BinaryPrimitives.ReadUInt64LittleEndian(text);
}
