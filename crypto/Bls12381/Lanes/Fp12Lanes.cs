using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>An element c0 + c1·w of <see cref="Fp12"/> with c0 in the lower halves, c1 in the upper ones. Always reduced. All operations are constant-time.</summary>
[SkipLocalsInit]
internal struct Fp12Lanes
{
    private Fp6Pair _parts;

    /// <summary>From the form of one element.</summary>
    public static void Of(in Fp12 a, out Fp12Lanes lanes)
    {
        Unsafe.SkipInit(out lanes);
        FpLanes.Join(a.C0.C0.C0, a.C0.C0.C1, a.C1.C0.C0, a.C1.C0.C1, out lanes._parts.C0);
        FpLanes.Join(a.C0.C1.C0, a.C0.C1.C1, a.C1.C1.C0, a.C1.C1.C1, out lanes._parts.C1);
        FpLanes.Join(a.C0.C2.C0, a.C0.C2.C1, a.C1.C2.C0, a.C1.C2.C1, out lanes._parts.C2);
    }

    /// <summary>To the form of one element, tight.</summary>
    public readonly void To(out Fp12 a)
    {
        Unsafe.SkipInit(out a);
        Take(_parts.C0, out a.C0.C0, out a.C1.C0);
        Take(_parts.C1, out a.C0.C1, out a.C1.C1);
        Take(_parts.C2, out a.C0.C2, out a.C1.C2);
    }

    private static void Take(in FpLanes lanes, out Fp2 lower, out Fp2 upper)
    {
        Unsafe.SkipInit(out lower);
        Unsafe.SkipInit(out upper);
        FpLanes.Take(lanes, 0, out lower.C0);
        FpLanes.Take(lanes, 1, out lower.C1);
        FpLanes.Take(lanes, 2, out upper.C0);
        FpLanes.Take(lanes, 3, out upper.C1);
    }

    /// <summary>a·b: (c0·d0, c1·d0) and (c0·d1, c1·d1), each as a pair of products in Fp6; then the second turned by w.</summary>
    public static void Multiply(in Fp12Lanes a, in Fp12Lanes b, out Fp12Lanes product)
    {
        Unsafe.SkipInit(out product);
        Unsafe.SkipInit(out Fp6Pair right);
        FpLanes.TwiceLower(b._parts.C0, out right.C0);
        FpLanes.TwiceLower(b._parts.C1, out right.C1);
        FpLanes.TwiceLower(b._parts.C2, out right.C2);
        Fp6Pair.Multiply(a._parts, right, out Fp6Pair first);
        FpLanes.TwiceUpper(b._parts.C0, out right.C0);
        FpLanes.TwiceUpper(b._parts.C1, out right.C1);
        FpLanes.TwiceUpper(b._parts.C2, out right.C2);
        Fp6Pair.Multiply(a._parts, right, out Fp6Pair second);

        // (s + t·w)·w = v·t + s·w.
        FpLanes.MultiplyByNonResidue(second.C2, out FpLanes turned);
        AddTurned(first.C0, turned, second.C0, out product._parts.C0);
        AddTurned(first.C1, second.C0, second.C1, out product._parts.C1);
        AddTurned(first.C2, second.C1, second.C2, out product._parts.C2);
    }

    /// <summary>first + the upper half of a in the lower place and the lower half of b in the upper one.</summary>
    private static void AddTurned(in FpLanes first, in FpLanes a, in FpLanes b, out FpLanes sum)
    {
        FpLanes.UpperLower(a, b, out FpLanes turned);
        FpLanes.Add(first, turned, out turned);
        FpLanes.Reduce(turned, out sum);
    }

    /// <summary>a² by the complex method: c0·c1 and (c0 + c1)(c0 + v·c1), a pair of products in Fp6.</summary>
    public static void Square(in Fp12Lanes a, out Fp12Lanes square)
    {
        Unsafe.SkipInit(out square);
        Unsafe.SkipInit(out Fp6Pair left);
        Unsafe.SkipInit(out Fp6Pair right);
        LeftOfSquare(a._parts.C0, out left.C0);
        LeftOfSquare(a._parts.C1, out left.C1);
        LeftOfSquare(a._parts.C2, out left.C2);
        FpLanes.MultiplyByNonResidue(a._parts.C2, out FpLanes turned);
        FpLanes.Reduce(turned, out turned);
        RightOfSquare(a._parts.C0, turned, out right.C0);
        RightOfSquare(a._parts.C1, a._parts.C0, out right.C1);
        RightOfSquare(a._parts.C2, a._parts.C1, out right.C2);
        Fp6Pair.Multiply(left, right, out Fp6Pair both);

        FpLanes.MultiplyByNonResidue(both.C2, out turned);
        FpLanes.Reduce(turned, out turned);
        JoinSquare(both.C0, turned, out square._parts.C0);
        JoinSquare(both.C1, both.C0, out square._parts.C1);
        JoinSquare(both.C2, both.C1, out square._parts.C2);
    }

