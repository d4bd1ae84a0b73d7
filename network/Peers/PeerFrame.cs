using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Bft.Engine.Transport;
using Grpc.Core;

namespace Bft.Network.Peers;

/// <summary>
/// A frame of <c>peer.proto</c> without protobuf's copies: outgoing, the slices of its messages, gathered straight into the transport's
/// buffer; incoming, its content in one array, of which the messages become slices.
/// </summary>
internal sealed class PeerFrame
{
    /// <summary>The protobuf tag of field 1, length-delimited.</summary>
    private const byte ContentTag = 0x0A;

    private readonly List<ReadOnlyMemory<byte>> _messages = [];
    private readonly int[] _counts = new int[Traffic.Classes];
    private readonly int[] _bytes = new int[Traffic.Classes];

    /// <summary>Outgoing: the messages and their lengths, in bytes.</summary>
    public int ContentBytes { get; private set; }

    /// <summary>Outgoing: the number of messages.</summary>
    public int Count => _messages.Count;

    /// <summary>Incoming: the content.</summary>
    public ReadOnlyMemory<byte> Content { get; private init; }

    /// <summary>Incoming: why these bytes are no frame; null when they are.</summary>
    public string? Defect { get; private init; }

    /// <summary>Reads and writes frames in gRPC messages.</summary>
    public static Marshaller<PeerFrame> Marshaller { get; } = new(Serialize, Deserialize);

    /// <summary>Outgoing: messages of a class, by <see cref="Traffic.Index"/>.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>Outgoing: bytes of a class with the lengths, by <see cref="Traffic.Index"/>.</summary>
    public ReadOnlySpan<int> Bytes => _bytes;

    /// <summary>Forgets the messages.</summary>
    public void Clear()
    {
        _messages.Clear();
        ContentBytes = 0;
        Array.Clear(_counts);
        Array.Clear(_bytes);
    }

    /// <summary>Appends a message; its class is counted when it has one (a hello has none).</summary>
    public void Add(ReadOnlyMemory<byte> message, TrafficClass? traffic = null)
    {
        int bytes = sizeof(uint) + message.Length;
        _messages.Add(message);
        ContentBytes += bytes;
        if (traffic is { } known)
        {
            _counts[Traffic.Index(known)]++;
            _bytes[Traffic.Index(known)] += bytes;
        }
    }

    /// <summary>Parses the bytes of a gRPC message. They were limited before they were buffered; nothing in them is believed here.</summary>
    public static PeerFrame Parse(in ReadOnlySequence<byte> payload)
    {
        var reader = new SequenceReader<byte>(payload);
        if (!reader.TryRead(out byte tag) || tag != ContentTag || !TryReadLength(ref reader, out long length))
        {
            return new PeerFrame { Defect = "no content field" };
        }

        // The length is compared with what is there before anything is allocated by it.
        if (length != reader.Remaining)
        {
            return new PeerFrame { Defect = $"content says {length} bytes, {reader.Remaining} are there" };
        }

        byte[] content = GC.AllocateUninitializedArray<byte>((int)length);
        payload.Slice(reader.Position).CopyTo(content);
        return new PeerFrame { Content = content };
    }

    /// <summary>Writes the gRPC message.</summary>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        Span<byte> head = writer.GetSpan(1 + LengthBytes(ContentBytes));
        int at = 0;
        head[at++] = ContentTag;
        for (uint rest = (uint)ContentBytes; ; rest >>= 7)
        {
            head[at++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
            {
                break;
            }
        }

        writer.Advance(at);
        foreach (ReadOnlyMemory<byte> message in _messages)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(sizeof(uint)), (uint)message.Length);
            writer.Advance(sizeof(uint));
            writer.Write(message.Span);
        }
    }

    private static void Serialize(PeerFrame frame, SerializationContext context)
    {
        context.SetPayloadLength(1 + LengthBytes(frame.ContentBytes) + frame.ContentBytes);
        frame.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    private static PeerFrame Deserialize(DeserializationContext context) => Parse(context.PayloadAsReadOnlySequence());

    private static int LengthBytes(int length) => (BitOperations.Log2((uint)length | 1) / 7) + 1;

    // A protobuf varint of at most 31 bits in its shortest form: one frame has one encoding.
    private static bool TryReadLength(ref SequenceReader<byte> reader, out long length)
    {
        length = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            if (!reader.TryRead(out byte next))
            {
                return false;
            }

            length |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (next != 0 || shift == 0) && length <= int.MaxValue;
            }
        }

        return false;
    }
}
