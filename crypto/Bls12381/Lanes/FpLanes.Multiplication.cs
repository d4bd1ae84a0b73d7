using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>The products: Montgomery multiplication by operand scanning as in <see cref="Fields.Fp"/>, with four products of 32-bit halves an instruction.</summary>
/// <remarks>
/// A row adds fourteen products to fourteen accumulators, then a multiple of p that makes the lowest divisible by 2^28, and drops it. No accumulator overflows in
/// fourteen rows (see <c>CheckProducts</c>), so the carries run once at the end. The rows are a loop, as there.
/// The multiplication instruction takes the same time for all operands.
/// </remarks>
internal partial struct FpLanes
{
    /// <summary>The limbs of p, each for all lanes.</summary>
    private static ReadOnlySpan<ulong> Modulus =>
    [
        0xfffaaab, 0xfffaaab, 0xfffaaab, 0xfffaaab,
        0xfefffff, 0xfefffff, 0xfefffff, 0xfefffff,
        0x3ffffb9, 0x3ffffb9, 0x3ffffb9, 0x3ffffb9,
        0xfffeb15, 0xfffeb15, 0xfffeb15, 0xfffeb15,
        0x6241eab, 0x6241eab, 0x6241eab, 0x6241eab,
        0xa0f6b0f, 0xa0f6b0f, 0xa0f6b0f, 0xa0f6b0f,
        0xf6730d2, 0xf6730d2, 0xf6730d2, 0xf6730d2,
        0xf38512b, 0xf38512b, 0xf38512b, 0xf38512b,
        0x4774b84, 0x4774b84, 0x4774b84, 0x4774b84,
        0x4bacd76, 0x4bacd76, 0x4bacd76, 0x4bacd76,
        0xba7b643, 0xba7b643, 0xba7b643, 0xba7b643,
        0xe69a4b1, 0xe69a4b1, 0xe69a4b1, 0xe69a4b1,
        0x1ea397f, 0x1ea397f, 0x1ea397f, 0x1ea397f,
        0x1a011, 0x1a011, 0x1a011, 0x1a011,
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Low(Vector256<ulong> a, Vector256<ulong> b) => Avx2.Multiply(a.AsUInt32(), b.AsUInt32());

    /// <summary>a·b in each lane.</summary>
    public static void Multiply(in FpLanes a, in FpLanes b, out FpLanes product)
    {
        Unsafe.SkipInit(out product);
        CheckProduct(a, b, ref product);
        Vector256<ulong> mask = Vector256.Create(LimbMask);
        ref Vector256<ulong> modulus = ref Unsafe.As<ulong, Vector256<ulong>>(ref MemoryMarshal.GetReference(Modulus));
        Vector256<ulong> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default;
        Vector256<ulong> c7 = default, c8 = default, c9 = default, c10 = default, c11 = default, c12 = default, c13 = default;
        for (int i = 0; i < Limbs; i++)
        {
            Vector256<ulong> x = Unsafe.Add(ref Unsafe.AsRef(in a._l0), i);
            c0 += Low(x, b._l0);
            c1 += Low(x, b._l1);
            c2 += Low(x, b._l2);
            c3 += Low(x, b._l3);
            c4 += Low(x, b._l4);
            c5 += Low(x, b._l5);
            c6 += Low(x, b._l6);
            c7 += Low(x, b._l7);
            c8 += Low(x, b._l8);
            c9 += Low(x, b._l9);
            c10 += Low(x, b._l10);
            c11 += Low(x, b._l11);
            c12 += Low(x, b._l12);
            c13 += Low(x, b._l13);
            x = Low(c0, Vector256.Create(NegativeInverseOfP)) & mask;
            c0 = (c0 + Low(x, modulus)) >> LimbBits;
            c0 = c0 + c1 + Low(x, Unsafe.Add(ref modulus, 1));
            c1 = c2 + Low(x, Unsafe.Add(ref modulus, 2));
            c2 = c3 + Low(x, Unsafe.Add(ref modulus, 3));
            c3 = c4 + Low(x, Unsafe.Add(ref modulus, 4));
            c4 = c5 + Low(x, Unsafe.Add(ref modulus, 5));
            c5 = c6 + Low(x, Unsafe.Add(ref modulus, 6));
            c6 = c7 + Low(x, Unsafe.Add(ref modulus, 7));
            c7 = c8 + Low(x, Unsafe.Add(ref modulus, 8));
            c8 = c9 + Low(x, Unsafe.Add(ref modulus, 9));
            c9 = c10 + Low(x, Unsafe.Add(ref modulus, 10));
            c10 = c11 + Low(x, Unsafe.Add(ref modulus, 11));
            c11 = c12 + Low(x, Unsafe.Add(ref modulus, 12));
            c12 = c13 + Low(x, Unsafe.Add(ref modulus, 13));
            c13 = default;
        }

        product._l0 = c0 & mask;
        c1 += c0 >> LimbBits;
        product._l1 = c1 & mask;
        c2 += c1 >> LimbBits;
        product._l2 = c2 & mask;
        c3 += c2 >> LimbBits;
        product._l3 = c3 & mask;
        c4 += c3 >> LimbBits;
        product._l4 = c4 & mask;
        c5 += c4 >> LimbBits;
        product._l5 = c5 & mask;
        c6 += c5 >> LimbBits;
        product._l6 = c6 & mask;
        c7 += c6 >> LimbBits;
        product._l7 = c7 & mask;
        c8 += c7 >> LimbBits;
        product._l8 = c8 & mask;
        c9 += c8 >> LimbBits;
        product._l9 = c9 & mask;
        c10 += c9 >> LimbBits;
        product._l10 = c10 & mask;
        c11 += c10 >> LimbBits;
        product._l11 = c11 & mask;
        c12 += c11 >> LimbBits;
        product._l12 = c12 & mask;
        c13 += c12 >> LimbBits;
        product._l13 = c13;
    }

    /// <summary>Two products in Fp2: a and b each hold c0 and c1 of one element in the lower lanes, of another in the upper ones.</summary>
    /// <remarks>a.c0·(b.c0, b.c1) + a.c1·(-b.c1, b.c0), with one reduction.</remarks>
    public static void MultiplyComplex(in FpLanes a, in FpLanes b, out FpLanes product)
    {
        Unsafe.SkipInit(out product);
        CheckComplexProduct(a, b, ref product);
        TurnByMinusU(b, out FpLanes d);
        Vector256<ulong> mask = Vector256.Create(LimbMask);
        ref Vector256<ulong> modulus = ref Unsafe.As<ulong, Vector256<ulong>>(ref MemoryMarshal.GetReference(Modulus));
        Vector256<ulong> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default;
        Vector256<ulong> c7 = default, c8 = default, c9 = default, c10 = default, c11 = default, c12 = default, c13 = default;
        for (int i = 0; i < Limbs; i++)
        {
            Vector256<ulong> limb = Unsafe.Add(ref Unsafe.AsRef(in a._l0), i);
            Vector256<ulong> x = Avx2.UnpackLow(limb, limb);
            c0 += Low(x, b._l0);
            c1 += Low(x, b._l1);
            c2 += Low(x, b._l2);
            c3 += Low(x, b._l3);
            c4 += Low(x, b._l4);
            c5 += Low(x, b._l5);
            c6 += Low(x, b._l6);
            c7 += Low(x, b._l7);
            c8 += Low(x, b._l8);
            c9 += Low(x, b._l9);
            c10 += Low(x, b._l10);
            c11 += Low(x, b._l11);
            c12 += Low(x, b._l12);
            c13 += Low(x, b._l13);
            x = Avx2.UnpackHigh(limb, limb);
            c0 += Low(x, d._l0);
            c1 += Low(x, d._l1);
            c2 += Low(x, d._l2);
            c3 += Low(x, d._l3);
            c4 += Low(x, d._l4);
            c5 += Low(x, d._l5);
            c6 += Low(x, d._l6);
            c7 += Low(x, d._l7);
            c8 += Low(x, d._l8);
            c9 += Low(x, d._l9);
            c10 += Low(x, d._l10);
            c11 += Low(x, d._l11);
            c12 += Low(x, d._l12);
            c13 += Low(x, d._l13);
            x = Low(c0, Vector256.Create(NegativeInverseOfP)) & mask;
            c0 = (c0 + Low(x, modulus)) >> LimbBits;
            c0 = c0 + c1 + Low(x, Unsafe.Add(ref modulus, 1));
            c1 = c2 + Low(x, Unsafe.Add(ref modulus, 2));
            c2 = c3 + Low(x, Unsafe.Add(ref modulus, 3));
            c3 = c4 + Low(x, Unsafe.Add(ref modulus, 4));
            c4 = c5 + Low(x, Unsafe.Add(ref modulus, 5));
            c5 = c6 + Low(x, Unsafe.Add(ref modulus, 6));
            c6 = c7 + Low(x, Unsafe.Add(ref modulus, 7));
            c7 = c8 + Low(x, Unsafe.Add(ref modulus, 8));
            c8 = c9 + Low(x, Unsafe.Add(ref modulus, 9));
            c9 = c10 + Low(x, Unsafe.Add(ref modulus, 10));
            c10 = c11 + Low(x, Unsafe.Add(ref modulus, 11));
            c11 = c12 + Low(x, Unsafe.Add(ref modulus, 12));
            c12 = c13 + Low(x, Unsafe.Add(ref modulus, 13));
            c13 = default;
        }

        product._l0 = c0 & mask;
        c1 += c0 >> LimbBits;
        product._l1 = c1 & mask;
        c2 += c1 >> LimbBits;
        product._l2 = c2 & mask;
        c3 += c2 >> LimbBits;
        product._l3 = c3 & mask;
        c4 += c3 >> LimbBits;
        product._l4 = c4 & mask;
        c5 += c4 >> LimbBits;
        product._l5 = c5 & mask;
        c6 += c5 >> LimbBits;
        product._l6 = c6 & mask;
        c7 += c6 >> LimbBits;
        product._l7 = c7 & mask;
        c8 += c7 >> LimbBits;
        product._l8 = c8 & mask;
        c9 += c8 >> LimbBits;
        product._l9 = c9 & mask;
        c10 += c9 >> LimbBits;
        product._l10 = c10 & mask;
        c11 += c10 >> LimbBits;
        product._l11 = c11 & mask;
        c12 += c11 >> LimbBits;
        product._l12 = c12 & mask;
        c13 += c12 >> LimbBits;
        product._l13 = c13;
    }
}
