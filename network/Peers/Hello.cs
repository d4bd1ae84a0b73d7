using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Network.Peers;

/// <summary>The first thing said on a stream, each way: that both speak of the same chain in the same format.</summary>
/// <param name="Version">The format of frames and messages.</param>
/// <param name="ChainId">The digest of genesis.</param>
/// <param name="Sender">Who speaks; must be who the TLS key says.</param>
/// <param name="Role">What it is.</param>
internal readonly record struct Hello(ushort Version, Digest ChainId, ReplicaId Sender, PeerRole Role)
{
    /// <summary>The only format there is.</summary>
    public const ushort CurrentVersion = 2;

    private static ReadOnlySpan<byte> Magic => "bft-peer"u8;

    public byte[] Encode()
    {
        var writer = new CanonicalWriter(64);
        writer.Raw(Magic);
        writer.UInt16(Version);
        writer.Digest(ChainId);
        writer.UInt16((ushort)Sender.Value);
        writer.Byte((byte)Role);
        return writer.ToArray();
    }

    /// <summary>What is wrong with a peer's hello, in words for the operators of both; null when it is welcome.</summary>
    /// <param name="message">What came, of any length.</param>
    /// <param name="expected">Whom the TLS key proved it to be.</param>
    public string? Mismatch(ReadOnlyMemory<byte> message, ReplicaId expected)
    {
        var reader = new CanonicalReader(message);
        if (!reader.Raw(Magic.Length).Span.SequenceEqual(Magic))
        {
            return "the first frame is no hello";
        }

        // The version comes before the rest, which another version may lay out otherwise.
        ushort version = reader.UInt16();
        if (!reader.Failed && version != Version)
        {
            return $"validator {Sender} speaks wire format {Version}, validator {expected} format {version}: run the same release on both";
        }

        Digest chain = reader.Digest();
        int sender = reader.UInt16();
        var role = (PeerRole)reader.Byte();
        if (!reader.Complete)
        {
            return "the hello is malformed";
        }

        if (chain != ChainId)
        {
            return $"validator {Sender} is of chain {ChainId}, validator {expected} of chain {chain}: compare their genesis files";
        }

        if (sender != expected.Value)
        {
            return $"the TLS key is validator {expected}'s, the hello says {sender}";
        }

        return role == PeerRole.Validator ? null : $"unknown role {(byte)role}";
    }
}

/// <summary>What the sender of a hello is.</summary>
internal enum PeerRole : byte
{
    /// <summary>A member of the committee that also accepts streams.</summary>
    Validator = 1,
}
