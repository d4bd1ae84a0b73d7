using System.Numerics;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;
using CsCheck;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>Several elements side by side give what each gives by itself: the vector code against the code of one element, which the vectors of the standards check as well.</summary>
public sealed class LaneTests
{
    /// <summary>Runs where the processor has the instructions; elsewhere there is nothing to compare.</summary>
    private sealed class LaneFactAttribute : FactAttribute
    {
        public LaneFactAttribute() => Skip = FpLanes.IsSupported ? null : "This processor has no AVX2: the code of one element is used alone.";
    }

    private static readonly Gen<Scalar> AnyScalar = Gen.Frequency(
        (6, Gen.Byte.Array[Scalar.WideBytes].Select(bytes => Scalar.FromWideBytes(bytes))),
        (1, Gen.ULong[0, 40].Select(Scalar.FromInteger)),
        (1, Gen.ULong[0, 40].Select(number => -Scalar.FromInteger(number))));

    private static FpLanes Join(BigInteger[] n)
    {
        FpLanes.Join(Reference.Fp(n[0]), Reference.Fp(n[1]), Reference.Fp(n[2]), Reference.Fp(n[3]), out FpLanes lanes);
        return lanes;
    }

    private static BigInteger[] Of(FpLanes lanes) => [.. Enumerable.Range(0, 4).Select(lane =>
    {
        FpLanes.Take(lanes, lane, out Fp element);
        return Reference.Of(element);
    })];

    private static void Equal(IEnumerable<BigInteger> expected, FpLanes lanes) => Assert.Equal(expected.Select(Reference.Mod), Of(lanes));

    [LaneFact]
    public void Each_lane_computes_as_integers_do() => Gen.Select(Reference.Number.Array[4], Reference.Number.Array[4]).Sample((a, b) =>
    {
        FpLanes x = Join(a), y = Join(b);
        Equal(a, x);
        FpLanes.Multiply(x, y, out FpLanes result);
        Equal(a.Zip(b, (m, n) => m * n), result);
        FpLanes.Add(x, y, out result);
        Equal(a.Zip(b, (m, n) => m + n), result);
        FpLanes.AddCarried(x, y, out result);
        Equal(a.Zip(b, (m, n) => m + n), result);
        FpLanes.Subtract(x, y, out result);
        Equal(a.Zip(b, (m, n) => m - n), result);
        FpLanes.SubtractWide(x, y, out result);
        Equal(a.Zip(b, (m, n) => m - n), result);
        FpLanes.Negate(x, out result);
        Equal(a.Select(m => -m), result);
        FpLanes.SubtractLowerAddUpper(x, y, out result);
        Equal([a[0] - b[0], a[1] - b[1], a[2] + b[2], a[3] + b[3]], result);
        FpLanes.SubtractFirstAddSecond(x, y, out result);
        Equal([a[0] - b[0], a[1] + b[1], a[2], a[3]], result);
        FpLanes.AddToLower(x, y, out result);
        Equal([a[0] + b[0], a[1] + b[1], a[2], a[3]], result);
        FpLanes.AddToUpper(x, y, out result);
        Equal([a[0], a[1], a[2] + b[2], a[3] + b[3]], result);
        FpLanes.NegateUpper(x, out result);
        Equal([a[0], a[1], -a[2], -a[3]], result);
        FpLanes.LowerUpper(x, y, out result);
        Equal([a[0], a[1], b[2], b[3]], result);
        FpLanes.LowerLower(x, y, out result);
        Equal([a[0], a[1], b[0], b[1]], result);
        FpLanes.UpperLower(x, y, out result);
        Equal([a[2], a[3], b[0], b[1]], result);
        FpLanes.UpperUpper(x, y, out result);
        Equal([a[2], a[3], b[2], b[3]], result);
        FpLanes.Assign(ref result, x, 0);
        Equal([a[2], a[3], b[2], b[3]], result);
        FpLanes.Assign(ref result, x, ulong.MaxValue);
        Equal(a, result);
    }, iter: 500);

