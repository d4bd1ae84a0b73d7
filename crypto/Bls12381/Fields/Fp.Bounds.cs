using System.Diagnostics;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>The worst-case bounds of elements, carried along and asserted in debug builds; nothing of it is in a release build.</summary>
internal partial struct Fp
{
    /// <summary>Bound of a tight value in multiples of p.</summary>
    private const double Tight = 3;

    [Conditional("DEBUG")]
    private static void MarkTight(ref Fp value) => MarkBelow(ref value, Tight);

    [Conditional("DEBUG")]
    private static void MarkBelow(ref Fp value, double bound)
    {
#if DEBUG
        value._valueBound = bound;
        value._limbBound = 1;
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckSum(in Fp a, in Fp b, ref Fp sum)
    {
#if DEBUG
        double value = a._valueBound + b._valueBound;
        double limb = a._limbBound + b._limbBound;
        Require(value < 1024 && limb <= 16, "sum");
        sum._valueBound = value;
        sum._limbBound = limb;
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckDifference(in Fp a, in Fp b, double added, ref Fp difference)
    {
#if DEBUG
        double value = a._valueBound + added;
        Require(b._valueBound <= added && value < 1024 && a._limbBound <= 32 && b._limbBound <= 32, "difference");
        difference._valueBound = value;
        difference._limbBound = 1;
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckReduce(in Fp a, ref Fp tight)
    {
#if DEBUG
        Require(a._valueBound <= 512 && a._limbBound <= 16, "reduction");
        tight._valueBound = 1.01;
        tight._limbBound = 1;
#endif
    }

    [Conditional("DEBUG")]
    private static void CheckAssign(ref Fp target, in Fp source)
    {
#if DEBUG
        target._valueBound = Math.Max(target._valueBound, source._valueBound);
        target._limbBound = Math.Max(target._limbBound, source._limbBound);
#endif
    }

    /// <summary>A sum of products reduced once: the accumulators must not overflow, the result must be tight.</summary>
    [Conditional("DEBUG")]
    private static void CheckProducts(in Fp a, in Fp b, in Fp c, in Fp d, int terms, ref Fp product)
    {
#if DEBUG
        double limbs = (a._limbBound * b._limbBound) + (c._limbBound * d._limbBound);
        double values = (a._valueBound * b._valueBound) + (c._valueBound * d._valueBound);
        // 64-bit accumulators hold 256 times 2^56: in seven rows the high halves, the masked low halves, and both halves of the reduction.
        Require((Limbs * (limbs + terms + 2)) + 1 <= 256, "accumulators of a product");
        Require(a._limbBound <= 16 && b._limbBound <= 16 && c._limbBound <= 16 && d._limbBound <= 16, "limbs of a product");
        Require(1 + (values / 2520) <= Tight, "value of a product");
        product._valueBound = 1 + (values / 2520);
        product._limbBound = 1;
#endif
    }

#if DEBUG
    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"A bound of a field {what} does not hold: the calling formula needs a reduction.");
        }
    }
#endif
}
