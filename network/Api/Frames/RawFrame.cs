using System.Buffers;
using Grpc.Core;

namespace Bft.Network.Api.Frames;

/// <summary>
/// A <c>ClientFrame { bytes content = 1; }</c> without protobuf's copies: one copy out of the receive buffer, one into the send
/// buffer. Byte for byte what protobuf writes, and reads whatever protobuf may write, unknown fields included.
/// </summary>
public sealed class RawFrame
{
    private const byte ContentTag = (1 << 3) | 2;

    // A field header takes at most ten bytes as a varint; more is malformed.
    private const int MaxVarintBytes = 10;

    /// <summary>Wraps content.</summary>
    public RawFrame(ReadOnlyMemory<byte> content) => Content = content;

    private RawFrame(bool malformed) => Malformed = malformed;

    /// <summary>The content.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>True when the bytes were no protobuf message; said here and not by an exception, so that the edge can answer with a reason.</summary>
    public bool Malformed { get; }

    /// <summary>The marshaller for gRPC methods.</summary>
    public static Marshaller<RawFrame> Marshaller { get; } = Marshallers.Create(Serialize, Deserialize);

    /// <summary>Parses a protobuf message.</summary>
    public static RawFrame Parse(ReadOnlyMemory<byte> message)
    {
        ReadOnlyMemory<byte> content = default;
        int position = 0;
        ReadOnlySpan<byte> bytes = message.Span;
        while (position < bytes.Length)
        {
            if (!TryVarint(bytes, ref position, out ulong tag) || tag >> 3 == 0 || tag > uint.MaxValue)
            {
                return new RawFrame(malformed: true);
            }

            long length;
            switch (tag & 7)
            {
                case 0 when TryVarint(bytes, ref position, out _):
                    length = 0;
                    break;
                case 1:
                    length = 8;
                    break;
                case 2 when TryVarint(bytes, ref position, out ulong prefix) && prefix <= int.MaxValue:
                    length = (long)prefix;
                    break;
                case 5:
                    length = 4;
                    break;
                default:
                    return new RawFrame(malformed: true);
            }

            if (length > bytes.Length - position)
            {
                return new RawFrame(malformed: true);
            }

            if (tag == ContentTag)
            {
                content = message.Slice(position, (int)length);
            }

            position += (int)length;
        }

        // What is sliced out of a frame may live long: a small content must not hold a large message of unknown fields alive.
        return new RawFrame(content.Length < message.Length / 2 ? content.ToArray() : content);
    }

    private static void Serialize(RawFrame frame, SerializationContext context)
    {
        int length = frame.Content.Length;
        Span<byte> header = stackalloc byte[1 + MaxVarintBytes];
        int headerBytes = 0;
        if (length > 0)
        {
            header[headerBytes++] = ContentTag;
            uint rest = (uint)length;
            while (rest >= 0x80)
            {
                header[headerBytes++] = (byte)(rest | 0x80);
                rest >>= 7;
            }

            header[headerBytes++] = (byte)rest;
        }

        context.SetPayloadLength(headerBytes + length);
        IBufferWriter<byte> writer = context.GetBufferWriter();
        writer.Write(header[..headerBytes]);
        writer.Write(frame.Content.Span);
        context.Complete();
    }

    private static RawFrame Deserialize(DeserializationContext context) => Parse(context.PayloadAsReadOnlySequence().ToArray());

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int position, out ulong value)
    {
        value = 0;
        for (int i = 0; i < MaxVarintBytes && position < bytes.Length; i++)
        {
            byte next = bytes[position++];
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
