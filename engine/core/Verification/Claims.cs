using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>Judges claims by a chain's certificate scheme, remembering positive verdicts by the content of what was checked.</summary>
public sealed class Claims : IClaims
{
    // Entries of the cache that are no transaction signatures (whose codes are below 0x80).
    private const byte CertificateEntry = 0xFD;
    private const byte VoteEntry = 0xFC;

    private readonly ICertificateScheme _scheme;
    private readonly VerifiedCache _verified;
    private readonly IMeter? _meter;
    private readonly int _workers;

    /// <summary>Makes a judge.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="scheme">The certificate scheme over the committee's keys.</param>
    /// <param name="verified">The cache of positive verdicts; one a process.</param>
    /// <param name="meter">Books verifications; may be null.</param>
    /// <param name="workers">How many processors may check one payload's client signatures at once.</param>
    /// <exception cref="ArgumentException">The scheme's certificates name nobody, and fewer than a quorum can make one.</exception>
    public Claims(Chain chain, ICertificateScheme scheme, VerifiedCache verified, IMeter? meter = null, int workers = 1)
    {
        if (!scheme.NamesSigners && scheme.Threshold < chain.Committee.QuorumSize)
        {
            throw new ArgumentException($"A certificate of {scheme.Threshold} unnamed replicas is none of a quorum of {chain.Committee.QuorumSize}.", nameof(scheme));
        }

        Chain = chain;
        _scheme = scheme;
        _verified = verified;
        _meter = meter;
        _workers = workers;
    }

    /// <inheritdoc/>
    public Chain Chain { get; }

    /// <inheritdoc/>
    public bool IsVote(in Vote vote)
    {
        if (!Chain.Committee.Contains(vote.Signer) || vote.Statement.Epoch != Chain.Committee.Epoch)
        {
            return false;
        }

        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        Chain.WriteSigned(vote.Statement, message);
        return IsSignedBy(vote.Signer.Value, message, vote.Signature.Span);
    }

    /// <inheritdoc/>
    public bool IsCertificate(QuorumCertificate certificate)
    {
        if (certificate.View.Value == 0)
        {
            return certificate.ContentEquals(Chain.GenesisCertificate);
        }

        if (certificate.Statement.Epoch != Chain.Committee.Epoch || !IsQuorum(certificate.Signers))
        {
            return false;
        }

        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        Chain.WriteSigned(certificate.Statement, message);
        Span<int> signers = stackalloc int[certificate.Signers.Count];
        certificate.Signers.CopyTo(signers);
        Span<byte> key = stackalloc byte[ReplicaSet.Capacity / 8];
        for (int i = 0; i < ReplicaSet.Capacity / 64; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(key[(8 * i)..], certificate.Signers.Word(i));
        }

        Digest content = _verified.KeyOf(CertificateEntry, key, message, certificate.Signature.Span);
        if (_verified.Contains(content))
        {
            return true;
        }

        bool valid = _scheme.IsList
            ? IsList(signers, message, certificate.Signature.Span)
            : IsWhole(signers, message, certificate.Signature.Span);
        if (valid)
        {
            _verified.Add(content);
        }

        return valid;
    }

    // Where nobody is named, the scheme itself lets nothing less than a quorum sign; a set beside it would be a second encoding, and a claim nobody checks.
    private bool IsQuorum(ReplicaSet signers) => _scheme.NamesSigners ? Chain.Committee.IsQuorum(signers) : signers == ReplicaSet.Empty;

    private bool IsWhole(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        _meter?.Verified(1);
        return _scheme.VerifyCertificate(signers, message, signature);
    }

    /// <inheritdoc/>
    public bool IsPayload(Payload payload)
    {
        IReadOnlyList<Run> runs = payload.Runs;
        if (_workers <= 1 || runs.Count < 8)
        {
            foreach (Run run in runs)
            {
                if (!IsRun(run))
                {
                    return false;
                }
            }

            return true;
        }

        return Parallel.For(0, runs.Count, new ParallelOptions { MaxDegreeOfParallelism = _workers }, (i, state) =>
        {
            if (!IsRun(runs[i]))
            {
                state.Stop();
            }
        }).IsCompleted;
    }

    /// <inheritdoc/>
    public int Unverified(Payload payload)
    {
        int unverified = 0;
        foreach (Run run in payload.Runs)
        {
            unverified += run.Scheme == Run.Unsigned || _verified.Contains(run.Digest) ? 0 : 1;
        }

        return unverified;
    }

    /// <summary>True when the run carries its client's signature, or is unsigned on a chain that admits that.</summary>
    public bool IsRun(Run run)
    {
        if (run.Scheme == Run.Unsigned)
        {
            return Chain.AcceptUnsigned;
        }

        ISignatureScheme? scheme = SignatureSchemes.Find(run.Scheme);
        if (scheme is null)
        {
            return false;
        }

        if (_verified.Contains(run.Digest))
        {
            return true;
        }

        _meter?.Verified(1);
        if (!scheme.Verify(run.PublicKey.Span, Chain.SignedContent(Preimage.Run, run.SignedContent), run.Signature))
        {
            return false;
        }

        _verified.Add(run.Digest);
        return true;
    }

    /// <summary>
    /// Keeps a run as checked whose client signature f+1 replicas vouched for: one of them is honest. Whoever calls this has counted them.
    /// </summary>
    public void Trust(Run run) => _verified.Add(run.Digest);

    /// <summary>
    /// Keeps a signature that this replica made itself, so that it is not verified when it comes back inside a certificate: a quarter of
    /// what a certificate of four validators costs each of them.
    /// </summary>
    /// <param name="self">Who signed.</param>
    /// <param name="message">The signed bytes.</param>
    /// <param name="signature">The signature.</param>
    public void Remember(ReplicaId self, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => _verified.Add(VoteKey(self.Value, message, signature));

    // A list certificate is as many single signatures, most of which were seen as votes or are one's own: check only the rest.
    private bool IsList(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> list)
    {
        int length = _scheme.VoteSignatureBytes;
        if (list.Length != length * signers.Length)
        {
            return false;
        }

        for (int i = 0; i < signers.Length; i++)
        {
            if (!IsSignedBy(signers[i], message, list.Slice(i * length, length)))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsSignedBy(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Digest content = VoteKey(signer, message, signature);
        if (_verified.Contains(content))
        {
            return true;
        }

        _meter?.Verified(1);
        if (!_scheme.VerifyVote(signer, message, signature))
        {
            return false;
        }

        _verified.Add(content);
        return true;
    }

    private Digest VoteKey(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> key = stackalloc byte[2];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(key, (ushort)signer);
        return _verified.KeyOf(VoteEntry, key, message, signature);
    }
}
