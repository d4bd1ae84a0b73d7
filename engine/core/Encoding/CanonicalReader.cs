using System.Buffers.Binary;
using Bft.Crypto;

namespace Bft.Engine.Encoding;

/// <summary>
/// Reads the canonical form out of a buffer. A malformed read fails the reader for good (<see cref="Failed"/>) and gives
/// default values from then on, so that a decoder is straight-line code with one check at its end. Byte strings are slices
/// over the buffer. Never throws on hostile bytes.
/// </summary>
public ref struct CanonicalReader
{
    /// <summary>
    /// The highest epoch, view or height that is read. No chain gets there, so what is above it was made to overflow somebody's arithmetic.
    /// </summary>
    public const ulong MaxOrdinal = (1UL << 62) - 1;

    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    /// <summary>Starts at the first byte of <paramref name="memory"/>.</summary>
    public CanonicalReader(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        _bytes = memory.Span;
        _position = 0;
        Failed = false;
    }

    /// <summary>True once anything malformed was met.</summary>
    public bool Failed { get; private set; }

    /// <summary>The offset of the next byte.</summary>
    public readonly int Position => _position;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => Failed ? 0 : _bytes.Length - _position;

    /// <summary>True when nothing failed and every byte was read.</summary>
    public readonly bool Complete => !Failed && _position == _bytes.Length;

    /// <summary>Marks the input malformed for a reason that only the caller can see.</summary>
    public void Fail() => Failed = true;

    /// <summary>The bytes from <paramref name="start"/> to the current position.</summary>
    public readonly ReadOnlyMemory<byte> Since(int start) => _memory[start.._position];

    /// <summary>One byte.</summary>
    public byte Byte()
    {
        ReadOnlySpan<byte> taken = Take(1);
        return taken.IsEmpty ? (byte)0 : taken[0];
    }

    /// <summary>Two bytes, little-endian.</summary>
    public ushort UInt16()
    {
        ReadOnlySpan<byte> taken = Take(2);
        return taken.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(taken);
    }

    /// <summary>Four bytes, little-endian.</summary>
    public uint UInt32()
    {
        ReadOnlySpan<byte> taken = Take(4);
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(taken);
    }

    /// <summary>Eight bytes, little-endian.</summary>
    public ulong UInt64()
    {
        ReadOnlySpan<byte> taken = Take(8);
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(taken);
    }

    /// <summary>Eight bytes that are an epoch, a view or a height: more than <see cref="MaxOrdinal"/> fails the reader.</summary>
    public ulong Ordinal()
    {
        ulong value = UInt64();
        if (value > MaxOrdinal)
        {
            Failed = true;
            return 0;
        }

        return value;
    }

    /// <summary>32 bytes.</summary>
    public Digest Digest()
    {
        ReadOnlySpan<byte> taken = Take(Crypto.Digest.Size);
        return taken.IsEmpty ? default : new Digest(taken);
    }

    /// <summary>A byte that must be 0 or 1.</summary>
    public bool Flag()
    {
        byte value = Byte();
        if (value > 1)
        {
            Failed = true;
        }

        return value == 1;
    }

    /// <summary>That many bytes as they are, as a slice over the buffer.</summary>
    public ReadOnlyMemory<byte> Raw(int length)
    {
        int start = _position;
        return length == 0 || !Take(length).IsEmpty ? _memory.Slice(start, Failed ? 0 : length) : default;
    }

    /// <summary>A length-prefixed byte string of at most <paramref name="limit"/> bytes, as a slice over the buffer.</summary>
    public ReadOnlyMemory<byte> Bytes(int limit)
    {
        uint length = UInt32();
        if (length > (uint)limit)
        {
            Failed = true;
            return default;
        }

        return Raw((int)length);
    }

    /// <summary>A set of replicas in its one encoding (no trailing zero byte).</summary>
    public ReplicaSet Set()
    {
        int length = Byte();
        if (length > ReplicaSet.Capacity / 8)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = Take(length);
        if (Failed || (length > 0 && bytes[^1] == 0))
        {
            Failed = true;
            return default;
        }

        Span<ulong> words = stackalloc ulong[ReplicaSet.Capacity / 64];
        words.Clear();
        for (int i = 0; i < length; i++)
        {
            words[i >> 3] |= (ulong)bytes[i] << ((i & 7) * 8);
        }

        return ReplicaSet.FromWords(words);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (Failed || length < 0 || _bytes.Length - _position < length)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(_position, length);
        _position += length;
        return taken;
    }
}
