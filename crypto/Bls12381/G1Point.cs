using System.Diagnostics.CodeAnalysis;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Bls12381;

/// <summary>A point of G1, the smaller group: y² = x³ + 4 over Fp, compressed to 48 bytes. The default value is the identity.</summary>
/// <remarks>Every way to make one from outside checks the subgroup, and every operation stays in it: a value of this type is a member.</remarks>
public readonly struct G1Point : IBlsGroup<G1Point>, ICurvePoint<G1Point, Fp, G1Curve>
{
    /// <summary>Bytes of the compressed encoding.</summary>
    public const int CompressedLength = 48;

    /// <summary>Bytes of the uncompressed encoding.</summary>
    public const int UncompressedLength = 96;

    private static readonly Projective<Fp, G1Curve> StandardGenerator = new()
    {
        X = Fp.FromHex(
            "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        Y = Fp.FromHex(
            "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"),
        Z = Fp.One,
    };

    private readonly Projective<Fp, G1Curve> _point;
    private readonly bool _isSet;

    /// <summary>Wraps coordinates that the caller knows to be of the subgroup.</summary>
    internal G1Point(in Projective<Fp, G1Curve> point)
    {
        _point = point;
        _isSet = true;
    }

    /// <inheritdoc/>
    public static int CompressedBytes => CompressedLength;

    /// <inheritdoc/>
    public static G1Point Identity => default;

    /// <inheritdoc/>
    public static G1Point Generator => new(StandardGenerator);

    /// <inheritdoc/>
    public bool IsIdentity => Projective<Fp, G1Curve>.IdentityMask(Coordinates) != 0;

    /// <summary>The coordinates.</summary>
    internal Projective<Fp, G1Curve> Coordinates => _isSet ? _point : Projective<Fp, G1Curve>.Identity;

    Projective<Fp, G1Curve> ICurvePoint<G1Point, Fp, G1Curve>.Coordinates => Coordinates;

    static G1Point ICurvePoint<G1Point, Fp, G1Curve>.Of(in Projective<Fp, G1Curve> point) => new(point);

    /// <inheritdoc/>
    public static BlsRefusal Read(ReadOnlySpan<byte> source, out G1Point point) =>
        Checked(Decode(source, out Projective<Fp, G1Curve> read), read, out point);

    /// <summary>Reads the uncompressed encoding with every check: length, flags, range, curve, subgroup. Never throws.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="point">The point; the identity when refused.</param>
    public static BlsRefusal ReadUncompressed(ReadOnlySpan<byte> source, out G1Point point) =>
        Checked(PointEncoding.ReadUncompressed<Fp, G1Curve, FpCodec>(source, out Projective<Fp, G1Curve> read), read, out point);

    /// <summary>
    /// Reads compressed points and adds them up, with every check of each but the subgroup's, which is made for the sum alone: it costs twice what the rest of
    /// the reading does. Errors outside the subgroup that cancel each other out in the sum do no harm to it.
    /// </summary>
    /// <param name="sources">The encodings; not none of them.</param>
    /// <param name="sum">The sum; the identity when refused.</param>
    internal static BlsRefusal ReadSum(ReadOnlySpan<ReadOnlyMemory<byte>> sources, out G1Point sum)
    {
        sum = default;
        var total = Projective<Fp, G1Curve>.Identity;
        foreach (ReadOnlyMemory<byte> source in sources)
        {
            BlsRefusal refusal = Decode(source.Span, out Projective<Fp, G1Curve> read);
            if (refusal != BlsRefusal.None)
            {
                return refusal;
            }

            Projective<Fp, G1Curve>.AddWhereAffine(total, read, out total);
        }

        return Checked(BlsRefusal.None, total, out sum);
    }

    // The managed decoder has the last word on whatever is refused: the reason does not depend on the library.
    private static BlsRefusal Decode(ReadOnlySpan<byte> source, out Projective<Fp, G1Curve> point) =>
        BlsBackend.Native is { } native && native.G1.TryDecode(source, out point) ? BlsRefusal.None : PointEncoding.ReadCompressed<Fp, G1Curve, FpCodec>(source, out point);

    private static bool IsInSubgroup(in Projective<Fp, G1Curve> point) => BlsBackend.Native?.G1.IsInSubgroup(point) ?? G1Curve.SubgroupMask(point) != 0;

    private static BlsRefusal Checked(BlsRefusal refusal, in Projective<Fp, G1Curve> read, out G1Point point)
    {
        if (refusal == BlsRefusal.None && !IsInSubgroup(read))
        {
            refusal = BlsRefusal.NotInSubgroup;
        }

        point = refusal == BlsRefusal.None ? new G1Point(read) : default;
        return refusal;
    }

    /// <inheritdoc/>
    public void Write(Span<byte> destination)
    {
        RequireLength(destination, CompressedLength);
        PointEncoding.WriteCompressed<Fp, G1Curve, FpCodec>(Coordinates, destination);
    }

    /// <summary>Writes the uncompressed encoding.</summary>
    /// <param name="destination">Receives exactly <see cref="UncompressedLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void WriteUncompressed(Span<byte> destination)
    {
        RequireLength(destination, UncompressedLength);
        PointEncoding.WriteUncompressed<Fp, G1Curve, FpCodec>(Coordinates, destination);
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
            throw new ArgumentException($"The encoding of a point of G1 has {expected} bytes, the destination has {destination.Length}.", nameof(destination));
        }
    }

    /// <inheritdoc/>
    public static G1Point Add(in G1Point a, in G1Point b)
    {
        Projective<Fp, G1Curve>.Add(a.Coordinates, b.Coordinates, out Projective<Fp, G1Curve> sum);
        return new G1Point(sum);
    }

    /// <inheritdoc/>
    public static G1Point Sum(ReadOnlySpan<G1Point> points)
    {
        Projective<Fp, G1Curve> sum;
        if (FpLanes.IsSupported)
        {
            G1Lanes.SetIdentity(out G1Lanes lanes);
            foreach (ref readonly G1Point point in points)
            {
                if (point._isSet)
                {
                    G1Lanes.Of(point._point, out G1Lanes next);
                    G1Lanes.Add(lanes, next, out lanes);
                }
            }

            lanes.To(out sum);
            return new G1Point(sum);
        }

        sum = Projective<Fp, G1Curve>.Identity;
        foreach (ref readonly G1Point point in points)
        {
            if (point._isSet)
            {
                Projective<Fp, G1Curve>.AddWhereAffine(sum, point._point, out sum);
            }
        }

        return new G1Point(sum);
    }

    /// <inheritdoc/>
    public static G1Point Negate(in G1Point a)
    {
        Projective<Fp, G1Curve>.Negate(a.Coordinates, out Projective<Fp, G1Curve> negative);
        return new G1Point(negative);
    }

    /// <inheritdoc/>
    public static G1Point Multiply(in G1Point a, in Scalar scalar) => BlsBackend.Native?.G1.Multiply(a, scalar) ?? MultiplyManaged(a, scalar);

    /// <summary>The same by the managed code, whatever the backend.</summary>
    internal static G1Point MultiplyManaged(in G1Point a, in Scalar scalar)
    {
        Span<ulong> digits = stackalloc ulong[4];
        CurveParameter.DecomposeIntoTwo(scalar.AsWords(), digits);
        G1Curve.Multiply(a.Coordinates, digits, out Projective<Fp, G1Curve> product);
        digits.Clear();
        return new G1Point(product);
    }

    /// <inheritdoc/>
    public static G1Point MultiplySum(ReadOnlySpan<G1Point> points, ReadOnlySpan<Scalar> scalars) =>
        MultiplySum(points, scalars, 4 * 64);

    /// <summary>The same for scalars of at most <paramref name="bits"/> bits, in less time.</summary>
    internal static G1Point MultiplySum(ReadOnlySpan<G1Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        if (points.Length != scalars.Length)
        {
            throw new ArgumentException($"{points.Length} points need as many scalars, there are {scalars.Length}.", nameof(scalars));
        }

        return BlsBackend.Native?.G1.MultiplySum(points, scalars, bits) ?? MultiplySumManaged(points, scalars, bits);
    }

    /// <summary>The same by the managed code, whatever the backend.</summary>
    internal static G1Point MultiplySumManaged(ReadOnlySpan<G1Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        // Scalars that are longer than a digit are cut into digits, each with its image of the point: fewer doublings.
        int split = bits > G1Curve.DigitBits ? G1Curve.Digits : 1;
        int words = 4 / split;
        var coordinates = new Projective<Fp, G1Curve>[points.Length * split];
        var digits = new ulong[points.Length * 4];
        for (int i = 0; i < points.Length; i++)
        {
            coordinates[i * split] = points[i].Coordinates;
            for (int j = 1; j < split; j++)
            {
                G1Curve.MultiplyByEigenvalue(coordinates[(i * split) + j - 1], out coordinates[(i * split) + j]);
            }

            if (split == 1)
            {
                scalars[i].AsWords().CopyTo(digits.AsSpan(i * 4));
            }
            else
            {
                CurveParameter.DecomposeIntoTwo(scalars[i].AsWords(), digits.AsSpan(i * 4, 4));
            }
        }

        bits = Math.Min(bits, words * 64);
        Projective<Fp, G1Curve> sum;
        if (FpLanes.IsSupported)
        {
            var lanes = new G1Lanes[coordinates.Length];
            for (int i = 0; i < lanes.Length; i++)
            {
                G1Lanes.Of(coordinates[i], out lanes[i]);
            }

            MultiScalar.Sum(lanes, digits, words, bits, out G1Lanes total);
            total.To(out sum);
        }
        else
        {
            MultiScalar.Sum(coordinates, digits, words, bits, out sum);
        }

        return new G1Point(sum);
    }

    /// <inheritdoc/>
    public static G1Point Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) => HashToCurve.ToG1(message, domain);

    /// <inheritdoc cref="Add"/>
    public static G1Point operator +(in G1Point a, in G1Point b) => Add(a, b);

    /// <inheritdoc cref="Negate"/>
    public static G1Point operator -(in G1Point a) => Negate(a);

    /// <inheritdoc cref="Multiply"/>
    public static G1Point operator *(in Scalar scalar, in G1Point a) => Multiply(a, scalar);

    /// <summary>Whether both are the same point.</summary>
    public static bool operator ==(in G1Point a, in G1Point b) => a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(in G1Point a, in G1Point b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(G1Point other) => Projective<Fp, G1Curve>.EqualMask(Coordinates, other.Coordinates) != 0;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is G1Point other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // The canonical form of x is enough, and costs nothing for decoded points.
        Projective<Fp, G1Curve>.ToAffine(Coordinates, out Fp x, out _);
        return (int)Fp.CanonicalLimb(x);
    }

    /// <summary>The compressed encoding in hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
