using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine.Execution;

/// <summary>Writes a snapshot in the canonical codec's form, part by part, so that it never stands in memory as a whole.</summary>
public sealed class SnapshotWriter(Stream stream)
{
    private const int PartBytes = 64 << 10;

    private readonly CanonicalWriter _buffer = new(1024);

    /// <summary>Four bytes, little-endian.</summary>
    public void UInt32(uint value)
    {
        _buffer.UInt32(value);
        FlushWhenFull();
    }

    /// <summary>32 bytes.</summary>
    public void Digest(Digest value)
    {
        _buffer.Digest(value);
        FlushWhenFull();
    }

    /// <summary>The bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Raw(bytes);
        FlushWhenFull();
    }

    /// <summary>A 32-bit length, then the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        _buffer.Bytes(bytes);
        FlushWhenFull();
    }

    /// <summary>Hands the rest to the stream.</summary>
    public void Flush()
    {
        stream.Write(_buffer.Span);
        _buffer.Clear();
    }

    private void FlushWhenFull()
    {
        if (_buffer.Length >= PartBytes)
        {
            Flush();
        }
    }
}

/// <summary>Reads what a <see cref="SnapshotWriter"/> wrote and not a byte more; the stream should be buffered. Every limit is checked before memory is spent.</summary>
public sealed class SnapshotReader(Stream stream)
{
    /// <summary>Four bytes, little-endian.</summary>
    /// <exception cref="InvalidDataException">The snapshot ends here.</exception>
    public uint UInt32()
    {
        Span<byte> bytes = stackalloc byte[4];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>32 bytes.</summary>
    /// <exception cref="InvalidDataException">The snapshot ends here.</exception>
    public Digest Digest()
    {
        Span<byte> bytes = stackalloc byte[Crypto.Digest.Size];
        Fill(bytes);
        return new Digest(bytes);
    }

    /// <summary>Exactly that many bytes.</summary>
    /// <exception cref="InvalidDataException">The snapshot ends here.</exception>
    public byte[] Raw(int length)
    {
        var bytes = new byte[length];
        Fill(bytes);
        return bytes;
    }

    /// <summary>A length-prefixed byte string.</summary>
    /// <param name="limit">The most bytes.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <exception cref="InvalidDataException">It is longer than the limit, or the snapshot ends here.</exception>
    public byte[] Bytes(int limit, string what)
    {
        uint length = UInt32();
        return length <= (uint)limit ? Raw((int)length) : throw new InvalidDataException($"The snapshot has {what} of {length} bytes; at most {limit} are possible.");
    }

    /// <summary>Exactly as many bytes as there is room.</summary>
    /// <exception cref="InvalidDataException">The snapshot ends here.</exception>
    public void Fill(Span<byte> destination)
    {
        if (stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
        {
            throw new InvalidDataException("The snapshot ends too early.");
        }
    }
}
