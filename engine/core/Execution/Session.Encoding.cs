using Bft.Engine.Encoding;

namespace Bft.Engine.Execution;

/// <content>
/// The canonical form of a session: hashed into the state root with every block that touches the client, hence short. All integers
/// are base-128, least significant group first, without superfluous groups:
/// floor, number of intervals, then for each its distance from the end of the one before (from the floor for the first; at least 1),
/// its length less one, the change of height against the one before (zigzag, modulo 2^64), then 0 and the one result, or 1 and one
/// result a sequence, not all equal.
/// </content>
internal sealed partial class Session
{
    private const int MaxVariableBytes = 10;
    private const int MaxIntervalBytes = (3 * MaxVariableBytes) + 2;

    /// <summary>The longest encoding in bytes.</summary>
    public static int MaxEncodedBytes(int limit) => (2 * MaxVariableBytes) + (limit * MaxIntervalBytes) + MaxCodeBytes;

    /// <summary>Writes the canonical form at the start of <paramref name="buffer"/>, which grows as needed; returns its length.</summary>
    public int Encode(ref byte[] buffer)
    {
        int bound = (2 * MaxVariableBytes) + (Count * MaxIntervalBytes) + _codeBytes;
        if (buffer.Length < bound)
        {
            buffer = new byte[Math.Max(bound, 2 * buffer.Length)];
        }

        Span<byte> target = buffer;
        int length = Write(target, Floor);
        length += Write(target[length..], (ulong)Count);
        ulong end = Floor;
        ulong height = 0;
        foreach (SessionInterval interval in Intervals)
        {
            length += Write(target[length..], interval.First - end);
            length += Write(target[length..], interval.Last - interval.First);
            length += Write(target[length..], ZigZag(interval.Height - height));
            end = interval.Last;
            height = interval.Height;
            if (interval.Codes is { } codes)
            {
                target[length++] = 1;
                codes.CopyTo(target[length..]);
                length += codes.Length;
            }
            else
            {
                target[length++] = 0;
                target[length++] = interval.Code;
            }
        }

        return length;
    }

    /// <summary>Reads the canonical form out of exactly these bytes; null when malformed or beyond the limits.</summary>
    /// <param name="bytes">The encoding.</param>
    /// <param name="limit">The most intervals.</param>
    /// <param name="highest">No interval may have been executed above it.</param>
    public static Session? Decode(ReadOnlyMemory<byte> bytes, int limit, ulong highest)
    {
        var reader = new CanonicalReader(bytes);
        var session = new Session { Floor = Read(ref reader) };
        ulong count = Read(ref reader);
        if (reader.Failed || count > (ulong)limit)
        {
            return null;
        }

        session.Reserve((int)count);
        ulong end = session.Floor;
        ulong height = 0;
        for (int i = 0; i < (int)count; i++)
        {
            ulong distance = Read(ref reader);
            ulong more = Read(ref reader);
            height = unchecked(height + UnZigZag(Read(ref reader)));
            if (reader.Failed || distance == 0 || distance > ulong.MaxValue - end || more > ulong.MaxValue - end - distance || height == 0 || height > highest)
            {
                return null;
            }

            ulong first = end + distance;
            end = first + more;
            if (!session.TryReadCodes(ref reader, first, end, height))
            {
                return null;
            }
        }

        return reader.Complete ? session : null;
    }

    private bool TryReadCodes(ref CanonicalReader reader, ulong first, ulong last, ulong height)
    {
        if (!reader.Flag())
        {
            _intervals[Count++] = new SessionInterval(first, last, height, reader.Byte(), null);
            return !reader.Failed;
        }

        ulong more = last - first;
        if (more >= (ulong)(MaxCodeBytes - _codeBytes))
        {
            return false;
        }

        byte[] codes = reader.Raw((int)more + 1).ToArray();
        if (reader.Failed || !codes.AsSpan().ContainsAnyExcept(codes[0]))
        {
            return false;
        }

        _codeBytes += codes.Length;
        _intervals[Count++] = new SessionInterval(first, last, height, 0, codes);
        return true;
    }

    private static ulong ZigZag(ulong difference) => (difference << 1) ^ (ulong)((long)difference >> 63);

    private static ulong UnZigZag(ulong code) => (code >> 1) ^ unchecked(0UL - (code & 1));

    private static int Write(Span<byte> target, ulong value)
    {
        int length = 0;
        while (value >= 0x80)
        {
            target[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[length++] = (byte)value;
        return length;
    }

    private static ulong Read(ref CanonicalReader reader)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte group = reader.Byte();
            value |= (ulong)(group & 0x7F) << shift;
            if (group < 0x80)
            {
                // One encoding a value: no empty last group, nothing above 64 bits.
                if ((group == 0 && shift > 0) || (shift == 63 && group > 1))
                {
                    reader.Fail();
                }

                return value;
            }

            if (shift == 63)
            {
                reader.Fail();
                return 0;
            }
        }
    }
}
