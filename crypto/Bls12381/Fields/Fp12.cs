using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>An element c0 + c1·w of Fp12 = Fp6[w]/(w² - v). Always tight. All operations are constant-time.</summary>
internal partial struct Fp12
{
    /// <summary>The part without w.</summary>
    public Fp6 C0;

    /// <summary>The factor of w.</summary>
    public Fp6 C1;

    private static readonly Fp12 OneInFp12 = new() { C0 = new Fp6 { C0 = Fp2.One } };

    /// <summary>The neutral element of multiplication.</summary>
    public static ref readonly Fp12 One => ref OneInFp12;

    /// <summary>a·b.</summary>
    [SkipLocalsInit]
    public static void Multiply(in Fp12 a, in Fp12 b, out Fp12 product)
    {
        if (FpLanes.IsSupported)
        {
            Fp12Lanes.Of(a, out Fp12Lanes left);
            Fp12Lanes.Of(b, out Fp12Lanes right);
            Fp12Lanes.Multiply(left, right, out left);
            left.To(out product);
        }
        else
        {
            MultiplyOne(a, b, out product);
        }
    }

    /// <summary>a·b by Karatsuba's three products in Fp6, one after the other.</summary>
    [SkipLocalsInit]
    internal static void MultiplyOne(in Fp12 a, in Fp12 b, out Fp12 product)
    {
        Unsafe.SkipInit(out product);
        Fp6.Multiply(a.C0, b.C0, out Fp6 v0);
        Fp6.Multiply(a.C1, b.C1, out Fp6 v1);
        Fp6.Add(a.C0, a.C1, out Fp6 sumA);
        Fp6.Add(b.C0, b.C1, out Fp6 sumB);
        Fp6.Multiply(sumA, sumB, out sumA);
        Join(v0, v1, sumA, out product);
    }

    /// <summary>c0 = v0 + v·v1, c1 = cross - v0 - v1.</summary>
    [SkipLocalsInit]
    private static void Join(in Fp6 v0, in Fp6 v1, in Fp6 cross, out Fp12 product)
    {
        Unsafe.SkipInit(out product);
        Fp6.Add(v0, v1, out Fp6 known);
        Fp6.Subtract(cross, known, out known);
        Fp6.Reduce(known, out product.C1);
        Fp6.MultiplyByV(v1, out Fp6 turned);
        Fp6.Add(v0, turned, out turned);
        Fp6.Reduce(turned, out product.C0);
    }

    /// <summary>a² by the complex method: (c0 + c1)(c0 + v·c1) - (1 + v)·c0·c1, and 2·c0·c1.</summary>
    [SkipLocalsInit]
    public static void Square(in Fp12 a, out Fp12 square)
    {
        Unsafe.SkipInit(out square);
        Fp6.Multiply(a.C0, a.C1, out Fp6 cross);
        Fp6.Add(a.C0, a.C1, out Fp6 sum);
        Fp6.MultiplyByV(a.C1, out Fp6 turned);
        Fp6.Add(turned, a.C0, out turned);
        Fp6.Reduce(turned, out turned);
        Fp6.Multiply(sum, turned, out sum);
        Fp6.MultiplyByV(cross, out turned);
        Fp6.Add(turned, cross, out turned);
        Fp6.Reduce(turned, out turned);
        Fp6.Subtract(sum, turned, out sum);
        Fp6.Reduce(sum, out square.C0);
        Fp6.Add(cross, cross, out cross);
        Fp6.Reduce(cross, out square.C1);
    }

    /// <summary>a·(l0 + l1·v + l4·v·w), the shape of a line: 13 products in Fp2 instead of 18.</summary>
    [SkipLocalsInit]
    public static void MultiplyByLine(in Fp12 a, in Fp2 l0, in Fp2 l1, in Fp2 l4, out Fp12 product)
    {
        Fp6.MultiplyBy01(a.C0, l0, l1, out Fp6 v0);
        Fp6.MultiplyBy1(a.C1, l4, out Fp6 v1);
        Fp2.Add(l1, l4, out Fp2 sum);
        Fp6.Add(a.C0, a.C1, out Fp6 cross);
        Fp6.MultiplyBy01(cross, l0, sum, out cross);
        Join(v0, v1, cross, out product);
    }

    /// <summary>c0 - c1·w: the p^6-th power, and the inverse of an element of the cyclotomic subgroup.</summary>
    public static void Conjugate(in Fp12 a, out Fp12 conjugate)
    {
        Unsafe.SkipInit(out conjugate);
        Fp6.Subtract(default, a.C1, out Fp6 negative);
        conjugate.C0 = a.C0;
        Fp6.Reduce(negative, out conjugate.C1);
    }

    /// <summary>1/a, and 0 for 0.</summary>
    [SkipLocalsInit]
    public static void Invert(in Fp12 a, out Fp12 inverse)
    {
        Unsafe.SkipInit(out inverse);
        Fp6.Multiply(a.C0, a.C0, out Fp6 norm);
        Fp6.Multiply(a.C1, a.C1, out Fp6 other);
        Fp6.MultiplyByV(other, out other);
        Fp6.Reduce(other, out other);
        Fp6.Subtract(norm, other, out norm);
        Fp6.Reduce(norm, out norm);
        Fp6.Invert(norm, out norm);
        Fp6.Multiply(a.C0, norm, out Fp6 c0);
        Fp6.Multiply(a.C1, norm, out other);
        Fp6.Subtract(default, other, out other);
        Fp6.Reduce(other, out inverse.C1);
        inverse.C0 = c0;
    }