    /// <summary>(c0, c0 + c1).</summary>
    private static void LeftOfSquare(in FpLanes part, out FpLanes left)
    {
        FpLanes.TwiceLower(part, out FpLanes twice);
        FpLanes.AddToUpper(twice, part, out left);
    }

    /// <summary>(c1, c0 + v·c1), of which the latter's c1 is the upper half of <paramref name="turned"/>.</summary>
    private static void RightOfSquare(in FpLanes part, in FpLanes turned, out FpLanes right)
    {
        FpLanes.SwapHalves(part, out FpLanes swapped);
        FpLanes.AddToUpper(swapped, turned, out right);
    }

    /// <summary>(s - c - v·c, 2c) of a part (c, s) of both products; the turned c in the lower half of <paramref name="turned"/>.</summary>
    private static void JoinSquare(in FpLanes part, in FpLanes turned, out FpLanes square)
    {
        FpLanes.SwapHalves(part, out FpLanes swapped);
        FpLanes.TwiceLower(part, out FpLanes others);
        FpLanes.AddToLower(others, turned, out others);
        FpLanes.SubtractLowerAddUpper(swapped, others, out swapped);
        FpLanes.Reduce(swapped, out square);
    }

    /// <summary>a² for a of the cyclotomic subgroup (Granger and Scott 2010): nine squares in Fp2, two at a time.</summary>
    public static void CyclotomicSquare(in Fp12Lanes a, out Fp12Lanes square)
    {
        Unsafe.SkipInit(out square);
        // Three elements of Fp4: (c0.c0, c1.c1), (c1.c0, c0.c2), (c0.c1, c1.c2).
        FpLanes.LowerUpper(a._parts.C0, a._parts.C1, out FpLanes first);
        FpLanes.UpperLower(a._parts.C0, a._parts.C2, out FpLanes second);
        FpLanes.LowerUpper(a._parts.C1, a._parts.C2, out FpLanes third);
        FpLanes.AddHalves(first, out FpLanes sum1);
        FpLanes.AddHalves(second, out FpLanes sum2);
        FpLanes.AddHalves(third, out FpLanes sum3);
        FpLanes.LowerUpper(sum1, sum2, out FpLanes cross12);
        FpLanes.SquareComplex(cross12, out cross12);
        FpLanes.SquareComplex(sum3, out FpLanes cross3);
        SquareInFp4(first, out FpLanes real1, out sum1);
        SquareInFp4(second, out FpLanes real2, out sum2);
        SquareInFp4(third, out FpLanes real3, out sum3);

        // The products 2ab that belong to the sums.
        FpLanes.LowerUpper(sum1, sum2, out sum1);
        FpLanes.Subtract(cross12, sum1, out cross12);
        FpLanes.Subtract(cross3, sum3, out cross3);
        FpLanes.MultiplyByNonResidue(cross3, out cross3);

        FpLanes.LowerUpper(real1, cross3, out first);
        FpLanes.LowerLower(real2, cross12, out second);
        FpLanes.LowerUpper(real3, cross12, out third);
        ThreeTimesLessAndPlusTwice(first, a._parts.C0, out square._parts.C0);
        ThreeTimesLessAndPlusTwice(second, a._parts.C1, out square._parts.C1);
        ThreeTimesLessAndPlusTwice(third, a._parts.C2, out square._parts.C2);
    }

    /// <summary>For (a, b): a² + ξ·b² in the lower half, and a² + b² in both.</summary>
    private static void SquareInFp4(in FpLanes pair, out FpLanes real, out FpLanes sum)
    {
        FpLanes.SquareComplex(pair, out FpLanes squares);
        FpLanes.SwapHalves(squares, out FpLanes swapped);
        FpLanes.Add(squares, swapped, out sum);
        FpLanes.AddTimesU(sum, swapped, out real);
    }

