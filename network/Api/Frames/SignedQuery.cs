using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>One validator's answer about one key, bound to the asker's nonce.</summary>
/// <param name="Validator">Who answers.</param>
/// <param name="Nonce">The asker's nonce.</param>
/// <param name="Key">The key.</param>
/// <param name="Floor">The height the answer had to wait for: the validator's read index, or what the asker named; 0 for a stale read.</param>
/// <param name="Height">The executed height the answer describes.</param>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
public sealed record SignedQuery(
    ReplicaId Validator, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Key, Height Floor, Height Height, bool Found, ReadOnlyMemory<byte> Value)
{
    /// <summary>Writes the content that is signed.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(64 + Nonce.Length + Key.Length + Value.Length);
        writer.Byte((byte)SignedPurpose.Query);
        writer.UInt16((ushort)Validator.Value);
        writer.Bytes(Nonce.Span);
        writer.Bytes(Key.Span);
        writer.UInt64(Floor.Value);
        writer.UInt64(Height.Value);
        writer.Byte(Found ? (byte)1 : (byte)0);
        writer.Bytes(Value.Span);
        return writer.ToArray();
    }

    /// <summary>Reads the content; null when malformed. Signature, nonce and key are the caller's to check.</summary>
    public static SignedQuery? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        bool isQuery = reader.Byte() == (byte)SignedPurpose.Query;
        var answer = new SignedQuery(
            new ReplicaId(reader.UInt16()),
            reader.Bytes(ApiLimits.MaxNonceBytes),
            reader.Bytes(content.Length),
            new Height(reader.UInt64()),
            new Height(reader.UInt64()),
            reader.Flag(),
            reader.Bytes(content.Length));
        return isQuery && reader.Complete && (answer.Found || answer.Value.IsEmpty) ? answer : null;
    }

    /// <summary>Signs content of any purpose.</summary>
    public static byte[] Sign(Chain chain, ISigner identity, ReadOnlySpan<byte> content)
    {
        var signature = new byte[identity.Scheme.SignatureBytes];
        identity.Sign(chain.SignedContent(Preimage.Receipts, content), signature);
        return signature;
    }
}

/// <summary>One validator's read index, bound to the asker's nonce.</summary>
/// <param name="Validator">Who answers.</param>
/// <param name="Nonce">The asker's nonce.</param>
/// <param name="Height">The height a linearizable read must see, as far as that validator can know.</param>
public sealed record SignedReadIndex(ReplicaId Validator, ReadOnlyMemory<byte> Nonce, Height Height)
{
    /// <summary>Writes the content that is signed.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(32 + Nonce.Length);
        writer.Byte((byte)SignedPurpose.ReadIndex);
        writer.UInt16((ushort)Validator.Value);
        writer.Bytes(Nonce.Span);
        writer.UInt64(Height.Value);
        return writer.ToArray();
    }

    /// <summary>Reads the content; null when malformed.</summary>
    public static SignedReadIndex? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        bool isReadIndex = reader.Byte() == (byte)SignedPurpose.ReadIndex;
        var answer = new SignedReadIndex(new ReplicaId(reader.UInt16()), reader.Bytes(ApiLimits.MaxNonceBytes), new Height(reader.UInt64()));
        return isReadIndex && reader.Complete ? answer : null;
    }
}
