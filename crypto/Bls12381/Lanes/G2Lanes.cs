using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>A point of E' in homogeneous coordinates, two coordinates a vector: X and Z, and Y twice. The formulas are those of <see cref="Projective{TField, TCurve}"/>, two products at once.</summary>
[SkipLocalsInit]
internal struct G2Lanes : IPointArithmetic<G2Lanes>
{
    private FpLanes _xz;
    private FpLanes _yy;

    /// <summary>From the form of one point.</summary>
    public static void Of(in Projective<Fp2, G2Curve> a, out G2Lanes lanes)
    {
        Unsafe.SkipInit(out lanes);
        FpLanes.Join(a.X.C0, a.X.C1, a.Z.C0, a.Z.C1, out lanes._xz);
        FpLanes.Join(a.Y.C0, a.Y.C1, a.Y.C0, a.Y.C1, out lanes._yy);
    }

    /// <summary>To the form of one point.</summary>
    public readonly void To(out Projective<Fp2, G2Curve> a)
    {
        Unsafe.SkipInit(out a);
        FpLanes.Take(_xz, 0, out a.X.C0);
        FpLanes.Take(_xz, 1, out a.X.C1);
        FpLanes.Take(_xz, 2, out a.Z.C0);
        FpLanes.Take(_xz, 3, out a.Z.C1);
        FpLanes.Take(_yy, 0, out a.Y.C0);
        FpLanes.Take(_yy, 1, out a.Y.C1);
    }

    /// <inheritdoc/>
    public static void SetIdentity(out G2Lanes identity) => Of(Projective<Fp2, G2Curve>.Identity, out identity);

    /// <summary>a·3b' = 12(1 + u)·a, reduced, for a below 16p.</summary>
    public static void MultiplyByThreeB(in FpLanes a, out FpLanes product)
    {
        FpLanes.MultiplyByNonResidue(a, out FpLanes turned);
        FpLanes.Scale(turned, Vector256.Create(12UL), 12, out turned);
        FpLanes.Reduce(turned, out product);
    }

    /// <inheritdoc/>
    public static void Double(in G2Lanes a, out G2Lanes twice)
    {
        Unsafe.SkipInit(out twice);
        // xy, yz and yy, zz.
        FpLanes.MultiplyComplex(a._xz, a._yy, out FpLanes products);
        FpLanes.LowerUpper(a._yy, a._xz, out FpLanes squares);
        FpLanes.SquareComplex(squares, out squares);

        MultiplyByThreeB(squares, out FpLanes zz3b);
        FpLanes.TwiceUpper(zz3b, out zz3b);
        FpLanes.TwiceLower(squares, out FpLanes yy);
        FpLanes.Scale(yy, Vector256.Create(8UL), 8, out FpLanes yy8);
        FpLanes.AddCarried(yy, zz3b, out FpLanes plus);
        FpLanes.Scale(zz3b, Vector256.Create(3UL), 3, out FpLanes zz9b);
        FpLanes.Subtract(yy, zz9b, out FpLanes minus);

        // X = 2xy·minus, Z = yz·8yy, Y = zz3b·8yy + minus·plus.
        FpLanes.AddToLower(products, products, out products);
        FpLanes.LowerUpper(minus, yy8, out FpLanes right);
        FpLanes.MultiplyComplex(products, right, out products);
        FpLanes.LowerUpper(zz3b, minus, out FpLanes left);
        FpLanes.LowerUpper(yy8, plus, out right);
        FpLanes.MultiplyComplex(left, right, out left);
        twice._xz = products;
        FpLanes.AddHalves(left, out twice._yy);
    }

    /// <inheritdoc/>
    public static void Add(in G2Lanes a, in G2Lanes b, out G2Lanes sum)
    {
        Unsafe.SkipInit(out sum);
        // xx, zz; the products of x + y and of y + z; yy and the product of x + z.
        FpLanes.MultiplyComplex(a._xz, b._xz, out FpLanes squares);
        FpLanes.AddCarried(a._xz, a._yy, out FpLanes left);
        FpLanes.AddCarried(b._xz, b._yy, out FpLanes right);
        FpLanes.MultiplyComplex(left, right, out FpLanes cross);
        FpLanes.AddHalves(a._xz, out left);
        FpLanes.AddHalves(b._xz, out right);
        FpLanes.LowerUpper(a._yy, left, out left);
        FpLanes.LowerUpper(b._yy, right, out right);
        FpLanes.MultiplyComplex(left, right, out FpLanes third);

        // xy, yz, and zz3b, xz3b.
        FpLanes.TwiceLower(third, out FpLanes yy);
        FpLanes.Add(squares, yy, out FpLanes known);
        FpLanes.Subtract(cross, known, out cross);
        FpLanes.AddHalves(squares, out known);
        FpLanes.Subtract(third, known, out third);
        FpLanes.UpperUpper(squares, third, out FpLanes times3b);
        MultiplyByThreeB(times3b, out times3b);
        FpLanes.TwiceLower(times3b, out FpLanes zz3b);
        FpLanes.TwiceUpper(times3b, out FpLanes xz3b);
        FpLanes.AddCarried(yy, zz3b, out FpLanes plus);
        FpLanes.Subtract(yy, zz3b, out FpLanes minus);
        FpLanes.TwiceLower(squares, out FpLanes xx3);
        FpLanes.Scale(xx3, Vector256.Create(3UL), 3, out xx3);

        // X = xy·minus - yz·xz3b, Z = yz·plus + xy·3xx, Y = xz3b·3xx + minus·plus.
        FpLanes.LowerUpper(minus, plus, out right);
        FpLanes.MultiplyComplex(cross, right, out FpLanes first);
        FpLanes.SwapHalves(cross, out left);
        FpLanes.LowerUpper(xz3b, xx3, out right);
        FpLanes.MultiplyComplex(left, right, out FpLanes second);
        FpLanes.SubtractLowerAddUpper(first, second, out first);
        FpLanes.Reduce(first, out sum._xz);
        FpLanes.LowerUpper(xz3b, minus, out left);
        FpLanes.LowerUpper(xx3, plus, out right);
        FpLanes.MultiplyComplex(left, right, out third);
        FpLanes.AddHalves(third, out sum._yy);
    }

    /// <inheritdoc/>
    public static void Assign(ref G2Lanes target, in G2Lanes source, ulong mask)
    {
        FpLanes.Assign(ref target._xz, source._xz, mask);
        FpLanes.Assign(ref target._yy, source._yy, mask);
    }

    /// <inheritdoc/>
    public static void NegateWhere(ref G2Lanes a, ulong mask)
    {
        FpLanes.Negate(a._yy, out FpLanes negative);
        FpLanes.Reduce(negative, out negative);
        FpLanes.Assign(ref a._yy, negative, mask);
    }

    /// <inheritdoc/>
    public static void MultiplyByEigenvalue(in G2Lanes a, out G2Lanes image)
    {
        Unsafe.SkipInit(out image);
        Fp2 x = G2Curve.PsiX, y = G2Curve.PsiY;
        FpLanes.Join(x.C0, x.C1, Fp.One, default, out FpLanes factors);
        FpLanes.Conjugate(a._xz, out image._xz);
        FpLanes.MultiplyComplex(image._xz, factors, out image._xz);
        FpLanes.Join(y.C0, y.C1, y.C0, y.C1, out factors);
        FpLanes.Conjugate(a._yy, out image._yy);
        FpLanes.MultiplyComplex(image._yy, factors, out image._yy);
        NegateWhere(ref image, ulong.MaxValue);
    }
}
