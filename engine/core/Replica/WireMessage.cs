using Bft.Engine.Encoding;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>A protocol message as it travels: traffic class (1), kind (1), content.</summary>
public static class WireMessage
{
    /// <summary>Encodes a message.</summary>
    public static byte[] Encode(ProtocolMessage message)
    {
        var writer = new CanonicalWriter(message.CarriedBlock is { } block ? block.Encoded.Length + 1024 : 512);
        writer.Byte((byte)TrafficClass.Consensus);
        writer.Byte(message.Kind);
        message.Encode(writer);
        return writer.ToArray();
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
