using System.Buffers.Binary;
using Bft.Crypto;

namespace Bft.Engine.Encoding;

/// <summary>
/// Writes the one canonical form of everything that is signed, hashed, stored or sent between validators: fixed
/// layout, little-endian integers, 32-bit length prefixes. Grows as needed; reusable through <see cref="Clear"/>.
/// </summary>
public sealed class CanonicalWriter
{
    private byte[] _buffer;
    private int _length;

    /// <summary>Makes a writer with room for that many bytes before it grows.</summary>
    public CanonicalWriter(int capacity = 256) => _buffer = new byte[Math.Max(capacity, 16)];

    /// <summary>How many bytes were written.</summary>
    public int Length => _length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>What was written, without a copy when the room was exactly enough; the writer must not be used any more.</summary>
    public byte[] Take() => _length == _buffer.Length ? _buffer : ToArray();

    /// <summary>Forgets what was written, keeps the room.</summary>
    public void Clear() => _length = 0;

    /// <summary>Room for that many bytes, to be filled by the caller at once.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }

        Span<byte> room = _buffer.AsSpan(_length, bytes);
        _length += bytes;
        return room;
    }

    /// <summary>One byte.</summary>
    public void Byte(byte value) => Reserve(1)[0] = value;

    /// <summary>Two bytes, little-endian.</summary>
    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Reserve(2), value);

    /// <summary>Four bytes, little-endian.</summary>
    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    /// <summary>Eight bytes, little-endian.</summary>
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    /// <summary>32 bytes.</summary>
    public void Digest(Digest value) => value.CopyTo(Reserve(Crypto.Digest.Size));

    /// <summary>The bytes as they are: the length is known from the layout.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>A 32-bit length, then the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        UInt32((uint)bytes.Length);
        Raw(bytes);
    }

    /// <summary>A set of replicas: the number of bytes (one byte), then the bitmap without trailing zero bytes.</summary>
    public void Set(ReplicaSet set)
    {
        int bytes = (set.Bound + 7) / 8;
        Byte((byte)bytes);
        for (int i = 0; i < bytes; i++)
        {
            Byte((byte)(set.Word(i >> 3) >> ((i & 7) * 8)));
        }
    }
}
