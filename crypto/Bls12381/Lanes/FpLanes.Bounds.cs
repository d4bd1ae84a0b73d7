using System.Diagnostics;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>The worst-case bounds of elements, carried along and asserted in debug builds; nothing of it is in a release build.</summary>
internal partial struct FpLanes
{
    /// <summary>One in units of a limb: a carry's share.</summary>
    private const double One = 1.0 / (1 << LimbBits);

    /// <summary>All limbs of the multiples of p that are added before a subtraction lie between these, in units of 2^28.</summary>
    private const double LeastOffset = 4 - (5 * One), MostOffset = 5;

    [Conditional("DEBUG")]
    private static void CheckJoin(in Fp a, in Fp b, in Fp c, in Fp d, ref FpLanes lanes)
    {
#if DEBUG
        lanes._valueBound = Math.Max(Math.Max(a.ValueBound, b.ValueBound), Math.Max(c.ValueBound, d.ValueBound));
        lanes._limbBound = Math.Max(Math.Max(a.LimbBound, b.LimbBound), Math.Max(c.LimbBound, d.LimbBound));
        Require(lanes._valueBound <= 64 && lanes._limbBound <= 2, "elements put side by side");
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckTake(in FpLanes lanes, ref Fp element)
    {
#if DEBUG
        Require(lanes._valueBound <= 500 && lanes._limbBound <= 8, "element that is taken out");
        Fp.MarkLoose(ref element, lanes._valueBound, 2 * lanes._limbBound);
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckSum(in FpLanes a, in FpLanes b, ref FpLanes sum)
    {
#if DEBUG
        Set(ref sum, a._valueBound + b._valueBound, a._limbBound + b._limbBound);
#endif
    }

    [Conditional("DEBUG")]
    private static void MarkCarried(ref FpLanes sum)
    {
#if DEBUG
        Set(ref sum, sum._valueBound, 1 + ((sum._limbBound + 1) * One));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckScale(in FpLanes a, int most, ref FpLanes product)
    {
#if DEBUG
        Require(most <= 64 && a._limbBound < 16, "operand of a small factor");
        Set(ref product, a._valueBound * most, 1 + (((a._limbBound * most) + 1) * One));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckDifference(in FpLanes a, in FpLanes b, int multiple, ref FpLanes difference)
    {
#if DEBUG
        // The top limb of the multiple has lent four units to the others, of 106,513 that p has.
        Require(b._valueBound <= multiple - 0.01 && b._limbBound <= LeastOffset, "difference");
        Set(ref difference, a._valueBound + multiple, 1 + ((a._limbBound + MostOffset + 1) * One));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckCombination(in FpLanes a, in FpLanes b, int mostA, int mostB, in FpLanes c, ref FpLanes combination)
    {
#if DEBUG
        Require(mostA <= 64 && mostB <= 64 && a._limbBound < 16 && b._limbBound < 16 && c._valueBound <= 63.99 && c._limbBound <= LeastOffset, "combination");
        Set(ref combination, (a._valueBound * mostA) + (b._valueBound * mostB) + 64, 1 + (((a._limbBound * mostA) + (b._limbBound * mostB) + MostOffset + 1) * One));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckTurn(in FpLanes a, ref FpLanes turned)
    {
#if DEBUG
        Require(a._valueBound <= 63.99 && a._limbBound <= LeastOffset, "turn");
        Set(ref turned, 64, MostOffset);
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckMove(in FpLanes a, ref FpLanes moved)
    {
#if DEBUG
        Set(ref moved, a._valueBound, a._limbBound);
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckChoice(in FpLanes a, in FpLanes b, ref FpLanes chosen)
    {
#if DEBUG
        Set(ref chosen, Math.Max(a._valueBound, b._valueBound), Math.Max(a._limbBound, b._limbBound));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckReduce(in FpLanes a, ref FpLanes reduced)
    {
#if DEBUG
        Require(a._valueBound <= 1500 && a._limbBound <= 128, "reduction");
        // What the estimate of the quotient q leaves: q times the six units that its divisor is above p, one for the rounding, and carries that had not arrived.
        Set(ref reduced, 1 + ((7 + (6 * a._valueBound) + a._limbBound) / 106513), 1 + ((a._limbBound + a._valueBound + 2) * One));
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckProduct(in FpLanes a, in FpLanes b, ref FpLanes product)
    {
#if DEBUG
        Accumulate(a._limbBound * b._limbBound, a._valueBound * b._valueBound, ref product);
        Require(a._limbBound < 16 && b._limbBound < 16, "operand of a product");
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckComplexProduct(in FpLanes a, in FpLanes b, ref FpLanes product)
    {
#if DEBUG
        Require(a._limbBound < 16 && b._limbBound < 16, "operand of a product");
        Accumulate(a._limbBound * (b._limbBound + MostOffset), a._valueBound * (b._valueBound + 64), ref product);
#endif
    }

#if DEBUG
    // 64-bit accumulators hold 256 times 2^56; in fourteen rows there are the products, those of the reduction and one carry.
    private static void Accumulate(double limbs, double values, ref FpLanes product)
    {
        Require((Limbs * (limbs + 1)) + 1 <= 256, "accumulators of a product");
        Require(1 + (values / 2520) <= 8, "value of a product");
        Set(ref product, 1 + (values / 2520), 1);
    }

    private static void Set(ref FpLanes lanes, double value, double limb)
    {
        // Limbs are multiplied as numbers of 32 bits, and the estimate of quotients takes the last one as such, too.
        Require(value <= 2000, "value");
        lanes._valueBound = value;
        lanes._limbBound = limb;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"A bound of a {what} in lanes does not hold: the calling formula needs a reduction or carries.");
        }
    }
#endif
}
