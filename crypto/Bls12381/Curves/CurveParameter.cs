using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>The parameter z = -0xd201000000010000 that the curve, its order and the length of the pairing's loop come from.</summary>
internal static class CurveParameter
{
    /// <summary>|z|: six of its bits are ones.</summary>
    public const ulong Absolute = 0xd201000000010000;

    /// <summary>|z|·a: 63 doublings, five additions. The course depends on z only.</summary>
    [SkipLocalsInit]
    public static void Multiply<TPoint>(in TPoint a, out TPoint product)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        TPoint point = a;
        TPoint result = a;
        for (int bit = 62; bit >= 0; bit--)
        {
            TPoint.Double(result, out result);
            if (((Absolute >> bit) & 1) != 0)
            {
                TPoint.Add(result, point, out result);
            }
        }

        product = result;
    }

    /// <summary>
    /// The digits of a scalar in base |z|, least significant first. Constant-time: long division bit by bit with masks, as neither the division of the
    /// processor nor that of the library promises a time.
    /// </summary>
    /// <param name="scalar">Four little-endian words below the group order, which is below z⁴.</param>
    /// <param name="digits">Receives four digits below |z|.</param>
    public static void Decompose(ReadOnlySpan<ulong> scalar, Span<ulong> digits)
    {
        Span<ulong> rest = stackalloc ulong[4];
        scalar.CopyTo(rest);
        for (int digit = 0; digit < 4; digit++)
        {
            ulong remainder = 0;
            for (int bit = 255; bit >= 0; bit--)
            {
                ulong carried = 0 - (remainder >> 63);
                ulong next = (remainder << 1) | ((rest[bit / 64] >> (bit % 64)) & 1);
                // Subtract when the 65-bit number is at least |z|: a carry, or no borrow.
                ulong difference = next - Absolute;
                ulong borrow = 0 - (((~next & Absolute) | (~(next ^ Absolute) & difference)) >> 63);
                ulong subtract = carried | ~borrow;
                remainder = next ^ ((next ^ difference) & subtract);
                ulong one = 1UL << (bit % 64);
                rest[bit / 64] = (rest[bit / 64] & ~one) | (one & subtract);
            }

            digits[digit] = remainder;
        }

        rest.Clear();
    }

    /// <summary>The digits of a scalar in base z² = |z|², least significant first. Constant-time.</summary>
    /// <param name="scalar">Four little-endian words below the group order.</param>
    /// <param name="digits">Receives two digits below z² of two words each.</param>
    public static void DecomposeIntoTwo(ReadOnlySpan<ulong> scalar, Span<ulong> digits)
    {
        Span<ulong> quarters = stackalloc ulong[4];
        Decompose(scalar, quarters);
        for (int i = 0; i < 4; i += 2)
        {
            // low + |z|·high is below z².
            ulong upper = Math.BigMul(quarters[i + 1], Absolute, out ulong lower);
            ulong sum = lower + quarters[i];
            digits[i] = sum;
            digits[i + 1] = upper + (((lower & quarters[i]) | ((lower | quarters[i]) & ~sum)) >> 63);
        }

        quarters.Clear();
    }
}
