using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>One group's operations by a native blst library. The types are structs, so that each group gets code of its own.</summary>
/// <typeparam name="TPoint">The group's public type.</typeparam>
/// <typeparam name="TField">The coordinates here.</typeparam>
/// <typeparam name="TCurve">The curve.</typeparam>
/// <typeparam name="TCodec">The encoding of the coordinates.</typeparam>
/// <typeparam name="TNative">The coordinates there.</typeparam>
internal sealed unsafe class BlstGroup<TPoint, TField, TCurve, TCodec, TNative>(BlstLibrary.GroupExports exports)
    where TPoint : struct, IBlsGroup<TPoint>, ICurvePoint<TPoint, TField, TCurve>
    where TField : unmanaged, IField<TField>
    where TCurve : ICurve<TField, TCurve>
    where TCodec : IFieldCodec<TField>
    where TNative : unmanaged, IBlstCoordinate<TNative, TField>
{
    private const int ScalarBits = 256;

    /// <summary>scalar·a, in constant time. The result has Z = 1, so that writing it needs no inversion.</summary>
    public TPoint Multiply(in TPoint a, in Scalar scalar)
    {
        BlstJacobian<TNative> point = BlstPoints.Jacobian<TNative, TField, TCurve>(a.Coordinates), product;
        byte* digits = stackalloc byte[Scalar.Bytes];
        WriteLittleEndian(scalar, new Span<byte>(digits, Scalar.Bytes));
        exports.Multiply(&product, &point, digits, ScalarBits);
        CryptographicOperations.ZeroMemory(new Span<byte>(digits, Scalar.Bytes));
        TPoint result = Take(&product);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<BlstJacobian<TNative>>(ref product)));
        return result;
    }

    /// <summary>Σ scalar_i·point_i. For public scalars.</summary>
    /// <param name="points">The points.</param>
    /// <param name="scalars">As many, none of more than <paramref name="bits"/> bits.</param>
    /// <param name="bits">At most 256.</param>
    public TPoint MultiplySum(ReadOnlySpan<TPoint> points, ReadOnlySpan<Scalar> scalars, int bits)
    {
        var affine = new BlstAffine<TNative>[points.Length];
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
            return count == 0 ? TPoint.Identity : Multiply(TPoint.Of(BlstPoints.Projective<TNative, TField, TCurve>(affine[0])), kept[0]);
        }

        BlstJacobian<TNative> sum;
        fixed (BlstAffine<TNative>* first = affine)
        {
            MultiplySum(first, kept.AsSpan(0, count), bits, &sum);
        }

        return Take(&sum);
    }

    /// <summary>hash_to_curve of RFC 9380.</summary>
    /// <param name="message">What to hash.</param>
    /// <param name="domain">The tag; not empty.</param>
    public TPoint Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        BlstJacobian<TNative> point;
        fixed (byte* bytes = message)
        fixed (byte* tag = domain)
        {
            exports.Hash(&point, bytes, (nuint)message.Length, tag, (nuint)domain.Length, null, 0);
        }

        return Take(&point);
    }

    /// <summary>Finds the point of a compressed encoding. Only speed is left to the library: what it finds must be on the curve and encode to the same bytes.</summary>
    /// <param name="source">The encoding, of whatever length.</param>
    /// <param name="point">The point, not necessarily of the subgroup.</param>
    /// <returns>False for the identity and for whatever the library does not decode: the managed decoder says which it is.</returns>
    public bool TryDecode(ReadOnlySpan<byte> source, out Projective<TField, TCurve> point)
    {
        point = Projective<TField, TCurve>.Identity;
        BlstAffine<TNative> affine = default;
        if (source.Length != TCodec.Bytes)
        {
            return false;
        }

        fixed (byte* bytes = source)
        {
            if (exports.Uncompress(&affine, bytes) != 0)
            {
                return false;
            }
        }

        point = BlstPoints.Projective<TNative, TField, TCurve>(affine);
        Span<byte> again = stackalloc byte[TCodec.Bytes];
        PointEncoding.WriteCompressed<TField, TCurve, TCodec>(point, again);
        return Projective<TField, TCurve>.IdentityMask(point) == 0 && Projective<TField, TCurve>.OnCurveMask(point) != 0 && source.SequenceEqual(again);
    }

    /// <summary>Whether a point of the curve is of the subgroup.</summary>
    public bool IsInSubgroup(in Projective<TField, TCurve> point)
    {
        BlstAffine<TNative> affine = Affine(point);
        return exports.IsInSubgroup(&affine) != 0;
    }

    /// <summary>Whether the library's generator lies in memory as ours would: the layout of coordinates, checked without any arithmetic of the library.</summary>
    public bool SharesLayout()
    {
        BlstAffine<TNative> ours = BlstPoints.Affine<TNative, TField, TCurve>(TPoint.Generator.Coordinates);
        return new ReadOnlySpan<byte>(exports.Generator(), sizeof(BlstAffine<TNative>)).SequenceEqual(new ReadOnlySpan<byte>(&ours, sizeof(BlstAffine<TNative>)));
    }

    /// <summary>The affine form of a point that is not the identity.</summary>
    public BlstAffine<TNative> Affine(in Projective<TField, TCurve> point)
    {
        if (BlstPoints.IsAffine(point))
        {
            return BlstPoints.Affine<TNative, TField, TCurve>(point);
        }

        BlstJacobian<TNative> jacobian = BlstPoints.Jacobian<TNative, TField, TCurve>(point);
        BlstAffine<TNative> affine;
        exports.ToAffine(&affine, &jacobian);
        return affine;
    }

    private void MultiplySum(BlstAffine<TNative>* points, ReadOnlySpan<Scalar> scalars, int bits, BlstJacobian<TNative>* sum)
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

        var scratch = new ulong[checked((int)((exports.MultiplySumScratch((nuint)scalars.Length) + sizeof(ulong) - 1) / sizeof(ulong)))];
        fixed (byte* first = digits)
        fixed (ulong* memory = scratch)
        {
            void** allPoints = stackalloc void*[2] { points, null };
            void** allDigits = stackalloc void*[2] { first, null };
            exports.MultiplySum(sum, allPoints, (nuint)scalars.Length, allDigits, (nuint)bits, memory);
        }
    }

    private static void WriteLittleEndian(in Scalar scalar, Span<byte> bytes)
    {
        scalar.Write(bytes);
        bytes.Reverse();
    }

    private TPoint Take(BlstJacobian<TNative>* point)
    {
        BlstAffine<TNative> affine;
        exports.ToAffine(&affine, point);
        return TPoint.Of(BlstPoints.Projective<TNative, TField, TCurve>(affine));
    }
}
