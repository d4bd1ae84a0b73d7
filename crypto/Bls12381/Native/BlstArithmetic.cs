using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>
/// The heavy operations of the curve by a native blst library: secret multiplication, hashing, roots and subgroup checks of decoding, sums of multiples, products of pairings. The same results
/// as the managed ones, bit for bit. Thread-safe.
/// </summary>
/// <remarks>Points cross as coordinates, at the price of one field multiplication each. What held a secret here is erased; what the library held is its own affair.</remarks>
internal sealed unsafe class BlstArithmetic(BlstLibrary library)
{
    private const int ScalarBits = 256;

    /// <summary>scalar·a, in constant time. The result has Z = 1, so that writing it needs no inversion.</summary>
    public G1Point Multiply(in G1Point a, in Scalar scalar)
    {
        BlstJacobian<BlstFp> point = BlstPoints.Jacobian(a.Coordinates), product;
        byte* digits = stackalloc byte[Scalar.Bytes];
        WriteLittleEndian(scalar, new Span<byte>(digits, Scalar.Bytes));
        library.G1.Multiply(&product, &point, digits, ScalarBits);
        CryptographicOperations.ZeroMemory(new Span<byte>(digits, Scalar.Bytes));
        G1Point result = Take(&product);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<BlstJacobian<BlstFp>>(ref product)));
        return result;
    }

    /// <inheritdoc cref="Multiply(in G1Point, in Scalar)"/>
    public G2Point Multiply(in G2Point a, in Scalar scalar)
    {
        BlstJacobian<BlstFp2> point = BlstPoints.Jacobian(a.Coordinates), product;
        byte* digits = stackalloc byte[Scalar.Bytes];
        WriteLittleEndian(scalar, new Span<byte>(digits, Scalar.Bytes));
        library.G2.Multiply(&product, &point, digits, ScalarBits);
        CryptographicOperations.ZeroMemory(new Span<byte>(digits, Scalar.Bytes));
        G2Point result = Take(&product);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<BlstJacobian<BlstFp2>>(ref product)));
        return result;
    }

    /// <summary>Σ scalar_i·point_i. For public scalars.</summary>
    /// <param name="points">The points.</param>
    /// <param name="scalars">As many, none of more than <paramref name="bits"/> bits.</param>
    /// <param name="bits">At most 256.</param>
    public G1Point MultiplySum(ReadOnlySpan<G1Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        var affine = new BlstAffine<BlstFp>[points.Length];
        var kept = new Scalar[points.Length];
        int count = 0;
        for (int i = 0; i < points.Length; i++)
        {
            if (!points[i].IsIdentity)
            {
                kept[count] = scalars[i];
                affine[count++] = Affine(points[i].Coordinates);
            }
        }

        // The library's sums are of two points and more: of one it reads past the end.
        if (count < 2)
        {
            return count == 0 ? G1Point.Identity : Multiply(new G1Point(BlstPoints.Projective(affine[0])), kept[0]);
        }

        BlstJacobian<BlstFp> sum;
        fixed (BlstAffine<BlstFp>* first = affine)
        {
            MultiplySum(library.G1, first, kept.AsSpan(0, count), bits, &sum);
        }

        return Take(&sum);
    }

    /// <inheritdoc cref="MultiplySum(ReadOnlySpan{G1Point}, ReadOnlySpan{Scalar}, int)"/>
    public G2Point MultiplySum(ReadOnlySpan<G2Point> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        var affine = new BlstAffine<BlstFp2>[points.Length];
        var kept = new Scalar[points.Length];
        int count = 0;
        for (int i = 0; i < points.Length; i++)
        {
            if (!points[i].IsIdentity)
            {
                kept[count] = scalars[i];
                affine[count++] = Affine(points[i].Coordinates);
            }
        }

        // The library's sums are of two points and more: of one it reads past the end.
        if (count < 2)
        {
            return count == 0 ? G2Point.Identity : Multiply(new G2Point(BlstPoints.Projective(affine[0])), kept[0]);
        }

        BlstJacobian<BlstFp2> sum;
        fixed (BlstAffine<BlstFp2>* first = affine)
        {
            MultiplySum(library.G2, first, kept.AsSpan(0, count), bits, &sum);
        }

        return Take(&sum);
    }

    /// <summary>hash_to_curve of RFC 9380 to G1.</summary>
    /// <param name="message">What to hash.</param>
    /// <param name="domain">The tag; not empty.</param>
    public G1Point HashToG1(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        BlstJacobian<BlstFp> point;
        Hash(library.G1, message, domain, &point);
        return Take(&point);
    }

    /// <summary>hash_to_curve of RFC 9380 to G2.</summary>
    /// <inheritdoc cref="HashToG1"/>
    public G2Point HashToG2(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        BlstJacobian<BlstFp2> point;
        Hash(library.G2, message, domain, &point);
        return Take(&point);
    }

    /// <summary>Finds the point of a compressed encoding. Only speed is left to the library: what it finds must be on the curve and encode to the same bytes.</summary>
    /// <param name="source">The encoding, of whatever length.</param>
    /// <param name="point">The point, not necessarily of the subgroup.</param>
    /// <returns>False for the identity and for whatever the library does not decode: the managed decoder says which it is.</returns>
    public bool TryDecode(ReadOnlySpan<byte> source, out Projective<Fp, G1Curve> point)
    {
        point = Projective<Fp, G1Curve>.Identity;
        BlstAffine<BlstFp> affine = default;
        if (source.Length != G1Point.CompressedLength || !Uncompress(library.G1, source, &affine))
        {
            return false;
        }

        point = BlstPoints.Projective(affine);
        Span<byte> again = stackalloc byte[G1Point.CompressedLength];
        PointEncoding.WriteCompressed<Fp, G1Curve, FpCodec>(point, again);
        return Projective<Fp, G1Curve>.IdentityMask(point) == 0 && Projective<Fp, G1Curve>.OnCurveMask(point) != 0 && source.SequenceEqual(again);
    }

    /// <inheritdoc cref="TryDecode(ReadOnlySpan{byte}, out Projective{Fp, G1Curve})"/>
    public bool TryDecode(ReadOnlySpan<byte> source, out Projective<Fp2, G2Curve> point)
    {
        point = Projective<Fp2, G2Curve>.Identity;
        BlstAffine<BlstFp2> affine = default;
        if (source.Length != G2Point.CompressedLength || !Uncompress(library.G2, source, &affine))
        {
            return false;
        }

        point = BlstPoints.Projective(affine);
        Span<byte> again = stackalloc byte[G2Point.CompressedLength];
        PointEncoding.WriteCompressed<Fp2, G2Curve, Fp2Codec>(point, again);
        return Projective<Fp2, G2Curve>.IdentityMask(point) == 0 && Projective<Fp2, G2Curve>.OnCurveMask(point) != 0 && source.SequenceEqual(again);
    }

    /// <summary>Whether a point of the curve is of the subgroup.</summary>
    public bool IsInSubgroup(in Projective<Fp, G1Curve> point)
    {
        BlstAffine<BlstFp> affine = Affine(point);
        return library.G1.IsInSubgroup(&affine) != 0;
    }

    /// <inheritdoc cref="IsInSubgroup(in Projective{Fp, G1Curve})"/>
    public bool IsInSubgroup(in Projective<Fp2, G2Curve> point)
    {
        BlstAffine<BlstFp2> affine = Affine(point);
        return library.G2.IsInSubgroup(&affine) != 0;
    }

    /// <summary>Whether Π e(p_i, q_i) = 1. True for no pairs.</summary>
    /// <param name="p">Points of G1.</param>
    /// <param name="q">As many points of G2.</param>
    public bool ProductIsOne(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q)
    {
        ulong* context = stackalloc ulong[(library.PairingBytes + sizeof(ulong) - 1) / sizeof(ulong)];
        library.PairingInit(context, 0, null, 0);
        int pairs = 0;
        for (int i = 0; i < p.Length; i++)
        {
            if (!p[i].IsIdentity && !q[i].IsIdentity)
            {
                BlstAffine<BlstFp> left = Affine(p[i].Coordinates);
                BlstAffine<BlstFp2> right = Affine(q[i].Coordinates);
                library.PairingAggregate(context, &right, &left);
                pairs++;
            }
        }

        if (pairs == 0)
        {
            return true;
        }

        ulong* result = stackalloc ulong[BlstLibrary.Fp12Bytes / sizeof(ulong)];
        library.FinalExponentiation(result, library.PairingProduct(context));
        return library.IsOne(result) != 0;
    }

    /// <summary>Whether the library's generators lie in memory as ours would: the layout of coordinates, checked without any arithmetic of the library.</summary>
    public bool SharesLayout()
    {
        BlstAffine<BlstFp> g1 = BlstPoints.Affine(G1Point.Generator.Coordinates);
        BlstAffine<BlstFp2> g2 = BlstPoints.Affine(G2Point.Generator.Coordinates);
        return new ReadOnlySpan<byte>(library.G1.Generator(), sizeof(BlstAffine<BlstFp>)).SequenceEqual(new ReadOnlySpan<byte>(&g1, sizeof(BlstAffine<BlstFp>)))
            && new ReadOnlySpan<byte>(library.G2.Generator(), sizeof(BlstAffine<BlstFp2>)).SequenceEqual(new ReadOnlySpan<byte>(&g2, sizeof(BlstAffine<BlstFp2>)));
    }

    private static void MultiplySum(BlstLibrary.GroupExports group, void* points, ReadOnlySpan<Scalar> scalars, int bits, void* sum)
    {
        // Scalars follow each other at the distance of their bits, rounded up to bytes.
        int stride = (bits + 7) / 8;
        var digits = new byte[scalars.Length * stride];
        Span<byte> whole = stackalloc byte[Scalar.Bytes];
        for (int i = 0; i < scalars.Length; i++)
        {
            WriteLittleEndian(scalars[i], whole);
            whole[..stride].CopyTo(digits.AsSpan(i * stride, stride));
        }

        var scratch = new ulong[checked((int)((group.MultiplySumScratch((nuint)scalars.Length) + sizeof(ulong) - 1) / sizeof(ulong)))];
        fixed (byte* first = digits)
        fixed (ulong* memory = scratch)
        {
            void** allPoints = stackalloc void*[2] { points, null };
            void** allDigits = stackalloc void*[2] { first, null };
            group.MultiplySum(sum, allPoints, (nuint)scalars.Length, allDigits, (nuint)bits, memory);
        }
    }

    private static void Hash(BlstLibrary.GroupExports group, ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain, void* point)
    {
        fixed (byte* bytes = message)
        fixed (byte* tag = domain)
        {
            group.Hash(point, bytes, (nuint)message.Length, tag, (nuint)domain.Length, null, 0);
        }
    }

    private static bool Uncompress(BlstLibrary.GroupExports group, ReadOnlySpan<byte> source, void* point)
    {
        fixed (byte* bytes = source)
        {
            return group.Uncompress(point, bytes) == 0;
        }
    }

    private static void WriteLittleEndian(in Scalar scalar, Span<byte> bytes)
    {
        scalar.Write(bytes);
        bytes.Reverse();
    }

    private BlstAffine<BlstFp> Affine(in Projective<Fp, G1Curve> point)
    {
        if (BlstPoints.IsAffine(point))
        {
            return BlstPoints.Affine(point);
        }

        BlstJacobian<BlstFp> jacobian = BlstPoints.Jacobian(point);
        BlstAffine<BlstFp> affine;
        library.G1.ToAffine(&affine, &jacobian);
        return affine;
    }

    private BlstAffine<BlstFp2> Affine(in Projective<Fp2, G2Curve> point)
    {
        if (BlstPoints.IsAffine(point))
        {
            return BlstPoints.Affine(point);
        }

        BlstJacobian<BlstFp2> jacobian = BlstPoints.Jacobian(point);
        BlstAffine<BlstFp2> affine;
        library.G2.ToAffine(&affine, &jacobian);
        return affine;
    }

    private G1Point Take(BlstJacobian<BlstFp>* point)
    {
        BlstAffine<BlstFp> affine;
        library.G1.ToAffine(&affine, point);
        return new G1Point(BlstPoints.Projective(affine));
    }

    private G2Point Take(BlstJacobian<BlstFp2>* point)
    {
        BlstAffine<BlstFp2> affine;
        library.G2.ToAffine(&affine, point);
        return new G2Point(BlstPoints.Projective(affine));
    }
}
