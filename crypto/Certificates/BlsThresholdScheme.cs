using System.Collections.Immutable;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Threshold;

namespace Bft.Crypto.Certificates;

/// <summary>
/// The certificate that is one BLS signature under the key of the whole committee: 48 bytes and no bitmap, checked like a single signature. Each replica signs with a
/// share of the secret; a quorum of such partial signatures is interpolated to the signature itself (Boldyreva, PKC 2003). Fewer than a quorum can make none.
/// </summary>
/// <remarks>
/// <para>It does not say who signed: two contradicting certificates accuse nobody. Votes seen one by one still do.</para>
/// <para>No share's key needs a proof of possession: each is derived from the dealer's commitments, so nobody chooses one. A generated key (no dealer) plugs in here:
/// what it needs of this class is commitments and share keys.</para>
/// </remarks>
public sealed class BlsThresholdScheme : ICertificateScheme
{
    private readonly G2Point[] _shareKeys;
    private readonly G2Point _groupKey;

    private BlsThresholdScheme(G2Point[] shareKeys, Commitments commitments)
    {
        _shareKeys = shareKeys;
        _groupKey = commitments.GroupKey;
        Threshold = commitments.Quorum;
    }

    /// <inheritdoc/>
    public string Name => BlsVoting.Shared.Name;

    /// <inheritdoc/>
    public string Backend => BlsBackend.Name;

    /// <inheritdoc/>
    public int Replicas => _shareKeys.Length;

    /// <inheritdoc/>
    public bool NamesSigners => false;

    /// <inheritdoc/>
    public int Threshold { get; }

    /// <inheritdoc/>
    public int VoteSignatureBytes => G1Point.CompressedLength;

    /// <inheritdoc/>
    public bool CombinesInline => false;

    /// <inheritdoc/>
    public bool ChecksVotesTogether => true;

    private static BlsScheme<G2Point, G1Point> Bls => BlsVoting.Signatures;

    /// <summary>Binds the scheme to a committee, once the commitments were checked, and each key against them.</summary>
    /// <param name="keys">Keys of shares and commitments, 96 bytes each; as many commitments as the quorum.</param>
    /// <param name="refusal">What was refused and why; null when accepted.</param>
    public static BlsThresholdScheme? TryCreate(CommitteeKeys keys, out KeyRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(keys);
        refusal = keys.FindSuperfluous(possessions: false, commitments: true) ?? CommitteeKeys.FindShared(keys.PublicKeys);
        if (refusal is not null)
        {
            return null;
        }

        var commitments = Crypto.Threshold.Commitments.TryRead(keys.Commitments, keys.Quorum, out string? reason);
        if (commitments is null)
        {
            refusal = new KeyRefusal(null, reason!);
            return null;
        }

        var points = new G2Point[keys.PublicKeys.Length];
        for (int replica = 0; replica < points.Length; replica++)
        {
            BlsRefusal read = Bls.ReadKey(keys.PublicKeys[replica].Span, out points[replica]);
            if (read != BlsRefusal.None)
            {
                refusal = new KeyRefusal(replica, $"its consensus key is refused: {read.Describe()}");
                return null;
            }
        }

        if (commitments.FindForeign(points) is { } foreign)
        {
            refusal = new KeyRefusal(foreign, "its consensus key is not the one of its share under the dealer's commitments");
            return null;
        }

        return new BlsThresholdScheme(points, commitments);
    }

    /// <inheritdoc/>
    public int CertificateBytes(int signers) => G1Point.CompressedLength;

    /// <inheritdoc/>
    public bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        (uint)signer < (uint)_shareKeys.Length &&
        Bls.ReadSignature(signature, out G1Point point) == BlsRefusal.None &&
        Bls.Verify(_shareKeys[signer], message, point) == BlsRefusal.None;

    /// <inheritdoc/>
    public byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        RequireQuorum(signers, signatures);
        var points = new G1Point[signers.Length];
        for (int i = 0; i < points.Length; i++)
        {
            BlsRefusal refusal = Bls.ReadSignature(signatures[i].Span, out points[i]);
            if (refusal != BlsRefusal.None)
            {
                throw new ArgumentException($"The signature of replica {signers[i]} is none: {refusal.Describe()}. Only valid votes are combined.", nameof(signatures));
            }
        }

        return Interpolate(signers, points).ToBytes();
    }

    /// <inheritdoc/>
    public CombinedVotes TryCombine(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        RequireQuorum(signers, signatures);
        var points = new List<G1Point>(signers.Length);
        var readable = new List<int>(signers.Length);
        ImmutableArray<int>.Builder liars = ImmutableArray.CreateBuilder<int>();
        for (int i = 0; i < signers.Length; i++)
        {
            if (Bls.ReadSignature(signatures[i].Span, out G1Point point) == BlsRefusal.None)
            {
                readable.Add(signers[i]);
                points.Add(point);
            }
            else
            {
                liars.Add(signers[i]);
            }
        }

        int[] who = [.. readable];
        G1Point[] partial = [.. points];
        if (liars.Count == 0)
        {
            G1Point signature = Interpolate(who, partial);
            if (Bls.Verify(_groupKey, message, signature) == BlsRefusal.None)
            {
                return new CombinedVotes(signature.ToBytes(), [], 1);
            }
        }

        // The first quorum alone was interpolated; a liar may stand behind it as well.
        byte[] signed = message.ToArray();
        var bisection = new Bisection((first, count) => Hold(who.AsSpan(first, count), signed, partial.AsSpan(first, count)));
        liars.AddRange(bisection.Find(who.Length, knownBad: liars.Count == 0).Select(i => who[i]));
        liars.Sort();
        return new CombinedVotes(null, liars.ToImmutable(), 1 + bisection.Checks);
    }

    /// <inheritdoc/>
    public bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate) =>
        signers.IsEmpty &&
        Bls.ReadSignature(certificate, out G1Point signature) == BlsRefusal.None &&
        Bls.Verify(_groupKey, message, signature) == BlsRefusal.None;

    // With random weights: errors that cancel each other out in a plain sum do not in the interpolation.
    private bool Hold(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<G1Point> partial)
    {
        var keys = new G2Point[signers.Length];
        for (int i = 0; i < signers.Length; i++)
        {
            keys[i] = _shareKeys[signers[i]];
        }

        return Bls.BatchVerifyMessage(keys, message, partial) == BlsRefusal.None;
    }

    private G1Point Interpolate(ReadOnlySpan<int> signers, ReadOnlySpan<G1Point> partial)
    {
        Span<int> indices = stackalloc int[Threshold];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = signers[i] + 1;
        }

        var weights = new Scalar[Threshold];
        SharingRefusal refusal = Lagrange.TryWeights(indices, weights);
        return refusal == SharingRefusal.None
            ? G1Point.MultiplySum(partial[..Threshold], weights)
            : throw new ArgumentException($"These signers cannot be interpolated: {refusal}.", nameof(signers));
    }

    private void RequireQuorum(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        Signers.Require(signers, signatures, Replicas);
        if (signers.Length < Threshold)
        {
            throw new ArgumentException($"{Threshold} partial signatures make a signature, got {signers.Length}.", nameof(signers));
        }
    }
}