    [LaneFact]
    public void The_loosest_operands_are_multiplied_and_reduced() => Gen.Select(Reference.Number.Array[4], Reference.Number.Array[4]).Sample((a, b) =>
    {
        FpLanes x = Join(a), y = Join(b);
        FpLanes.Add(x, x, out FpLanes x4);
        FpLanes.Add(x4, x4, out x4);
        FpLanes.Add(y, y, out FpLanes y4);
        FpLanes.Add(y4, y4, out y4);
        FpLanes.Multiply(x4, y4, out FpLanes result);
        Equal(a.Zip(b, (m, n) => 16 * m * n), result);
        FpLanes.Scale(x, System.Runtime.Intrinsics.Vector256.Create(1UL, 2, 12, 64), 64, out result);
        Equal([a[0], 2 * a[1], 12 * a[2], 64 * a[3]], result);
        FpLanes.Add(result, result, out result);
        FpLanes.Add(result, result, out result);
        FpLanes.Reduce(result, out result);
        Equal([4 * a[0], 8 * a[1], 48 * a[2], 256 * a[3]], result);
        FpLanes.Add(y, y, out FpLanes y3);
        FpLanes.Add(y3, y, out y3);
        FpLanes.SubtractWide(x4, y3, out FpLanes wide);
        FpLanes.Multiply(wide, wide, out result);
        Equal(a.Zip(b, (m, n) => ((4 * m) - (3 * n)) * ((4 * m) - (3 * n))), result);
    }, iter: 500);

    [LaneFact]
    public void Two_elements_of_the_quadratic_extension_multiply_like_complex_numbers() => Gen.Select(Reference.Number.Array[4], Reference.Number.Array[4]).Sample((a, b) =>
    {
        FpLanes x = Join(a), y = Join(b);
        FpLanes.MultiplyComplex(x, y, out FpLanes result);
        Equal(Products(a, b), result);
        FpLanes.SquareComplex(x, out result);
        Equal(Products(a, a), result);
        FpLanes.MultiplyComplex(x, x, out x);
        Equal(Products(a, a), x);
        x = Join(a);
        FpLanes.SquareComplex(x, out x);
        Equal(Products(a, a), x);
        FpLanes.MultiplyByNonResidue(y, out result);
        Equal(Products(b, [1, 1, 1, 1]), result);
        FpLanes.Conjugate(y, out result);
        Equal([b[0], -b[1], b[2], -b[3]], result);
        G2Lanes.MultiplyByThreeB(y, out result);
        Equal(Products(b, [12, 12, 12, 12]), result);
    }, iter: 500);

    private static IEnumerable<BigInteger> Products(BigInteger[] a, BigInteger[] b) =>
        [(a[0] * b[0]) - (a[1] * b[1]), (a[0] * b[1]) + (a[1] * b[0]), (a[2] * b[2]) - (a[3] * b[3]), (a[2] * b[3]) + (a[3] * b[2])];

    [LaneFact]
    public void The_tower_is_that_of_one_element() => Gen.Select(Reference.Element12, Reference.Element12).Sample((a, b) =>
    {
        Fp12Lanes.Of(a, out Fp12Lanes x);
        Fp12Lanes.Of(b, out Fp12Lanes y);
        Equal(a, x);
        Fp12.MultiplyOne(a, b, out Fp12 expected);
        Fp12Lanes.Multiply(x, y, out Fp12Lanes result);
        Equal(expected, result);
        Fp12.Square(a, out expected);
        Fp12Lanes.Square(x, out result);
        Equal(expected, result);
        Fp12.Conjugate(a, out expected);
        Fp12Lanes.Conjugate(x, out result);
        Equal(expected, result);

        // The lines l and l' of both halves.
        Fp12.MultiplyByLine(a, b.C0.C0, b.C0.C1, b.C1.C1, out expected);
        FpLanes.Join(b.C0.C0.C0, b.C0.C0.C1, b.C1.C0.C0, b.C1.C0.C1, out FpLanes l0);
        FpLanes.Join(b.C0.C1.C0, b.C0.C1.C1, b.C0.C2.C0, b.C0.C2.C1, out FpLanes l1);
        FpLanes.Join(b.C1.C1.C0, b.C1.C1.C1, b.C1.C2.C0, b.C1.C2.C1, out FpLanes l4);
        Fp12Lanes.MultiplyByLines(x, l0, l1, l4, false, out result);
        Equal(expected, result);
        Fp12.MultiplyByLine(expected, b.C1.C0, b.C0.C2, b.C1.C2, out expected);
        Fp12Lanes.MultiplyByLines(x, l0, l1, l4, true, out result);
        Equal(expected, result);
    }, iter: 50);

