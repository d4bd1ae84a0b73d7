using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381;

/// <summary>Decisions as masks: all ones for yes, 0 for no. No branch depends on what they decide.</summary>
internal static class ConstantTime
{
    /// <summary>All ones for zero, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ZeroMask(ulong value) => ((value | (0 - value)) >> 63) - 1;

    /// <summary>All ones when both are the same, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EqualMask(ulong a, ulong b) => ZeroMask(a ^ b);

    /// <summary>All ones for true, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mask(bool condition) => 0 - (ulong)Unsafe.BitCast<bool, byte>(condition);
}
