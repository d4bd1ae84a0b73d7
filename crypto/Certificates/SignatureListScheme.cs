using System.Collections.Immutable;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>
/// The certificate that is a list: the signers' own signatures one after the other, in the order of the signers, which the caller carries
/// beside it as a bitmap. For signature schemes that cannot do better: Ed25519, ML-DSA.
/// </summary>
/// <remarks>
/// Signers are counted by replica number, never by signature bytes, and must be strictly ascending: a replica that is listed twice
/// makes the whole certificate false, in Release too. A certificate of nobody proves nothing and is false.
/// </remarks>
public sealed class SignatureListScheme : ICertificateScheme
{
    private readonly ISignatureScheme _voting;
    private readonly ImmutableArray<IVerifier> _keys;
    private readonly VerifiedCache? _cache;

    /// <summary>Binds the scheme to a committee.</summary>
    /// <param name="voting">The scheme of the votes; the list has its name.</param>
    /// <param name="publicKeys">Replica i has key i; all different.</param>
    /// <param name="cache">When given, signatures found valid are not verified again: a vote later inside a certificate, a certificate that comes in several messages.</param>
    /// <exception cref="ArgumentException">No keys, a key that is malformed, or a key that two replicas share (one holder would count twice).</exception>
    public SignatureListScheme(ISignatureScheme voting, IReadOnlyList<ReadOnlyMemory<byte>> publicKeys, VerifiedCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(voting);
        ArgumentNullException.ThrowIfNull(publicKeys);
        if (CheckKeys(voting, publicKeys) is { } refusal)
        {
            throw new ArgumentException(refusal.ToString(), nameof(publicKeys));
        }

        _voting = voting;
        _keys = [.. publicKeys.Select(key => voting.CreateVerifier(key.Span)!)];
        _cache = cache;
    }

    /// <summary>Why these keys make no committee; null when they do.</summary>
    internal static KeyRefusal? CheckKeys(ISignatureScheme voting, IReadOnlyList<ReadOnlyMemory<byte>> publicKeys)
    {
        for (int replica = 0; replica < publicKeys.Count; replica++)
        {
            ReadOnlySpan<byte> encoded = publicKeys[replica].Span;
            if (!voting.IsValidPublicKey(encoded))
            {
                return new KeyRefusal(replica, $"its consensus key is not a valid {voting.Name} key ({encoded.Length} bytes)");
            }
        }

        return CommitteeKeys.FindShared(publicKeys);
    }

    /// <inheritdoc/>
    public string Name => _voting.Name;

    /// <inheritdoc/>
    public string Backend => _voting.Backend;

    /// <inheritdoc/>
    public int Replicas => _keys.Length;

    /// <inheritdoc/>
    public int VoteSignatureBytes => _voting.SignatureBytes;

    /// <inheritdoc/>
    public bool IsList => true;

    /// <inheritdoc/>
    public bool CombinesInline => true;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A negative number.</exception>
    public int CertificateBytes(int signers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(signers);
        return checked(signers * VoteSignatureBytes);
    }

    /// <inheritdoc/>
    public bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if ((uint)signer >= (uint)_keys.Length || signature.Length != VoteSignatureBytes)
        {
            return false;
        }

        IVerifier key = _keys[signer];
        return _cache is null ? key.Verify(message, signature) : _cache.Verify(key, message, signature);
    }

    /// <inheritdoc/>
    public byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        Signers.Require(signers, signatures, Replicas);
        var certificate = new byte[CertificateBytes(signers.Length)];
        for (int i = 0; i < signatures.Count; i++)
        {
            ReadOnlySpan<byte> signature = signatures[i].Span;
            if (signature.Length != VoteSignatureBytes)
            {
                throw new ArgumentException($"The signature of replica {signers[i]} has {signature.Length} bytes instead of {VoteSignatureBytes}.", nameof(signatures));
            }

            signature.CopyTo(certificate.AsSpan(i * VoteSignatureBytes));
        }

        return certificate;
    }

    /// <inheritdoc/>
    public bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate)
    {
        if (!Signers.AreDistinctReplicas(signers, Replicas) || certificate.Length != CertificateBytes(signers.Length))
        {
            return false;
        }

        for (int i = 0; i < signers.Length; i++)
        {
            if (!VerifyVote(signers[i], message, certificate.Slice(i * VoteSignatureBytes, VoteSignatureBytes)))
            {
                return false;
            }
        }

        return true;
    }
}
