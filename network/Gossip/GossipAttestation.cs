using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Network.Gossip;

/// <summary>
/// What one validator says of another's batch: that it checked the client signatures in it, and they are good. It counts for who sends it, over that
/// validator's own link, and is never handed on: the link proves who speaks, so it carries no signature.
/// </summary>
/// <remarks>Layout: traffic class (1 byte: gossip), kind (1 byte: 2), origin (2), origin's sequence (8), digest of the batch's content (32). Integers are little-endian.</remarks>
/// <param name="Origin">Who signed the batch.</param>
/// <param name="Sequence">The origin's number of the batch.</param>
/// <param name="Digest">The digest of the batch's content.</param>
internal readonly record struct GossipAttestation(ReplicaId Origin, ulong Sequence, Digest Digest)
{
    /// <summary>The second byte of an attestation.</summary>
    public const byte Kind = 2;

    /// <summary>The length of the message, in bytes.</summary>
    public const int MessageBytes = 2 + sizeof(ushort) + sizeof(ulong) + Digest.Size;

    /// <summary>Whether a gossip message says that it is one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> message) => message.Length > 1 && message[1] == Kind;

    /// <summary>The message.</summary>
    public byte[] Encode()
    {
        var message = new byte[MessageBytes];
        message[0] = (byte)TrafficClass.Gossip;
        message[1] = Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(2), (ushort)Origin.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(4), Sequence);
        Digest.CopyTo(message.AsSpan(12));
        return message;
    }

    /// <summary>Reads a message; false when it is none of this committee.</summary>
    public static bool TryDecode(Chain chain, ReadOnlySpan<byte> message, out GossipAttestation attestation)
    {
        attestation = default;
        if (message.Length != MessageBytes || message[0] != (byte)TrafficClass.Gossip || message[1] != Kind)
        {
            return false;
        }

        var origin = new ReplicaId(BinaryPrimitives.ReadUInt16LittleEndian(message[2..]));
        if (!chain.Committee.Contains(origin))
        {
            return false;
        }

        attestation = new GossipAttestation(origin, BinaryPrimitives.ReadUInt64LittleEndian(message[4..]), new Digest(message[12..]));
        return true;
    }
}
