namespace Bft.Crypto.Certificates;

/// <summary>
/// How the votes of many replicas over one message become one quorum certificate. Bound to a fixed list of
/// public keys (replica i has key i); quorum arithmetic is the caller's. Thread-safe; hostile input is answered with false.
/// </summary>
public interface ICertificateScheme
{
    /// <summary>The name in genesis, for example <c>ed25519</c>.</summary>
    string Name { get; }

    /// <summary>Number of replicas whose keys this scheme holds.</summary>
    int Replicas { get; }

    /// <summary>True when a certificate is the concatenation of its signers' votes, each of which can be checked (and remembered) alone.</summary>
    bool IsList => false;

    /// <summary>Length in bytes of one replica's signature over a statement.</summary>
    int VoteSignatureBytes { get; }

    /// <summary>Length in bytes of a certificate's signature part for that many signers.</summary>
    int CertificateBytes(int signers);

    /// <summary>True when combining is so cheap (no curve arithmetic) that the loop may do it inline.</summary>
    bool CombinesInline { get; }

    /// <summary>True when <paramref name="signer"/> signed <paramref name="message"/>; false for an unknown signer or malformed bytes.</summary>
    bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    /// <summary>Combines valid votes over one message.</summary>
    /// <param name="signers">Strictly ascending replica numbers.</param>
    /// <param name="signatures">Their signatures, in the same order.</param>
    /// <exception cref="ArgumentException">Not strictly ascending, out of range, or lengths that do not fit: a bug of the caller.</exception>
    byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures);

    /// <summary>True when <paramref name="certificate"/> proves that each of <paramref name="signers"/> signed <paramref name="message"/>.</summary>
    /// <param name="signers">Strictly ascending replica numbers; anything else is refused.</param>
    /// <param name="message">The bytes that were signed.</param>
    /// <param name="certificate">The combined signature.</param>
    bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate);
}
