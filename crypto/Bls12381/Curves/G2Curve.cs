using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>E': y² = x³ + 4(1 + u) over Fp2, the sextic twist of E.</summary>
internal readonly struct G2Curve : ICurve<Fp2, G2Curve>
{
    /// <summary>1/ξ^((p-1)/3): the factor of the conjugate of x in ψ.</summary>
    public static readonly Fp2 PsiX =
        Fp2.FromHex("0", "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad");

    /// <summary>1/ξ^((p-1)/2): the factor of the conjugate of y in ψ.</summary>
    public static readonly Fp2 PsiY = Fp2.FromHex(
        "135203e60180a68ee2e9c448d77a2cd91c3dedd930b1cf60ef396489f61eb45e304466cf3e67fa0af1ee7b04121bdea2",
        "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09");

    private static readonly Fp2 FourTimesNonResidue = Fp2.FromHex("4", "4");

    /// <inheritdoc/>
    public static int Digits => 4;

    /// <inheritdoc/>
    public static int DigitBits => 64;

    /// <inheritdoc/>
    public static ref readonly Fp2 B => ref FourTimesNonResidue;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public static void MultiplyByThreeB(in Fp2 a, out Fp2 product)
    {
        Unsafe.SkipInit(out product);
        Fp.Add(a.C0, a.C1, out Fp plus);
        Fp.SubtractWide(a.C0, a.C1, out Fp minus);
        Fp.Reduce(minus, out minus);
        G1Curve.MultiplyByThreeB(minus, out product.C0);
        Fp.Reduce(plus, out plus);
        G1Curve.MultiplyByThreeB(plus, out product.C1);
    }

    /// <summary>
    /// ψ: to E, the p-th power there, and back. On the whole curve ψ² - (z+1)ψ + p = 0; on the points of G2 it is multiplication by z.
    /// </summary>
    [SkipLocalsInit]
    public static void Psi(in Projective<Fp2, G2Curve> point, out Projective<Fp2, G2Curve> image)
    {
        Fp2.Conjugate(point.X, out Fp2 x);
        Fp2.Conjugate(point.Y, out Fp2 y);
        Fp2.Conjugate(point.Z, out Fp2 z);
        Fp2.Multiply(x, PsiX, out image.X);
        Fp2.Multiply(y, PsiY, out image.Y);
        Fp2.Reduce(z, out image.Z);
    }

    /// <inheritdoc/>
    public static void MultiplyByEigenvalue(in Projective<Fp2, G2Curve> point, out Projective<Fp2, G2Curve> image)
    {
        Psi(point, out image);
        Projective<Fp2, G2Curve>.Negate(image, out image);
    }

    /// <summary>
    /// All ones for points of the prime-order subgroup: ψ(P) = zP. With the equation of ψ it follows that (p - z)P = 0, a multiple of r whose cofactor (z-1)²/3 has no
    /// divisor in common with that of the curve (Scott 2021, section 4).
    /// </summary>
    [SkipLocalsInit]
    public static ulong SubgroupMask(in Projective<Fp2, G2Curve> point)
    {
        Projective<Fp2, G2Curve> multiple;
        if (FpLanes.IsSupported)
        {
            G2Lanes.Of(point, out G2Lanes lanes);
            CurveParameter.Multiply(lanes, out lanes);
            lanes.To(out multiple);
        }
        else
        {
            CurveParameter.Multiply(point, out multiple);
        }

        MultiplyByEigenvalue(point, out Projective<Fp2, G2Curve> image);
        return Projective<Fp2, G2Curve>.EqualMask(multiple, image);
    }

    /// <summary>
    /// Into the subgroup: (z² - z - 1)P + (z - 1)ψ(P) + ψ²(2P) (Budroni and Pintore 2017; RFC 9380 appendix G.3), with z negative.
    /// </summary>
    public static void ClearCofactor(in Projective<Fp2, G2Curve> point, out Projective<Fp2, G2Curve> cleared)
    {
        if (FpLanes.IsSupported)
        {
            G2Lanes.Of(point, out G2Lanes lanes);
            ClearCofactor(lanes, out lanes);
            lanes.To(out cleared);
        }
        else
        {
            ClearCofactor<Projective<Fp2, G2Curve>>(point, out cleared);
        }
    }

    /// <summary>The same for any form of the points.</summary>
    [SkipLocalsInit]
    internal static void ClearCofactor<TPoint>(in TPoint point, out TPoint cleared)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        // With |z| = -z and the endomorphism ε = -ψ, for s = |z|P + ε(P): |z|s + s + ε²(2P) - P.
        CurveParameter.Multiply(point, out TPoint sum);
        TPoint.MultiplyByEigenvalue(point, out TPoint image);
        TPoint.Add(sum, image, out sum);
        TPoint.Double(point, out image);
        TPoint.MultiplyByEigenvalue(image, out image);
        TPoint.MultiplyByEigenvalue(image, out image);
        TPoint.Add(image, sum, out image);
        CurveParameter.Multiply(sum, out sum);
        TPoint.Add(image, sum, out sum);
        TPoint negative = point;
        TPoint.NegateWhere(ref negative, ulong.MaxValue);
        TPoint.Add(sum, negative, out cleared);
    }

    /// <summary>A secret scalar times a point of the subgroup.</summary>
    /// <param name="point">The point.</param>
    /// <param name="digits">What <see cref="CurveParameter.Decompose"/> makes of the scalar.</param>
    /// <param name="product">The product.</param>
    public static void Multiply(in Projective<Fp2, G2Curve> point, ReadOnlySpan<ulong> digits, out Projective<Fp2, G2Curve> product)
    {
        if (FpLanes.IsSupported)
        {
            G2Lanes.Of(point, out G2Lanes lanes);
            SecretMultiplication.Multiply(lanes, digits, Digits, DigitBits, out lanes);
            lanes.To(out product);
        }
        else
        {
            SecretMultiplication.Multiply(point, digits, Digits, DigitBits, out product);
        }
    }
}
