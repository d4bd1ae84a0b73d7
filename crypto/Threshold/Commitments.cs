using System.Collections.Immutable;
using System.Security.Cryptography;
using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>
/// A dealer's public commitments to the coefficients of the polynomial whose values are the shares (Feldman, "A practical scheme for non-interactive verifiable secret
/// sharing", FOCS 1987): anyone computes from them the public key of every share and of the group. They hide the secret as well as a public key does.
/// </summary>
public sealed class Commitments
{
    private const int WeightBytes = 16;

    private readonly G2Point[] _points;

    internal Commitments(G2Point[] points) => _points = points;

    /// <summary>How many shares sign together: one more than the degree.</summary>
    public int Quorum => _points.Length;

    /// <summary>The public key of the secret that is shared.</summary>
    public G2Point GroupKey => _points[0];

    /// <summary>Reads commitments of a sharing among a quorum.</summary>
    /// <param name="encoded">Points of 96 bytes, the group key first.</param>
    /// <param name="quorum">How many shares must be needed.</param>
    /// <param name="reason">What is wrong, in words; null when accepted.</param>
    public static Commitments? TryRead(ImmutableArray<ReadOnlyMemory<byte>> encoded, int quorum, out string? reason)
    {
        if (encoded.Length != quorum || quorum < 1)
        {
            reason = $"wrong degree: a quorum of {quorum} needs as many commitments, there are {encoded.Length}";
            return null;
        }

        var points = new G2Point[quorum];
        for (int i = 0; i < quorum; i++)
        {
            // The identity would lower the degree (at the end), give the secret away (at the start), or did not come from a dealer who draws at random.
            BlsRefusal refusal = G2Point.Read(encoded[i].Span, out points[i]);
            if (refusal != BlsRefusal.None || points[i].IsIdentity)
            {
                reason = $"commitment {i} is refused: {(refusal == BlsRefusal.None ? BlsRefusal.Identity : refusal).Describe()}";
                return null;
            }
        }

        reason = null;
        return new Commitments(points);
    }

    /// <summary>Reads commitments of a sharing among a quorum from one byte string: points of 96 bytes, the group key first.</summary>
    /// <param name="encoded">The points, one after the other.</param>
    /// <param name="quorum">How many shares must be needed.</param>
    /// <param name="reason">What is wrong, in words; null when accepted.</param>
    public static Commitments? TryRead(ReadOnlySpan<byte> encoded, int quorum, out string? reason) =>
        CommitmentPoints.TryRead(encoded, quorum, out G2Point[]? points, out reason) ? new Commitments(points!) : null;

    /// <summary>The commitments to the sum of polynomials of one degree: what a key that several dealers made together is checked against.</summary>
    /// <param name="all">At least one, all of one quorum.</param>
    public static Commitments Sum(IReadOnlyList<Commitments> all) =>
        new([.. Enumerable.Range(0, all[0].Quorum).Select(k => G2Point.Sum([.. all.Select(one => one._points[k])]))]);

    /// <summary>
    /// The commitments to what several dealers reshared: each dealt the value of one old polynomial at its index, and the new polynomial is the same combination of theirs that
    /// gives the old one at 0. So the key of the group stays.
    /// </summary>
    /// <param name="indices">The dealers' indices in the old sharing, as many as its quorum, from 1 on, no two the same.</param>
    /// <param name="dealt">What each dealt, in the same order, all of one quorum.</param>
    /// <exception cref="ArgumentException">The indices cannot be interpolated.</exception>
    public static Commitments Interpolate(ReadOnlySpan<int> indices, IReadOnlyList<Commitments> dealt)
    {
        var weights = new Scalar[indices.Length];
        return Lagrange.TryWeights(indices, weights) is SharingRefusal.None
            ? new Commitments([.. Enumerable.Range(0, dealt[0].Quorum).Select(k => G2Point.MultiplySum([.. dealt.Select(one => one._points[k])], weights))])
            : throw new ArgumentException("The indices cannot be interpolated.", nameof(indices));
    }

    /// <summary>The commitments of a polynomial of which as many values are known as it has coefficients: those of a dealer who deals no longer.</summary>
    /// <param name="indices">Where: from 1 on, no two the same.</param>
    /// <param name="values">The values there.</param>
    /// <exception cref="ArgumentException">The indices cannot be interpolated.</exception>
    public static Commitments OfRevealed(ReadOnlySpan<int> indices, ReadOnlySpan<Scalar> values) =>
        new([.. Lagrange.Coefficients(indices, values).Select(coefficient => G2Point.Multiply(G2Point.Generator, coefficient))]);

    /// <summary>True when a commitment is the identity: no scheme takes such a key.</summary>
    public bool IsDegenerate => _points.Any(point => point.IsIdentity);

    /// <summary>The encodings in one byte string, the group key first.</summary>
    public byte[] ToBytes() => CommitmentPoints.Encode(_points);

    /// <summary>The encodings, the group key first.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Encode() => [.. _points.Select(point => (ReadOnlyMemory<byte>)point.ToBytes())];

    /// <summary>The public key of the share at an index.</summary>
    /// <param name="index">From 1 on.</param>
    public G2Point KeyAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(index, 1);
        return G2Point.MultiplySum(_points, Powers(index));
    }

    /// <summary>Checks a share that its owner received.</summary>
    /// <param name="index">From 1 on.</param>
    /// <param name="share">Secret.</param>
    public SharingRefusal Check(int index, in Scalar share) =>
        index < 1 ? SharingRefusal.IndexOutOfRange : G2Point.Multiply(G2Point.Generator, share) == KeyAt(index) ? SharingRefusal.None : SharingRefusal.WrongShare;

    /// <summary>
    /// The places (from 0 on, share i + 1 at place i) of shares whose public key is the identity or that of another: no scheme takes such keys. They do not come by chance: a member that deals last
    /// has opened what the others dealt to it, and can choose what its own share comes to.
    /// </summary>
    /// <param name="shares">How many shares there are.</param>
    public IReadOnlyList<int> FindVoid(int shares)
    {
        G2Point[] keys = [.. Enumerable.Range(1, shares).Select(KeyAt)];
        ILookup<G2Point, int> places = Enumerable.Range(0, shares).ToLookup(place => keys[place]);
        return [.. Enumerable.Range(0, shares).Where(place => keys[place].IsIdentity || places[keys[place]].Skip(1).Any())];
    }

    /// <summary>The first of these keys that is not the public key of its share (key i at index i + 1); null when all are.</summary>
    /// <remarks>One random linear combination of all first: a wrong key gets through with probability 2^-128.</remarks>
    public int? FindForeign(ReadOnlySpan<G2Point> keys)
    {
        Scalar[] weights = new Scalar[keys.Length], expected = new Scalar[_points.Length];
        Span<byte> bytes = stackalloc byte[Scalar.Bytes];
        bytes.Clear();
        for (int i = 0; i < keys.Length; i++)
        {
            RandomNumberGenerator.Fill(bytes[^WeightBytes..]);
            weights[i] = Scalar.FromBytesReduced(bytes);
            Scalar[] powers = Powers(i + 1);
            for (int j = 0; j < powers.Length; j++)
            {
                expected[j] += weights[i] * powers[j];
            }
        }

        if (G2Point.MultiplySum(keys, weights, 8 * WeightBytes) == G2Point.MultiplySum(_points, expected))
        {
            return null;
        }

        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != KeyAt(i + 1))
            {
                return i;
            }
        }

        return null;
    }

    internal G2Point At(Scalar place) => CommitmentPoints.At(_points, place);

    private Scalar[] Powers(int index) => CommitmentPoints.Powers(index, _points.Length);
}
