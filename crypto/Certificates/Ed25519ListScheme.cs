using System.Collections.Immutable;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>
/// The certificate that is a list: the signers' Ed25519 signatures (64 bytes each) one after the other, in the order of the signers,
/// which the caller carries beside it as a bitmap.
/// </summary>
/// <remarks>
/// Signers are counted by replica number, never by signature bytes, and must be strictly ascending: a replica that is listed twice
/// makes the whole certificate false, in Release too. A certificate of nobody proves nothing and is false.
/// </remarks>
public sealed class Ed25519ListScheme : ICertificateScheme
{
    private readonly ImmutableArray<IVerifier> _keys;
    private readonly VerifiedCache? _cache;

    /// <summary>Binds the scheme to a committee.</summary>
    /// <param name="publicKeys">Replica i has key i; 32 bytes each, all different.</param>
    /// <param name="cache">When given, signatures found valid are not verified again: a vote later inside a certificate, a certificate that comes in several messages.</param>
    /// <exception cref="ArgumentException">No keys, a key that is malformed, or a key that two replicas share (one holder would count twice).</exception>
    public Ed25519ListScheme(IReadOnlyList<ReadOnlyMemory<byte>> publicKeys, VerifiedCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(publicKeys);
        if (publicKeys.Count == 0)
        {
            throw new ArgumentException("A certificate scheme needs at least one public key.", nameof(publicKeys));
        }

        ImmutableArray<IVerifier>.Builder keys = ImmutableArray.CreateBuilder<IVerifier>(publicKeys.Count);
        var owners = new Dictionary<Digest, int>(publicKeys.Count);
        for (int replica = 0; replica < publicKeys.Count; replica++)
        {
            ReadOnlySpan<byte> encoded = publicKeys[replica].Span;
            IVerifier key = Ed25519Scheme.Instance.CreateVerifier(encoded)
                ?? throw new ArgumentException($"The public key of replica {replica} is not a valid Ed25519 key ({encoded.Length} bytes).", nameof(publicKeys));
            if (!owners.TryAdd(new Digest(encoded), replica))
            {
                throw new ArgumentException($"Replicas {owners[new Digest(encoded)]} and {replica} have the same public key; each needs its own.", nameof(publicKeys));
            }

            keys.Add(key);
        }

        _keys = keys.MoveToImmutable();
        _cache = cache;
    }

    /// <inheritdoc/>
    public string Name => Ed25519Scheme.Instance.Name;

    /// <inheritdoc/>
    public int Replicas => _keys.Length;

    /// <inheritdoc/>
    public int VoteSignatureBytes => Ed25519Scheme.SignatureSize;

    /// <inheritdoc/>
    public bool IsList => true;

    /// <inheritdoc/>
    public bool CombinesInline => true;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A negative number.</exception>
    public int CertificateBytes(int signers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(signers);
        return checked(signers * Ed25519Scheme.SignatureSize);
    }

    /// <inheritdoc/>
    public bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if ((uint)signer >= (uint)_keys.Length || signature.Length != Ed25519Scheme.SignatureSize)
        {
            return false;
        }

        IVerifier key = _keys[signer];
        return _cache is null ? key.Verify(message, signature) : _cache.Verify(key, message, signature);
    }

    /// <inheritdoc/>
    public byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        if (!AreDistinctReplicas(signers))
        {
            throw new ArgumentException($"Signers must be one or more replica numbers below {Replicas}, strictly ascending.", nameof(signers));
        }

        if (signatures.Count != signers.Length)
        {
            throw new ArgumentException($"{signers.Length} signers need as many signatures, got {signatures.Count}.", nameof(signatures));
        }

        var certificate = new byte[CertificateBytes(signers.Length)];
        for (int i = 0; i < signatures.Count; i++)
        {
            ReadOnlySpan<byte> signature = signatures[i].Span;
            if (signature.Length != Ed25519Scheme.SignatureSize)
            {
                throw new ArgumentException($"The signature of replica {signers[i]} has {signature.Length} bytes instead of {Ed25519Scheme.SignatureSize}.", nameof(signatures));
            }

            signature.CopyTo(certificate.AsSpan(i * Ed25519Scheme.SignatureSize));
        }

        return certificate;
    }

    /// <inheritdoc/>
    public bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate)
    {
        if (!AreDistinctReplicas(signers) || certificate.Length != CertificateBytes(signers.Length))
        {
            return false;
        }

        for (int i = 0; i < signers.Length; i++)
        {
            if (!VerifyVote(signers[i], message, certificate.Slice(i * Ed25519Scheme.SignatureSize, Ed25519Scheme.SignatureSize)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Somebody, everybody known, nobody twice: checked before any signature is, so that length cannot overflow either.</summary>
    private bool AreDistinctReplicas(ReadOnlySpan<int> signers)
    {
        int previous = -1;
        foreach (int signer in signers)
        {
            if (signer <= previous || signer >= _keys.Length)
            {
                return false;
            }

            previous = signer;
        }

        return signers.Length > 0;
    }
}