    [LaneFact]
    public void Cyclotomic_squares_are_squares() => Reference.Element12.Sample(f =>
    {
        FinalExponentiation.Raise(f, out Fp12 g);
        Fp12.Square(g, out Fp12 expected);
        Fp12Lanes.Of(g, out Fp12Lanes lanes);
        Fp12Lanes.CyclotomicSquare(lanes, out lanes);
        Equal(expected, lanes);
    }, iter: 10);

    private static void Equal(Fp12 expected, Fp12Lanes lanes)
    {
        lanes.To(out Fp12 result);
        Assert.True(Fp12.AreEqual(expected, result));
    }

    [LaneFact]
    public void Points_of_G1_are_those_of_one_element() => Gen.Select(AnyScalar, AnyScalar).Sample((a, b) =>
    {
        Projective<Fp, G1Curve> p = (a * G1Point.Generator).Coordinates, q = (b * G1Point.Generator).Coordinates;
        foreach ((Projective<Fp, G1Curve> left, Projective<Fp, G1Curve> right) in Cases(p, q, Projective<Fp, G1Curve>.Identity))
        {
            G1Lanes.Of(left, out G1Lanes x);
            G1Lanes.Of(right, out G1Lanes y);
            Projective<Fp, G1Curve>.Add(left, right, out Projective<Fp, G1Curve> expected);
            G1Lanes.Add(x, y, out G1Lanes lanes);
            lanes.To(out Projective<Fp, G1Curve> result);
            Assert.NotEqual(0UL, Projective<Fp, G1Curve>.EqualMask(expected, result));
            Projective<Fp, G1Curve>.Double(left, out expected);
            G1Lanes.Double(x, out lanes);
            lanes.To(out result);
            Assert.NotEqual(0UL, Projective<Fp, G1Curve>.EqualMask(expected, result));
            G1Curve.MultiplyByEigenvalue(left, out expected);
            G1Lanes.MultiplyByEigenvalue(x, out lanes);
            lanes.To(out result);
            Assert.NotEqual(0UL, Projective<Fp, G1Curve>.EqualMask(expected, result));
        }
    }, iter: 40);

    [LaneFact]
    public void Points_of_G2_are_those_of_one_element() => Gen.Select(AnyScalar, AnyScalar).Sample((a, b) =>
    {
        Projective<Fp2, G2Curve> p = (a * G2Point.Generator).Coordinates, q = (b * G2Point.Generator).Coordinates;
        foreach ((Projective<Fp2, G2Curve> left, Projective<Fp2, G2Curve> right) in Cases(p, q, Projective<Fp2, G2Curve>.Identity))
        {
            G2Lanes.Of(left, out G2Lanes x);
            G2Lanes.Of(right, out G2Lanes y);
            Projective<Fp2, G2Curve>.Add(left, right, out Projective<Fp2, G2Curve> expected);
            G2Lanes.Add(x, y, out G2Lanes lanes);
            lanes.To(out Projective<Fp2, G2Curve> result);
            Assert.NotEqual(0UL, Projective<Fp2, G2Curve>.EqualMask(expected, result));
            Projective<Fp2, G2Curve>.Double(left, out expected);
            G2Lanes.Double(x, out lanes);
            lanes.To(out result);
            Assert.NotEqual(0UL, Projective<Fp2, G2Curve>.EqualMask(expected, result));
            G2Curve.MultiplyByEigenvalue(left, out expected);
            G2Lanes.MultiplyByEigenvalue(x, out lanes);
            lanes.To(out result);
            Assert.NotEqual(0UL, Projective<Fp2, G2Curve>.EqualMask(expected, result));
        }
    }, iter: 30);

