using System.Diagnostics.CodeAnalysis;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Bls12381;

/// <summary>A point of G2, the larger group: y² = x³ + 4(1 + u) over Fp2, compressed to 96 bytes. The default value is the identity.</summary>
/// <remarks>Every way to make one from outside checks the subgroup, and every operation stays in it: a value of this type is a member.</remarks>
public readonly struct G2Point : IBlsGroup<G2Point>, ICurvePoint<G2Point, Fp2, G2Curve>
{
    /// <summary>Bytes of the compressed encoding.</summary>
    public const int CompressedLength = 96;

    /// <summary>Bytes of the uncompressed encoding.</summary>
    public const int UncompressedLength = 192;

    private static readonly Projective<Fp2, G2Curve> StandardGenerator = new()
    {
        X = Fp2.FromHex(
            "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
            "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"),
        Y = Fp2.FromHex(
            "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
            "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"),
        Z = Fp2.One,
    };

    private readonly Projective<Fp2, G2Curve> _point;
    private readonly bool _isSet;

    /// <summary>Wraps coordinates that the caller knows to be of the subgroup.</summary>
    internal G2Point(in Projective<Fp2, G2Curve> point)
    {
        _point = point;
        _isSet = true;
    }

    /// <inheritdoc/>
    public static int CompressedBytes => CompressedLength;

    /// <inheritdoc/>
    public static G2Point Identity => default;

    /// <inheritdoc/>
    public static G2Point Generator => new(StandardGenerator);

    /// <inheritdoc/>
    public bool IsIdentity => Projective<Fp2, G2Curve>.IdentityMask(Coordinates) != 0;

    /// <summary>The coordinates.</summary>
    internal Projective<Fp2, G2Curve> Coordinates => _isSet ? _point : Projective<Fp2, G2Curve>.Identity;

    Projective<Fp2, G2Curve> ICurvePoint<G2Point, Fp2, G2Curve>.Coordinates => Coordinates;

    static G2Point ICurvePoint<G2Point, Fp2, G2Curve>.Of(in Projective<Fp2, G2Curve> point) => new(point);

    /// <inheritdoc/>
    public static BlsRefusal Read(ReadOnlySpan<byte> source, out G2Point point) =>
        Checked(Decode(source, out Projective<Fp2, G2Curve> read), read, out point);

    /// <summary>Reads the uncompressed encoding with every check: length, flags, range, curve, subgroup. Never throws.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="point">The point; the identity when refused.</param>
    public static BlsRefusal ReadUncompressed(ReadOnlySpan<byte> source, out G2Point point) =>
        Checked(PointEncoding.ReadUncompressed<Fp2, G2Curve, Fp2Codec>(source, out Projective<Fp2, G2Curve> read), read, out point);

    // The managed decoder has the last word on whatever is refused: the reason does not depend on the library.
    private static BlsRefusal Decode(ReadOnlySpan<byte> source, out Projective<Fp2, G2Curve> point) =>
        BlsBackend.Native is { } native && native.G2.TryDecode(source, out point) ? BlsRefusal.None : PointEncoding.ReadCompressed<Fp2, G2Curve, Fp2Codec>(source, out point);

    private static bool IsInSubgroup(in Projective<Fp2, G2Curve> point) => BlsBackend.Native?.G2.IsInSubgroup(point) ?? G2Curve.SubgroupMask(point) != 0;

    private static BlsRefusal Checked(BlsRefusal refusal, in Projective<Fp2, G2Curve> read, out G2Point point)
    {
        if (refusal == BlsRefusal.None && !IsInSubgroup(read))
        {
            refusal = BlsRefusal.NotInSubgroup;
        }

        point = refusal == BlsRefusal.None ? new G2Point(read) : default;
        return refusal;
    }

    /// <inheritdoc/>
    public void Write(Span<byte> destination)
    {
        RequireLength(destination, CompressedLength);
        PointEncoding.WriteCompressed<Fp2, G2Curve, Fp2Codec>(Coordinates, destination);
    }

    /// <summary>Writes the uncompressed encoding.</summary>
    /// <param name="destination">Receives exactly <see cref="UncompressedLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void WriteUncompressed(Span<byte> destination)
    {
        RequireLength(destination, UncompressedLength);
        PointEncoding.WriteUncompressed<Fp2, G2Curve, Fp2Codec>(Coordinates, destination);
    }

    /// <summary>The compressed encoding in a new array.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[CompressedLength];
        Write(bytes);
        return bytes;
    }

    private static void RequireLength(ReadOnlySpan<byte> destination, int expected)
    {
        if (destination.Length != expected)
        {
            throw new ArgumentException($"The encoding of a point of G2 has {expected} bytes, the destination has {destination.Length}.", nameof(destination));
        }
    }

    /// <inheritdoc/>
    public static G2Point Add(in G2Point a, in G2Point b)
    {
        Projective<Fp2, G2Curve>.Add(a.Coordinates, b.Coordinates, out Projective<Fp2, G2Curve> sum);
        return new G2Point(sum);
    }

    /// <inheritdoc/>
    public static G2Point Sum(ReadOnlySpan<G2Point> points)
    {
        Projective<Fp2, G2Curve> sum;
        if (FpLanes.IsSupported)
        {
            G2Lanes.SetIdentity(out G2Lanes lanes);
            foreach (ref readonly G2Point point in points)
            {
                if (point._isSet)
                {
                    G2Lanes.Of(point._point, out G2Lanes next);
                    G2Lanes.Add(lanes, next, out lanes);
                }
            }

            lanes.To(out sum);
            return new G2Point(sum);
        }

        sum = Projective<Fp2, G2Curve>.Identity;
        foreach (ref readonly G2Point point in points)
        {
            if (point._isSet)
            {
                Projective<Fp2, G2Curve>.AddWhereAffine(sum, point._point, out sum);
            }
        }

        return new G2Point(sum);
    }

    /// <inheritdoc/>
    public static G2Point Negate(in G2Point a)
    {
        Projective<Fp2, G2Curve>.Negate(a.Coordinates, out Projective<Fp2, G2Curve> negative);
        return new G2Point(negative);
    }

    /// <inheritdoc/>
    public static G2Point Multiply(in G2Point a, in Scalar scalar) => BlsBackend.Native?.G2.Multiply(a, scalar) ?? MultiplyManaged(a, scalar);

    /// <summary>The same by the managed code, whatever the backend.</summary>
    internal static G2Point MultiplyManaged(in G2Point a, in Scalar scalar)
    {
        Span<ulong> digits = stackalloc ulong[4];
        CurveParameter.Decompose(scalar.AsWords(), digits);
        G2Curve.Multiply(a.Coordinates, digits, out Projective<Fp2, G2Curve> product);
        digits.Clear();
        return new G2Point(product);
    }

    /// <inheritdoc/>
    public static G2Point MultiplySum(ReadOnlySpan<G2Point> points, ReadOnlySpan<Scalar> scalars) =>
        MultiplySum(points, scalars, 4 * 64);

    /// <summary>The same for scalars of at most <paramref name="bits"/> bits, in less time.</summary>
    internal static G2Point MultiplySum(ReadOnlySpan<G2Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        if (points.Length != scalars.Length)
        {
            throw new ArgumentException($"{points.Length} points need as many scalars, there are {scalars.Length}.", nameof(scalars));
        }

        return BlsBackend.Native?.G2.MultiplySum(points, scalars, bits) ?? MultiplySumManaged(points, scalars, bits);
    }

    /// <summary>The same by the managed code, whatever the backend.</summary>
    internal static G2Point MultiplySumManaged(ReadOnlySpan<G2Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        // Scalars that are longer than a digit are cut into digits, each with its image of the point: fewer doublings.
        int split = bits > G2Curve.DigitBits ? G2Curve.Digits : 1;
        int words = 4 / split;
        var coordinates = new Projective<Fp2, G2Curve>[points.Length * split];
        var digits = new ulong[points.Length * 4];
        for (int i = 0; i < points.Length; i++)
        {
            coordinates[i * split] = points[i].Coordinates;
            for (int j = 1; j < split; j++)
            {
                G2Curve.MultiplyByEigenvalue(coordinates[(i * split) + j - 1], out coordinates[(i * split) + j]);
            }

            if (split == 1)
            {
                scalars[i].AsWords().CopyTo(digits.AsSpan(i * 4));
            }
            else
            {
                CurveParameter.Decompose(scalars[i].AsWords(), digits.AsSpan(i * 4, 4));
            }
        }

        bits = Math.Min(bits, words * 64);
        Projective<Fp2, G2Curve> sum;
        if (FpLanes.IsSupported)
        {
            var lanes = new G2Lanes[coordinates.Length];
            for (int i = 0; i < lanes.Length; i++)
            {
                G2Lanes.Of(coordinates[i], out lanes[i]);
            }

            MultiScalar.Sum(lanes, digits, words, bits, out G2Lanes total);
            total.To(out sum);
        }
        else
        {
            MultiScalar.Sum(coordinates, digits, words, bits, out sum);
        }

        return new G2Point(sum);
    }

    /// <inheritdoc/>
    public static G2Point Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) => HashToCurve.ToG2(message, domain);

    /// <inheritdoc cref="Add"/>
    public static G2Point operator +(in G2Point a, in G2Point b) => Add(a, b);

    /// <inheritdoc cref="Negate"/>
    public static G2Point operator -(in G2Point a) => Negate(a);

    /// <inheritdoc cref="Multiply"/>
    public static G2Point operator *(in Scalar scalar, in G2Point a) => Multiply(a, scalar);

    /// <summary>Whether both are the same point.</summary>
    public static bool operator ==(in G2Point a, in G2Point b) => a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(in G2Point a, in G2Point b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(G2Point other) => Projective<Fp2, G2Curve>.EqualMask(Coordinates, other.Coordinates) != 0;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is G2Point other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // The canonical form of x is enough, and costs nothing for decoded points.
        Projective<Fp2, G2Curve>.ToAffine(Coordinates, out Fp2 x, out _);
        return (int)Fp2.CanonicalLimb(x);
    }

    /// <summary>The compressed encoding in hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
