using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>One replica's signature under a statement.</summary>
/// <param name="Statement">What was signed.</param>
/// <param name="Signer">Who signed. Votes are told apart by statement and signer, never by signature bytes.</param>
/// <param name="Signature">The signature, of the certificate scheme's length.</param>
public readonly record struct Vote(Statement Statement, ReplicaId Signer, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The longest signature any scheme may have, in bytes (ML-DSA-65 has 3309).</summary>
    public const int MaxSignatureBytes = 4096;

    /// <summary>The shortest signature of any scheme whose certificates are lists, in bytes (the simulated one's).</summary>
    public const int MinListedSignatureBytes = 32;

    /// <summary>Writes statement, signer (two bytes), signature.</summary>
    public void Encode(CanonicalWriter writer)
    {
        Statement.Encode(writer);
        writer.UInt16((ushort)Signer.Value);
        writer.Bytes(Signature.Span);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    public static Vote Decode(ref CanonicalReader reader) =>
        new(Statement.Decode(ref reader), new ReplicaId(reader.UInt16()), reader.Bytes(MaxSignatureBytes));
}

/// <summary>Proof that one replica signed two different statements where it may sign one. Each vote convicts only with its signature checked.</summary>
/// <param name="First">One vote.</param>
/// <param name="Second">The contradicting vote: same kind, epoch, view and signer (and slot, where a protocol signs by slot); another statement.</param>
public sealed record Evidence(Vote First, Vote Second);
