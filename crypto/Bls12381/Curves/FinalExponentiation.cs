using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>From the Miller loop's value to the group GT of order r.</summary>
internal static class FinalExponentiation
{
    /// <summary>f^(3(p¹²-1)/r).</summary>
    /// <remarks>
    /// (p⁶-1)(p²+1) first, then 3(p⁴-p²+1)/r = (z-1)²(z+p)(z²+p²-1) + 3 (Hayashida, Hayasaka and Teruya 2020) in the cyclotomic subgroup, where inverses are conjugates
    /// and squarings are cheap.
    /// </remarks>
    [SkipLocalsInit]
    public static void Raise(in Fp12 f, out Fp12 result)
    {
        Fp12.Conjugate(f, out Fp12 conjugate);
        Fp12.Invert(f, out Fp12 t);
        Fp12.Multiply(conjugate, t, out t);
        Fp12.FrobeniusSquared(t, out Fp12 m);
        Fp12.Multiply(m, t, out m);

        RaiseByParameterLessOne(m, out t);
        RaiseByParameterLessOne(t, out t);
        RaiseByParameter(t, out Fp12 u);
        Fp12.Frobenius(t, out t);
        Fp12.Multiply(u, t, out t);
        RaiseByParameter(t, out u);
        RaiseByParameter(u, out u);
        Fp12.FrobeniusSquared(t, out Fp12 v);
        Fp12.Multiply(u, v, out u);
        Fp12.Conjugate(t, out t);
        Fp12.Multiply(u, t, out u);
        Fp12.CyclotomicSquare(m, out t);
        Fp12.Multiply(t, m, out t);
        Fp12.Multiply(u, t, out result);
    }

    private static void RaiseByParameterLessOne(in Fp12 a, out Fp12 power)
    {
        Fp12.Conjugate(a, out Fp12 inverse);
        RaiseByParameter(a, out Fp12 raised);
        Fp12.Multiply(raised, inverse, out power);
    }

    /// <summary>a^z in the cyclotomic subgroup: 63 squarings, five products and a conjugate.</summary>
    [SkipLocalsInit]
    private static void RaiseByParameter(in Fp12 a, out Fp12 power)
    {
        if (FpLanes.IsSupported)
        {
            Fp12Lanes.Of(a, out Fp12Lanes lanes);
            Fp12Lanes.RaiseByParameter(lanes, out lanes);
            lanes.To(out power);
            Fp12.Conjugate(power, out power);
            return;
        }

        Fp12 result = a;
        for (int bit = 62; bit >= 0; bit--)
        {
            Fp12.CyclotomicSquare(result, out result);
            if (((CurveParameter.Absolute >> bit) & 1) != 0)
            {
                Fp12.Multiply(result, a, out result);
            }
        }

        Fp12.Conjugate(result, out power);
    }
}