    /// <summary>3t - 2a in the lower half, 3t + 2a in the upper one.</summary>
    private static void ThreeTimesLessAndPlusTwice(in FpLanes t, in FpLanes a, out FpLanes result)
    {
        FpLanes.SubtractLowerAddUpper(t, a, out FpLanes d);
        FpLanes.Add(d, d, out d);
        FpLanes.Add(d, t, out d);
        FpLanes.Reduce(d, out result);
    }

    /// <summary>a^|z| in the cyclotomic subgroup.</summary>
    public static void RaiseByParameter(in Fp12Lanes a, out Fp12Lanes power)
    {
        Fp12Lanes result = a;
        for (int bit = 62; bit >= 0; bit--)
        {
            CyclotomicSquare(result, out result);
            if (((Curves.CurveParameter.Absolute >> bit) & 1) != 0)
            {
                Multiply(result, a, out result);
            }
        }

        power = result;
    }

    /// <summary>a times the lines l0 + l1·v + l4·v·w of the lower halves, then of the upper ones.</summary>
    public static void MultiplyByLines(in Fp12Lanes a, in FpLanes l0, in FpLanes l1, in FpLanes l4, bool both, out Fp12Lanes product)
    {
        FpLanes.TwiceLower(l0, out FpLanes c0);
        FpLanes.TwiceLower(l1, out FpLanes c1);
        FpLanes.TwiceLower(l4, out FpLanes c4);
        MultiplyByLine(a, c0, c1, c4, out product);
        if (both)
        {
            FpLanes.TwiceUpper(l0, out c0);
            FpLanes.TwiceUpper(l1, out c1);
            FpLanes.TwiceUpper(l4, out c4);
            MultiplyByLine(product, c0, c1, c4, out product);
        }
    }

    /// <summary>a·(l0 + l1·v + l4·v·w), the line twice side by side: eight pairs of products in Fp2.</summary>
    private static void MultiplyByLine(in Fp12Lanes a, in FpLanes l0, in FpLanes l1, in FpLanes l4, out Fp12Lanes product)
    {
        Unsafe.SkipInit(out product);
        FpLanes.MultiplyComplex(a._parts.C0, l0, out FpLanes v0);
        FpLanes.MultiplyComplex(a._parts.C1, l1, out FpLanes v1);
        Fp6Pair.Cross(a._parts.C0, a._parts.C1, l0, l1, v0, v1, out FpLanes cross);
        FpLanes.MultiplyComplex(a._parts.C2, l1, out FpLanes high);
        FpLanes.MultiplyComplex(a._parts.C2, l0, out FpLanes low);
        TimesOther(a._parts.C0, l4, out FpLanes h0);
        TimesOther(a._parts.C1, l4, out FpLanes h1);
        TimesOther(a._parts.C2, l4, out FpLanes h2);

        // (h0 + h1·v + h2·v²)·v belongs to the upper half; to the lower one, turned by v once more.
        FpLanes.LowerUpper(h1, h2, out FpLanes turned);
        FpLanes.Add(turned, high, out turned);
        FpLanes.MultiplyByNonResidue(turned, out turned);
        FpLanes.Add(turned, v0, out turned);
        FpLanes.Reduce(turned, out product._parts.C0);
        FpLanes.MultiplyByNonResidue(h2, out turned);
        FpLanes.LowerUpper(turned, h0, out turned);
        FpLanes.Add(turned, cross, out turned);
        FpLanes.Reduce(turned, out product._parts.C1);
        FpLanes.LowerUpper(h0, h1, out turned);
        FpLanes.Add(turned, low, out turned);
        FpLanes.Add(turned, v1, out turned);
        FpLanes.Reduce(turned, out product._parts.C2);
    }

    /// <summary>The other half's part times the line's.</summary>
    private static void TimesOther(in FpLanes part, in FpLanes line, out FpLanes product)
    {
        FpLanes.SwapHalves(part, out FpLanes swapped);
        FpLanes.MultiplyComplex(swapped, line, out product);
    }

    /// <summary>c0 - c1·w: the inverse of an element of the cyclotomic subgroup.</summary>
    public static void Conjugate(in Fp12Lanes a, out Fp12Lanes conjugate)
    {
        Unsafe.SkipInit(out conjugate);
        FpLanes.NegateUpper(a._parts.C0, out conjugate._parts.C0);
        FpLanes.NegateUpper(a._parts.C1, out conjugate._parts.C1);
        FpLanes.NegateUpper(a._parts.C2, out conjugate._parts.C2);
    }
}