    // The formulas are complete: equal, opposite and neutral points are no exceptions.
    private static IEnumerable<(Projective<TField, TCurve> Left, Projective<TField, TCurve> Right)> Cases<TField, TCurve>(
        Projective<TField, TCurve> p, Projective<TField, TCurve> q, Projective<TField, TCurve> identity)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        Projective<TField, TCurve>.Negate(p, out Projective<TField, TCurve> negative);
        return [(p, q), (p, p), (p, negative), (p, identity), (identity, q), (identity, identity)];
    }

    [LaneFact]
    public void Secret_multiples_are_those_of_one_element() => AnyScalar.Sample(a =>
    {
        Span<ulong> digits = stackalloc ulong[4];
        CurveParameter.DecomposeIntoTwo(a.AsWords(), digits);
        Projective<Fp, G1Curve> p = HashToCurve.ToG1Managed("p"u8, "tag"u8).Coordinates;
        SecretMultiplication.Multiply(p, digits, G1Curve.Digits, G1Curve.DigitBits, out Projective<Fp, G1Curve> one);
        G1Curve.Multiply(p, digits, out Projective<Fp, G1Curve> lanes);
        Assert.NotEqual(0UL, Projective<Fp, G1Curve>.EqualMask(one, lanes));
        CurveParameter.Decompose(a.AsWords(), digits);
        Projective<Fp2, G2Curve> q = HashToCurve.ToG2Managed("q"u8, "tag"u8).Coordinates;
        SecretMultiplication.Multiply(q, digits, G2Curve.Digits, G2Curve.DigitBits, out Projective<Fp2, G2Curve> two);
        G2Curve.Multiply(q, digits, out Projective<Fp2, G2Curve> twoLanes);
        Assert.NotEqual(0UL, Projective<Fp2, G2Curve>.EqualMask(two, twoLanes));
    }, iter: 20);

    [LaneFact]
    public void Cofactors_are_cleared_as_of_one_element()
    {
        Projective<Fp, G1Curve> p = G1Point.Generator.Coordinates;
        G1Curve.ClearCofactor<Projective<Fp, G1Curve>>(p, out Projective<Fp, G1Curve> one);
        G1Curve.ClearCofactor(p, out Projective<Fp, G1Curve> lanes);
        Assert.NotEqual(0UL, Projective<Fp, G1Curve>.EqualMask(one, lanes));
        Projective<Fp2, G2Curve> q = G2Point.Generator.Coordinates;
        G2Curve.ClearCofactor<Projective<Fp2, G2Curve>>(q, out Projective<Fp2, G2Curve> two);
        G2Curve.ClearCofactor(q, out Projective<Fp2, G2Curve> twoLanes);
        Assert.NotEqual(0UL, Projective<Fp2, G2Curve>.EqualMask(two, twoLanes));
    }

    [LaneFact]
    public void Roots_taken_together_are_those_taken_alone() => Reference.Number.Array[1, Fp.MostTogether].Sample(numbers =>
    {
        Fp[] together = [.. numbers.Select(Reference.Fp)];
        Fp.RaiseForRoots(together);
        for (int i = 0; i < numbers.Length; i++)
        {
            Fp.RaiseForRoot(Reference.Fp(numbers[i]), out Fp alone);
            Assert.Equal(Reference.Of(alone), Reference.Of(together[i]));
        }
    }, iter: 40);

    [LaneFact]
    public void The_loop_of_several_pairs_is_that_of_single_ones() => Gen.Int[1, 5].Sample(count =>
    {
        MillerLoop.Pair[] pairs = [.. Enumerable.Range(0, count).Select(_ =>
            MillerLoop.Pair.Of((Scalar.Random() * G1Point.Generator).Coordinates, (Scalar.Random() * G2Point.Generator).Coordinates))];
        MillerLanes.Loop(pairs, out Fp12 lanes);
        MillerLoop.Loop(pairs, out Fp12 one);
        // Factors of Fp2 may differ: the final exponentiation removes them.
        FinalExponentiation.Raise(lanes, out lanes);
        FinalExponentiation.Raise(one, out one);
        Assert.True(Fp12.AreEqual(one, lanes));
    }, iter: 10);
}
