using System.Buffers.Binary;
using Bft.Crypto;

namespace Bft.Ledger;

/// <summary>Where bytes are put together once before they are written: grows, is reused, and lets earlier bytes be filled in.</summary>
internal sealed class StagingBuffer
{
    private const int FirstBytes = 4 << 10;
    private const int KeptBytes = 8 << 20;

    private byte[] _bytes = new byte[FirstBytes];

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Forgets the content; room far beyond what is usual goes back to the collector.</summary>
    public void Clear()
    {
        if (_bytes.Length > KeptBytes && Length < KeptBytes / 2)
        {
            _bytes = new byte[KeptBytes / 2];
        }

        Length = 0;
    }

    /// <summary>Room for that many bytes, to be filled by the caller at once.</summary>
    public Span<byte> Reserve(int bytes)
    {
        int needed = checked(Length + bytes);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max((long)needed, 2L * _bytes.Length), Array.MaxLength));
        }

        Span<byte> room = _bytes.AsSpan(Length, bytes);
        Length = needed;
        return room;
    }

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    public void Digest(Digest value) => value.CopyTo(Reserve(Crypto.Digest.Size));

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));
}
