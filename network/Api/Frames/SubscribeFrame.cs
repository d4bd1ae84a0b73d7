using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>More clients whose receipts a stream wants.</summary>
/// <param name="Clients">Their ids.</param>
public sealed record SubscribeFrame(ImmutableArray<Digest> Clients)
{
    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(16 + (Clients.Length * Digest.Size));
        writer.Byte((byte)FrameKind.Subscribe);
        WriteClients(writer, Clients.AsSpan());
        return writer.ToArray();
    }

    /// <summary>Reads the frame; null when malformed or of more clients than <paramref name="mostClients"/>.</summary>
    public static SubscribeFrame? Decode(ReadOnlyMemory<byte> content, int mostClients)
    {
        var reader = new CanonicalReader(content);
        bool isSubscribe = reader.Byte() == (byte)FrameKind.Subscribe;
        ImmutableArray<Digest> clients = ReadClients(ref reader, mostClients);
        return isSubscribe && reader.Complete ? new SubscribeFrame(clients) : null;
    }

    internal static void WriteClients(CanonicalWriter writer, ReadOnlySpan<Digest> clients)
    {
        writer.UInt16(checked((ushort)clients.Length));
        foreach (Digest client in clients)
        {
            writer.Digest(client);
        }
    }

    internal static ImmutableArray<Digest> ReadClients(ref CanonicalReader reader, int most)
    {
        int count = reader.UInt16();
        if (count > most || (long)count * Digest.Size > reader.Remaining)
        {
            reader.Fail();
            return [];
        }

        var clients = ImmutableArray.CreateBuilder<Digest>(count);
        for (int i = 0; i < count; i++)
        {
            clients.Add(reader.Digest());
        }

        return clients.MoveToImmutable();
    }
}
