using System.Collections.Immutable;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Certificates;

/// <summary>
/// The certificate that is one aggregate of its signers' minimal BLS signatures: 48 bytes whatever the committee, beside the bitmap of the signers, which makes it
/// accountable. Checking it costs one verification and one addition a signer.
/// </summary>
/// <remarks>
/// <para>Keys are summed up, so each must come with its proof of possession: else whoever knows the others' keys could choose one that cancels them (rogue key).
/// There is no way to this scheme but through <see cref="TryCreate"/>, which checks every proof.</para>
/// <para>Votes are checked together: added up first, the sum verified once, and only when that fails is the liar searched for by bisection.</para>
/// </remarks>
public sealed class BlsAggregateScheme : ICertificateScheme
{
    private readonly G2Point[] _keys;

    private BlsAggregateScheme(G2Point[] keys) => _keys = keys;

    /// <inheritdoc/>
    public string Name => BlsVoting.Aggregated.Name;

    /// <inheritdoc/>
    public string Backend => BlsBackend.Name;

    /// <inheritdoc/>
    public int Replicas => _keys.Length;

    /// <inheritdoc/>
    public int VoteSignatureBytes => G1Point.CompressedLength;

    /// <inheritdoc/>
    public bool CombinesInline => false;

    /// <inheritdoc/>
    public bool ChecksVotesTogether => true;

    private static BlsScheme<G2Point, G1Point> Bls => BlsVoting.Signatures;

    /// <summary>Binds the scheme to a committee, once each key and each proof of possession was checked.</summary>
    /// <param name="keys">Keys of 96 bytes, proofs of 48.</param>
    /// <param name="refusal">Whose key or proof was refused and why; null when accepted.</param>
    public static BlsAggregateScheme? TryCreate(CommitteeKeys keys, out KeyRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(keys);
        refusal = keys.FindSuperfluous(possessions: true, commitments: false) ?? CommitteeKeys.FindShared(keys.PublicKeys);
        var points = new G2Point[keys.PublicKeys.Length];
        for (int replica = 0; refusal is null && replica < points.Length; replica++)
        {
            ReadOnlySpan<byte> proof = replica < keys.Possessions.Length ? keys.Possessions[replica].Span : [];
            refusal = Check(replica, keys.PublicKeys[replica].Span, proof, out points[replica]);
        }

        return refusal is null ? new BlsAggregateScheme(points) : null;
    }

    private static KeyRefusal? Check(int replica, ReadOnlySpan<byte> key, ReadOnlySpan<byte> proof, out G2Point point)
    {
        BlsRefusal refusal = Bls.ReadKey(key, out point);
        if (refusal != BlsRefusal.None)
        {
            return new KeyRefusal(replica, $"its consensus key is refused: {refusal.Describe()}");
        }

        if (proof.IsEmpty)
        {
            return new KeyRefusal(replica, "its consensus key comes without a proof of possession");
        }

        refusal = Bls.ReadSignature(proof, out G1Point possession);
        if (refusal == BlsRefusal.None)
        {
            refusal = Bls.VerifyPossession(point, possession);
        }

        return refusal == BlsRefusal.None ? null : new KeyRefusal(replica, $"its proof of possession is refused: {refusal.Describe()}");
    }

    /// <inheritdoc/>
    public int CertificateBytes(int signers) => G1Point.CompressedLength;

    /// <inheritdoc/>
    public bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        (uint)signer < (uint)_keys.Length &&
        Bls.ReadSignature(signature, out G1Point point) == BlsRefusal.None &&
        Bls.Verify(_keys[signer], message, point) == BlsRefusal.None;

    /// <inheritdoc/>
    public byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        Signers.Require(signers, signatures, Replicas);
        BlsRefusal refusal = G1Point.ReadSum([.. signatures], out G1Point sum);
        return refusal == BlsRefusal.None
            ? sum.ToBytes()
            : throw new ArgumentException($"One of the signatures is none: {refusal.Describe()}. Only valid votes are combined.", nameof(signatures));
    }

    /// <inheritdoc/>
    /// <remarks>
    /// That the sum holds is all that a certificate needs, so the sum alone is checked to be in the subgroup, at the third of the cost of checking each. Errors of
    /// several liars may cancel each other out; the certificate is then as good as any, and none of their votes becomes evidence without a check of its own.
    /// </remarks>
    public CombinedVotes TryCombine(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        Signers.Require(signers, signatures, Replicas);
        if (G1Point.ReadSum([.. signatures], out G1Point sum) == BlsRefusal.None && Holds(signers, message, sum))
        {
            return new CombinedVotes(sum.ToBytes(), [], 1);
        }

        return FindLiars(signers, message, signatures);
    }

    private CombinedVotes FindLiars(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        var readable = new List<(int Signer, G1Point Signature)>(signers.Length);
        ImmutableArray<int>.Builder liars = ImmutableArray.CreateBuilder<int>();
        for (int i = 0; i < signers.Length; i++)
        {
            if (Bls.ReadSignature(signatures[i].Span, out G1Point point) == BlsRefusal.None)
            {
                readable.Add((signers[i], point));
            }
            else
            {
                liars.Add(signers[i]);
            }
        }

        byte[] signed = message.ToArray();
        (int Signer, G1Point Signature)[] votes = [.. readable];
        var bisection = new Bisection((first, count) =>
        {
            ReadOnlySpan<(int Signer, G1Point Signature)> part = votes.AsSpan(first, count);
            var who = new int[count];
            var sums = new G1Point[count];
            for (int i = 0; i < count; i++)
            {
                (who[i], sums[i]) = part[i];
            }

            return Holds(who, signed, Bls.Aggregate(sums));
        });

        // Where all could be read, it is known already that the whole does not hold.
        liars.AddRange(bisection.Find(votes.Length, knownBad: liars.Count == 0).Select(i => votes[i].Signer));
        liars.Sort();
        return new CombinedVotes(null, liars.ToImmutable(), 1 + bisection.Checks);
    }

    /// <inheritdoc/>
    public bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate) =>
        Signers.AreDistinctReplicas(signers, Replicas) &&
        Bls.ReadSignature(certificate, out G1Point signature) == BlsRefusal.None &&
        Holds(signers, message, signature);

    // Distinct replicas have distinct keys, each proved: their sum is the key of them all. The identity, as sum of keys or of signatures, is refused.
    private bool Holds(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, in G1Point signature)
    {
        var keys = new G2Point[signers.Length];
        for (int i = 0; i < signers.Length; i++)
        {
            keys[i] = _keys[signers[i]];
        }

        return Bls.Verify(Bls.AggregateKeys(keys), message, signature) == BlsRefusal.None;
    }
}
