using System.Buffers.Binary;

namespace Bft.Network.Peers;

/// <summary>Walks the messages of a frame's content.</summary>
internal ref struct FrameReader(ReadOnlyMemory<byte> content)
{
    private int _position;

    /// <summary>The message walked to.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>
    /// What is wrong with a frame, in words; null when every message in it is whole and within its class's limit. Asked before the
    /// first message is handed on, so that a malformed frame has no effect at all.
    /// </summary>
    public static string? Defect(ReadOnlySpan<byte> content, PeerLimits limits)
    {
        if (content.IsEmpty)
        {
            return "an empty frame";
        }

        if (content.Length > limits.MaxFrameBytes)
        {
            return $"a frame of {content.Length} bytes; at most {limits.MaxFrameBytes} are allowed";
        }

        int at = 0;
        while (at < content.Length)
        {
            if (content.Length - at < sizeof(uint))
            {
                return $"a length cut off at byte {at}";
            }

            uint length = BinaryPrimitives.ReadUInt32LittleEndian(content[at..]);
            at += sizeof(uint);
            if (length == 0 || length > (uint)(content.Length - at))
            {
                return $"a message of {length} bytes at byte {at}, where {content.Length - at} are left";
            }

            byte first = content[at];
            if (Traffic.IsKnown(first) && length > (uint)limits.MaxMessageBytes((Engine.Transport.TrafficClass)first))
            {
                return $"a message of class {first} with {length} bytes; at most {limits.MaxMessageBytes((Engine.Transport.TrafficClass)first)} are allowed";
            }

            at += (int)length;
        }

        return null;
    }

    /// <summary>Goes to the next message of a content without a <see cref="Defect"/>; false at the end.</summary>
    public bool MoveNext()
    {
        if (_position >= content.Length)
        {
            return false;
        }

        int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(content.Span[_position..]);
        Current = content.Slice(_position + sizeof(uint), length);
        _position += sizeof(uint) + length;
        return true;
    }
}