    /// <summary>a^p: conjugates of the six parts, each times a power of ξ.</summary>
    [SkipLocalsInit]
    public static void Frobenius(in Fp12 a, out Fp12 power)
    {
        Unsafe.SkipInit(out power);
        Fp2[] factors = FieldConstants.FrobeniusOfW;
        Fp2.Conjugate(a.C0.C0, out Fp2 part);
        Fp2.Reduce(part, out power.C0.C0);
        FrobeniusPart(a.C1.C0, factors[0], out power.C1.C0);
        FrobeniusPart(a.C0.C1, factors[1], out power.C0.C1);
        FrobeniusPart(a.C1.C1, factors[2], out power.C1.C1);
        FrobeniusPart(a.C0.C2, factors[3], out power.C0.C2);
        FrobeniusPart(a.C1.C2, factors[4], out power.C1.C2);
    }

    private static void FrobeniusPart(in Fp2 part, in Fp2 factor, out Fp2 power)
    {
        Fp2.Conjugate(part, out Fp2 conjugate);
        Fp2.Multiply(conjugate, factor, out power);
    }

    /// <summary>a^(p²).</summary>
    public static void FrobeniusSquared(in Fp12 a, out Fp12 power)
    {
        Unsafe.SkipInit(out power);
        Fp[] factors = FieldConstants.FrobeniusSquaredOfW;
        power.C0.C0 = a.C0.C0;
        Fp2.Scale(a.C1.C0, factors[0], out power.C1.C0);
        Fp2.Scale(a.C0.C1, factors[1], out power.C0.C1);
        Fp2.Scale(a.C1.C1, factors[2], out power.C1.C1);
        Fp2.Scale(a.C0.C2, factors[3], out power.C0.C2);
        Fp2.Scale(a.C1.C2, factors[4], out power.C1.C2);
    }

    /// <summary>
    /// a² for a of the cyclotomic subgroup (Granger and Scott 2010): three squarings in Fp4 instead of two products in Fp6.
    /// </summary>
    [SkipLocalsInit]
    public static void CyclotomicSquare(in Fp12 a, out Fp12 square)
    {
        Unsafe.SkipInit(out square);
        SquareInFp4(a.C0.C0, a.C1.C1, out Fp2 t0, out Fp2 t1);
        SquareInFp4(a.C1.C0, a.C0.C2, out Fp2 t2, out Fp2 t3);
        SquareInFp4(a.C0.C1, a.C1.C2, out Fp2 t4, out Fp2 t5);
        Fp2.MultiplyByNonResidue(t5, out t5);
        Fp2.Reduce(t5, out t5);

        ThreeTimesLessTwice(t0, a.C0.C0, out Fp2 c00);
        ThreeTimesLessTwice(t2, a.C0.C1, out Fp2 c01);
        ThreeTimesLessTwice(t4, a.C0.C2, out Fp2 c02);
        ThreeTimesPlusTwice(t5, a.C1.C0, out Fp2 c10);
        ThreeTimesPlusTwice(t1, a.C1.C1, out Fp2 c11);
        ThreeTimesPlusTwice(t3, a.C1.C2, out square.C1.C2);
        square.C0.C0 = c00;
        square.C0.C1 = c01;
        square.C0.C2 = c02;
        square.C1.C0 = c10;
        square.C1.C1 = c11;
    }

    /// <summary>(a + b·s)² with s² = ξ: a² + ξ·b² and 2ab, both tight.</summary>
    [SkipLocalsInit]
    private static void SquareInFp4(in Fp2 a, in Fp2 b, out Fp2 c0, out Fp2 c1)
    {
        Fp2.Square(a, out Fp2 squareA);
        Fp2.Square(b, out Fp2 squareB);
        Fp2.Add(a, b, out Fp2 sum);
        Fp2.Square(sum, out sum);
        Fp2.Add(squareA, squareB, out Fp2 known);
        Fp2.Subtract(sum, known, out sum);
        Fp2.Reduce(sum, out c1);
        Fp2.MultiplyByNonResidue(squareB, out squareB);
        Fp2.Add(squareA, squareB, out squareB);
        Fp2.Reduce(squareB, out c0);
    }

    private static void ThreeTimesLessTwice(in Fp2 t, in Fp2 a, out Fp2 result)
    {
        Fp2.Subtract(t, a, out Fp2 d);
        Fp2.Add(d, d, out d);
        Fp2.Add(d, t, out d);
        Fp2.Reduce(d, out result);
    }

    private static void ThreeTimesPlusTwice(in Fp2 t, in Fp2 a, out Fp2 result)
    {
        Fp2.Add(t, a, out Fp2 s);
        Fp2.Add(s, s, out s);
        Fp2.Add(s, t, out s);
        Fp2.Reduce(s, out result);
    }

    /// <summary>Whether a = b. Not for secrets: the verdict is a branch.</summary>
    public static bool AreEqual(in Fp12 a, in Fp12 b) =>
        (Fp2.EqualMask(a.C0.C0, b.C0.C0) & Fp2.EqualMask(a.C0.C1, b.C0.C1) & Fp2.EqualMask(a.C0.C2, b.C0.C2)
        & Fp2.EqualMask(a.C1.C0, b.C1.C0) & Fp2.EqualMask(a.C1.C1, b.C1.C1) & Fp2.EqualMask(a.C1.C2, b.C1.C2)) != 0;
}
