using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>A point of E in homogeneous coordinates in four lanes: X, Z, Y, Y. The formulas are those of <see cref="Projective{TField, TCurve}"/>, each layer of products at once.</summary>
[SkipLocalsInit]
internal struct G1Lanes : IPointArithmetic<G1Lanes>
{
    private FpLanes _xzyy;

    /// <summary>From the form of one point.</summary>
    public static void Of(in Projective<Fp, G1Curve> a, out G1Lanes lanes)
    {
        Unsafe.SkipInit(out lanes);
        FpLanes.Join(a.X, a.Z, a.Y, a.Y, out lanes._xzyy);
    }

    /// <summary>To the form of one point.</summary>
    public readonly void To(out Projective<Fp, G1Curve> a)
    {
        Unsafe.SkipInit(out a);
        FpLanes.Take(_xzyy, 0, out a.X);
        FpLanes.Take(_xzyy, 1, out a.Z);
        FpLanes.Take(_xzyy, 2, out a.Y);
    }

    /// <inheritdoc/>
    public static void SetIdentity(out G1Lanes identity) => Of(Projective<Fp, G1Curve>.Identity, out identity);

    /// <inheritdoc/>
    public static void Double(in G1Lanes a, out G1Lanes twice)
    {
        Unsafe.SkipInit(out twice);
        // xy, yz, yy, zz.
        FpLanes.Permute(a._xzyy, 0b01_10_01_00, out FpLanes left);
        FpLanes.Permute(a._xzyy, 0b01_10_10_10, out FpLanes right);
        FpLanes.Multiply(left, right, out FpLanes products);

        // (2xy, yz, yy - 36zz, 12zz)·(yy - 36zz, 8yy, yy + 12zz, 8yy).
        FpLanes.Permute(products, 0b11_11_11_11, out FpLanes zz);
        FpLanes.Permute(products, 0b10_10_10_10, out FpLanes yy);
        FpLanes.Scale(zz, Vector256.Create(36UL), 36, out FpLanes zz36);
        FpLanes.Combine(products, Vector256.Create(2UL, 1, 1, 0), zz, Vector256.Create(0UL, 0, 0, 12), 2, 12, zz36, Vector256.Create(0, 0, ulong.MaxValue, 0), out left);
        FpLanes.Combine(yy, Vector256.Create(1UL, 8, 1, 8), zz, Vector256.Create(0UL, 0, 12, 0), 8, 12, zz36, Vector256.Create(ulong.MaxValue, 0, 0, 0), out right);
        FpLanes.Multiply(left, right, out products);
        JoinY(products, out twice._xzyy);
    }

    /// <inheritdoc/>
    public static void Add(in G1Lanes a, in G1Lanes b, out G1Lanes sum)
    {
        Unsafe.SkipInit(out sum);
        // xx, zz, yy, yy, and the products of x + y, y + z, x + z.
        FpLanes.Multiply(a._xzyy, b._xzyy, out FpLanes squares);
        SumsOfCoordinates(a._xzyy, out FpLanes left);
        SumsOfCoordinates(b._xzyy, out FpLanes right);
        FpLanes.Multiply(left, right, out FpLanes cross);
        SumsOfCoordinates(squares, out FpLanes known);
        FpLanes.Subtract(cross, known, out cross);

        // 12zz, 12zz, 12xz, 12xz.
        FpLanes.Permute(squares, 0b01_01_01_01, out FpLanes zz12);
        FpLanes.Permute(cross, 0b10_10_10_10, out FpLanes xz12);
        FpLanes.Scale(zz12, Vector256.Create(12UL), 12, out zz12);
        FpLanes.Scale(xz12, Vector256.Create(12UL), 12, out xz12);
        FpLanes.Permute(squares, 0b10_10_10_10, out FpLanes yy);
        FpLanes.Permute(squares, 0b00_00_00_00, out FpLanes xx3);
        FpLanes.Scale(xx3, Vector256.Create(3UL), 3, out xx3);
        FpLanes.SubtractWide(yy, zz12, out FpLanes minus);
        FpLanes.AddCarried(yy, zz12, out FpLanes plus);

        // X = xy·minus - yz·12xz, Z = yz·plus + xy·3xx, Y = minus·plus + 12xz·3xx.
        FpLanes.LowerUpper(cross, minus, out left);
        FpLanes.Select(xz12, left, Vector256.Create(0, 0, 0, ulong.MaxValue), out left);
        FpLanes.Select(minus, plus, Vector256.Create(ulong.MaxValue, 0, 0, 0), out right);
        FpLanes.Select(xx3, right, Vector256.Create(0, 0, 0, ulong.MaxValue), out right);
        FpLanes.Multiply(left, right, out FpLanes first);
        FpLanes.Permute(cross, 0b11_11_00_01, out left);
        FpLanes.Select(xz12, xx3, Vector256.Create(ulong.MaxValue, 0, 0, 0), out right);
        FpLanes.Multiply(left, right, out FpLanes second);
        FpLanes.SubtractFirstAddSecond(first, second, out first);
        JoinY(first, out first);
        FpLanes.Reduce(first, out sum._xzyy);
    }

    /// <summary>x + y, y + z, x + z, x + z of x, z, y, y; carried.</summary>
    private static void SumsOfCoordinates(in FpLanes xzyy, out FpLanes sums)
    {
        FpLanes.Permute(xzyy, 0b00_00_01_00, out FpLanes first);
        FpLanes.Permute(xzyy, 0b01_01_10_10, out FpLanes second);
        FpLanes.AddCarried(first, second, out sums);
    }

    /// <summary>The sum of the upper two lanes in both of them.</summary>
    private static void JoinY(in FpLanes lanes, out FpLanes joined)
    {
        FpLanes.Permute(lanes, 0b10_11_00_00, out FpLanes other);
        FpLanes.AddToUpper(lanes, other, out joined);
    }

    /// <inheritdoc/>
    public static void Assign(ref G1Lanes target, in G1Lanes source, ulong mask) => FpLanes.Assign(ref target._xzyy, source._xzyy, mask);

    /// <inheritdoc/>
    public static void NegateWhere(ref G1Lanes a, ulong mask)
    {
        FpLanes.NegateUpper(a._xzyy, out FpLanes negative);
        FpLanes.Assign(ref a._xzyy, negative, mask);
    }

    /// <inheritdoc/>
    public static void MultiplyByEigenvalue(in G1Lanes a, out G1Lanes image)
    {
        Unsafe.SkipInit(out image);
        FpLanes.Join(G1Curve.Beta, Fp.One, Fp.One, Fp.One, out FpLanes factors);
        FpLanes.Multiply(a._xzyy, factors, out image._xzyy);
        FpLanes.NegateUpper(image._xzyy, out image._xzyy);
    }
}
