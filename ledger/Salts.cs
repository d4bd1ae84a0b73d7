using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bft.Ledger;

/// <summary>Unpredictable numbers that tie checksums to one file.</summary>
internal static class Salts
{
    public static ulong Random()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>The checksum seed of a frame at an offset: a frame that was moved or belongs to another file never passes.</summary>
    public static long Seed(ulong salt, long offset) => unchecked((long)(salt + ((ulong)offset * 0x9E3779B97F4A7C15UL)));
}
