using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>Lanes in other places, and choices between two values.</summary>
internal partial struct FpLanes
{
    /// <summary>The lanes in another order.</summary>
    /// <param name="a">The lanes.</param>
    /// <param name="order">Two bits a lane, the lowest for lane 0: which lane it takes.</param>
    /// <param name="permuted">The result.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Permute(in FpLanes a, [ConstantExpected] byte order, out FpLanes permuted)
    {
        Unsafe.SkipInit(out permuted);
        CheckMove(a, ref permuted);
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref permuted, i) = Avx2.Permute4x64(Limb(in a, i), order);
        }
    }

    /// <summary>The upper half in the lower place, and the other way round.</summary>
    public static void SwapHalves(in FpLanes a, out FpLanes swapped) => Permute(a, 0x4e, out swapped);

    /// <summary>The sum of both halves in both, carried.</summary>
    public static void AddHalves(in FpLanes a, out FpLanes sum)
    {
        SwapHalves(a, out FpLanes swapped);
        AddCarried(a, swapped, out sum);
    }

    /// <summary>The lower half in both places.</summary>
    public static void TwiceLower(in FpLanes a, out FpLanes twice) => Permute(a, 0x44, out twice);

    /// <summary>The upper half in both places.</summary>
    public static void TwiceUpper(in FpLanes a, out FpLanes twice) => Permute(a, 0xee, out twice);

    /// <summary>The lower half of a, the upper half of b.</summary>
    public static void LowerUpper(in FpLanes a, in FpLanes b, out FpLanes halves) => Halves(a, b, 0x30, out halves);

    /// <summary>The lower half of a, then that of b.</summary>
    public static void LowerLower(in FpLanes a, in FpLanes b, out FpLanes halves) => Halves(a, b, 0x20, out halves);

    /// <summary>The upper half of a, then the lower one of b.</summary>
    public static void UpperLower(in FpLanes a, in FpLanes b, out FpLanes halves) => Halves(a, b, 0x21, out halves);

    /// <summary>The upper half of a, then that of b.</summary>
    public static void UpperUpper(in FpLanes a, in FpLanes b, out FpLanes halves) => Halves(a, b, 0x31, out halves);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(in FpLanes a, in FpLanes b, [ConstantExpected] byte control, out FpLanes halves)
    {
        Unsafe.SkipInit(out halves);
        CheckChoice(a, b, ref halves);
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref halves, i) = Avx2.Permute2x128(Limb(in a, i), Limb(in b, i), control);
        }
    }

    /// <summary>a where the mask is all ones, b where it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Select(in FpLanes a, in FpLanes b, Vector256<ulong> mask, out FpLanes selected)
    {
        Unsafe.SkipInit(out selected);
        CheckChoice(a, b, ref selected);
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref selected, i) = Vector256.ConditionalSelect(mask, Limb(in a, i), Limb(in b, i));
        }
    }

    /// <summary>Replaces all lanes where the mask is all ones, keeps them where it is 0. Constant-time.</summary>
    public static void Assign(ref FpLanes target, in FpLanes source, ulong mask) => Select(source, target, Vector256.Create(mask), out target);
}
