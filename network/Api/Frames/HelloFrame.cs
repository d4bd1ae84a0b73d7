using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>A client's first frame: which chain it means, and whose receipts it wants.</summary>
/// <param name="Version">The client's version of this layout.</param>
/// <param name="Chain">The chain id the client expects.</param>
/// <param name="Clients">Client ids whose receipts the stream gets.</param>
public sealed record HelloFrame(int Version, Digest Chain, ImmutableArray<Digest> Clients)
{
    /// <summary>The only version there is.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(64 + (Clients.Length * Digest.Size));
        writer.Byte((byte)FrameKind.Hello);
        writer.UInt16((ushort)Version);
        writer.Digest(Chain);
        SubscribeFrame.WriteClients(writer, Clients.AsSpan());
        return writer.ToArray();
    }

    /// <summary>Reads the frame; null when malformed or of more clients than <paramref name="mostClients"/>.</summary>
    public static HelloFrame? Decode(ReadOnlyMemory<byte> content, int mostClients)
    {
        var reader = new CanonicalReader(content);
        bool isHello = reader.Byte() == (byte)FrameKind.Hello;
        int version = reader.UInt16();
        Digest chain = reader.Digest();
        ImmutableArray<Digest> clients = SubscribeFrame.ReadClients(ref reader, mostClients);
        return isHello && reader.Complete ? new HelloFrame(version, chain, clients) : null;
    }
}
