using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>The limbs as they are, for the form of several elements side by side.</summary>
internal partial struct Fp
{
    /// <summary>How many limbs of 56 bits.</summary>
    public const int LimbCount = Limbs;

#if DEBUG
    /// <summary>The value is below this many p.</summary>
    public readonly double ValueBound => _valueBound;

    /// <summary>Each limb is at most this many times 2^56.</summary>
    public readonly double LimbBound => _limbBound;
#endif

    /// <summary>A limb, the least significant first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Limb(in Fp a, int index) => Unsafe.Add(ref Unsafe.AsRef(in a._l0), index);

    /// <summary>A limb to be written. Whoever writes says the bounds of the whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref ulong LimbOf(ref Fp a, int index) => ref Unsafe.Add(ref a._l0, index);

    /// <summary>The lowest limb of the one representative in [0, p), in Montgomery form: equal for equal elements.</summary>
    public static ulong CanonicalLimb(in Fp a)
    {
        Canonicalise(a, out Fp canonical);
        return canonical._l0;
    }

    /// <summary>Says the bounds of limbs that were written one by one.</summary>
    [Conditional("DEBUG")]
    public static void MarkLoose(ref Fp value, double valueBound, double limbBound)
    {
#if DEBUG
        value._valueBound = valueBound;
        value._limbBound = limbBound;
#endif
    }
}
