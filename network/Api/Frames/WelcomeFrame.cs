using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>A validator's first frame: who it says it is and what it takes.</summary>
/// <param name="Version">The layout's version.</param>
/// <param name="Chain">The chain it serves.</param>
/// <param name="Validator">Which validator it says it is; proven only by what it signs.</param>
/// <param name="MaxFrameBytes">The largest content it takes, in bytes.</param>
/// <param name="MaxClients">The most client ids a stream may subscribe to.</param>
public sealed record WelcomeFrame(int Version, Digest Chain, ReplicaId Validator, int MaxFrameBytes, int MaxClients)
{
    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(64);
        writer.Byte((byte)FrameKind.Welcome);
        writer.UInt16((ushort)Version);
        writer.Digest(Chain);
        writer.UInt16((ushort)Validator.Value);
        writer.UInt32((uint)MaxFrameBytes);
        writer.UInt16((ushort)Math.Min(MaxClients, ushort.MaxValue));
        return writer.ToArray();
    }

    /// <summary>Reads the frame; null when malformed.</summary>
    public static WelcomeFrame? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        bool isWelcome = reader.Byte() == (byte)FrameKind.Welcome;
        int version = reader.UInt16();
        Digest chain = reader.Digest();
        int validator = reader.UInt16();
        uint bytes = reader.UInt32();
        int clients = reader.UInt16();
        return isWelcome && reader.Complete && bytes <= int.MaxValue
            ? new WelcomeFrame(version, chain, new ReplicaId(validator), (int)bytes, clients)
            : null;
    }
}
