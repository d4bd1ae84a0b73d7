using Bft.Engine.Encoding;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>A protocol message as it travels: traffic class (1), kind (1), content.</summary>
public static class WireMessage
{
    /// <summary>A writer with more room than this is not kept for the next message.</summary>
    private const int KeptBytes = 256 << 10;

    // One a thread, for what is copied out at once.
    [ThreadStatic]
    private static CanonicalWriter? _writer;

    /// <summary>Encodes a message.</summary>
    public static byte[] Encode(ProtocolMessage message)
    {
        CanonicalWriter writer = _writer ??= new CanonicalWriter(4096);
        writer.Clear();
        writer.Byte((byte)TrafficClass.Consensus);
        writer.Byte(message.Kind);
        message.Encode(writer);
        byte[] encoded = writer.ToArray();
        if (encoded.Length > KeptBytes)
        {
            _writer = null;
        }

        return encoded;
    }

    /// <summary>Decodes exactly these bytes; null when malformed.</summary>
    public static ProtocolMessage? Decode(Chain chain, ProtocolDescriptor protocol, ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        if (reader.Byte() != (byte)TrafficClass.Consensus)
        {
            return null;
        }

        byte kind = reader.Byte();
        if (reader.Failed)
        {
            return null;
        }

        ProtocolMessage? message = protocol.Decode(chain, kind, ref reader);
        return reader.Complete ? message : null;
    }
}
