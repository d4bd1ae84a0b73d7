using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>
/// How the votes of many replicas over one message become one quorum certificate. Bound to a fixed list of
/// public keys (replica i has key i); quorum arithmetic is the caller's. Thread-safe; hostile input is answered with false.
/// </summary>
public interface ICertificateScheme
{
    /// <summary>The name in genesis, for example <c>ed25519</c>.</summary>
    string Name { get; }

    /// <summary>What does the arithmetic in this process: <c>managed</c>, or the name of a native library (<c>libsodium</c> for Ed25519). It changes speed alone, no byte and no verdict.</summary>
    string Backend => ISignatureScheme.Managed;

    /// <summary>Number of replicas whose keys this scheme holds.</summary>
    int Replicas { get; }

    /// <summary>True when a certificate is the concatenation of its signers' votes, each of which can be checked (and remembered) alone.</summary>
    bool IsList => false;

    /// <summary>
    /// False when a certificate is one signature of the whole committee: it says that <see cref="Threshold"/> replicas signed, not which; its set of signers is then empty.
    /// </summary>
    bool NamesSigners => true;

    /// <summary>How many different replicas stand behind a certificate that names nobody; 0 where certificates name their signers.</summary>
    int Threshold => 0;

    /// <summary>
    /// True when votes are better checked together, while a certificate is built of them (<see cref="TryCombine"/>), than one by one: then a vote that came from its
    /// signer itself may be counted before its signature is checked.
    /// </summary>
    bool ChecksVotesTogether => false;

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

    /// <summary>
    /// Combines votes over one message that may hold lies, checks the whole, and finds out who lied when it is not good. Signatures that do not hold are an answer, no error.
    /// </summary>
    /// <param name="signers">Strictly ascending replica numbers.</param>
    /// <param name="message">The bytes that were signed.</param>
    /// <param name="signatures">Their signatures, in the same order.</param>
    /// <exception cref="ArgumentException">Signers not strictly ascending, out of range, too few, or not as many as signatures: a bug of the caller.</exception>
    CombinedVotes TryCombine(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        Certificates.Signers.Require(signers, signatures, Replicas);
        var liars = System.Collections.Immutable.ImmutableArray.CreateBuilder<int>();
        for (int i = 0; i < signers.Length; i++)
        {
            if (!VerifyVote(signers[i], message, signatures[i].Span))
            {
                liars.Add(signers[i]);
            }
        }

        return new CombinedVotes(liars.Count == 0 ? Combine(signers, signatures) : null, liars.ToImmutable(), signers.Length);
    }

    /// <summary>True when <paramref name="certificate"/> proves that each of <paramref name="signers"/> signed <paramref name="message"/>.</summary>
    /// <param name="signers">Strictly ascending replica numbers; anything else is refused. None, where certificates name nobody.</param>
    /// <param name="message">The bytes that were signed.</param>
    /// <param name="certificate">The combined signature.</param>
    bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate);
}
