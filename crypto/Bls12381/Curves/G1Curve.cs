using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>E: y² = x³ + 4 over Fp.</summary>
internal readonly struct G1Curve : ICurve<Fp, G1Curve>
{
    /// <summary>A cube root of unity: (x, y) → (βx, y) multiplies the points of G1 by -z².</summary>
    public static readonly Fp Beta =
        Fp.FromHex("5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffe");

    private static readonly Fp Four = Fp.FromInteger(4);

    /// <inheritdoc/>
    public static int Digits => 2;

    /// <inheritdoc/>
    public static int DigitBits => 128;

    /// <inheritdoc/>
    public static ref readonly Fp B => ref Four;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public static void MultiplyByThreeB(in Fp a, out Fp product)
    {
        Fp.Add(a, a, out Fp two);
        Fp.Add(two, a, out Fp three);
        Fp.Add(three, three, out Fp six);
        Fp.Add(six, six, out Fp twelve);
        Fp.Reduce(twelve, out product);
    }

    /// <inheritdoc/>
    public static void MultiplyByEigenvalue(in Projective<Fp, G1Curve> point, out Projective<Fp, G1Curve> image)
    {
        Projective<Fp, G1Curve>.Negate(point, out image);
        Fp.Multiply(point.X, Beta, out image.X);
    }

    /// <summary>
    /// All ones for points of the prime-order subgroup. If φ(P) = -z²P then, as φ² + φ + 1 = 0 holds on the whole curve, (z⁴ - z² + 1)P = 0, and that number is the order
    /// r of the subgroup; within it, φ is multiplication by -z² (Scott, "A note on group membership tests for G1, G2 and GT", 2021).
    /// </summary>
    [SkipLocalsInit]
    public static ulong SubgroupMask(in Projective<Fp, G1Curve> point)
    {
        Projective<Fp, G1Curve> multiple;
        if (FpLanes.IsSupported)
        {
            G1Lanes.Of(point, out G1Lanes lanes);
            CurveParameter.Multiply(lanes, out lanes);
            CurveParameter.Multiply(lanes, out lanes);
            lanes.To(out multiple);
        }
        else
        {
            CurveParameter.Multiply(point, out multiple);
            CurveParameter.Multiply(multiple, out multiple);
        }

        MultiplyByEigenvalue(point, out Projective<Fp, G1Curve> image);
        return Projective<Fp, G1Curve>.EqualMask(multiple, image);
    }

    /// <summary>Into the subgroup, by 1 - z (RFC 9380 §8.8.1: h_eff; Wahby and Boneh 2019, section 5).</summary>
    public static void ClearCofactor(in Projective<Fp, G1Curve> point, out Projective<Fp, G1Curve> cleared)
    {
        if (FpLanes.IsSupported)
        {
            G1Lanes.Of(point, out G1Lanes lanes);
            ClearCofactor(lanes, out lanes);
            lanes.To(out cleared);
        }
        else
        {
            ClearCofactor<Projective<Fp, G1Curve>>(point, out cleared);
        }
    }

    /// <summary>The same for any form of the points.</summary>
    internal static void ClearCofactor<TPoint>(in TPoint point, out TPoint cleared)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        CurveParameter.Multiply(point, out TPoint multiple);
        TPoint.Add(multiple, point, out cleared);
    }

    /// <summary>A secret scalar times a point of the subgroup.</summary>
    /// <param name="point">The point.</param>
    /// <param name="digits">What <see cref="CurveParameter.DecomposeIntoTwo"/> makes of the scalar.</param>
    /// <param name="product">The product.</param>
    public static void Multiply(in Projective<Fp, G1Curve> point, ReadOnlySpan<ulong> digits, out Projective<Fp, G1Curve> product)
    {
        if (FpLanes.IsSupported)
        {
            G1Lanes.Of(point, out G1Lanes lanes);
            SecretMultiplication.Multiply(lanes, digits, Digits, DigitBits, out lanes);
            lanes.To(out product);
        }
        else
        {
            SecretMultiplication.Multiply(point, digits, Digits, DigitBits, out product);
        }
    }
}
