using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>
/// A quorum's combined signature under one statement: quorum and timeout certificates, prepared and committed certificates,
/// stable checkpoints. Immutable. Believed only after <see cref="IClaims.IsCertificate"/>.
/// </summary>
public sealed class QuorumCertificate
{
    /// <summary>The longest combined signature in bytes.</summary>
    public const int MaxSignatureBytes = ReplicaSet.Capacity * Vote.MaxSignatureBytes;

    /// <summary>Makes a certificate; nothing is checked.</summary>
    public QuorumCertificate(Statement statement, ReplicaSet signers, ReadOnlyMemory<byte> signature)
    {
        Statement = statement;
        Signers = signers;
        Signature = signature;
    }

    /// <summary>What was signed.</summary>
    public Statement Statement { get; }

    /// <summary>Who signed.</summary>
    public ReplicaSet Signers { get; }

    /// <summary>The combined signature.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The view that was certified, out of the signed statement: a certificate has no other view.</summary>
    public View View => Statement.View;

    /// <summary>
    /// Signature units it carries: one a signer in a list, whose signatures have at least <see cref="Vote.MinListedSignatureBytes"/> bytes each; one in all when combined.
    /// </summary>
    public int Authenticators =>
        Signature.IsEmpty ? 0 : Signature.Length >= Signers.Count * Vote.MinListedSignatureBytes ? Math.Max(1, Signers.Count) : 1;

    /// <summary>Writes statement, signers, signature.</summary>
    public void Encode(CanonicalWriter writer)
    {
        Statement.Encode(writer);
        writer.Set(Signers);
        writer.Bytes(Signature.Span);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    public static QuorumCertificate Decode(ref CanonicalReader reader) =>
        new(Statement.Decode(ref reader), reader.Set(), reader.Bytes(MaxSignatureBytes));

    /// <summary>Writes a presence byte, then the certificate when there is one.</summary>
    public static void EncodeOptional(QuorumCertificate? certificate, CanonicalWriter writer)
    {
        writer.Byte(certificate is null ? (byte)0 : (byte)1);
        certificate?.Encode(writer);
    }

    /// <summary>How many bytes <see cref="Encode"/> writes.</summary>
    public int EncodedBytes => Statement.EncodedBytes + 1 + ((Signers.Bound + 7) / 8) + sizeof(uint) + Signature.Length;

    /// <summary>Reads what <see cref="EncodeOptional"/> wrote.</summary>
    public static QuorumCertificate? DecodeOptional(ref CanonicalReader reader) => reader.Flag() ? Decode(ref reader) : null;

    /// <summary>True when statement, signers and signature bytes are the same.</summary>
    public bool ContentEquals(QuorumCertificate other) =>
        Statement == other.Statement && Signers == other.Signers && Signature.Span.SequenceEqual(other.Signature.Span);

    /// <summary>Kind, view, slot and signers, for logs.</summary>
    public override string ToString() => $"{Statement.Kind}(view {View}, slot {Statement.Slot}, {Signers})";
}
