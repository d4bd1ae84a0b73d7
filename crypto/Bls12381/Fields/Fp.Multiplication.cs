using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>Montgomery multiplication by operand scanning (Montgomery 1985; Koç, Acar, Kaliski 1996), on limbs of 56 bits.</summary>
/// <remarks>
/// Each row adds the low 56 bits of seven products to seven accumulators and their high bits to the neighbours, then makes the lowest accumulator
/// divisible by 2^56 with a multiple of p and drops it. No accumulator overflows in seven rows (see <c>CheckProducts</c>), so the carries run once at
/// the end. The rows are a loop on purpose: unrolled, the register allocator spills every accumulator. The multiplication instructions of the processors
/// that .NET 10 runs on take the same time for all operands.
/// </remarks>
internal partial struct Fp
{
    /// <summary>Both operands are moved up by this, so that the upper half of the 128-bit product of two limbs starts at bit 56.</summary>
    private const int OperandShift = 4;

    /// <summary>The limbs of p, then the same moved up by eight bits: the counterpart of <see cref="OperandShift"/> for the reduction.</summary>
    private static ReadOnlySpan<ulong> Modulus =>
        [P0, P1, P2, P3, P4, P5, P6, P0 << 8, P1 << 8, P2 << 8, P3 << 8, P4 << 8, P5 << 8, P6 << 8];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong High(ulong a, ulong b) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _);

    /// <inheritdoc/>
    public static void Multiply(in Fp a, in Fp b, out Fp product)
    {
        Unsafe.SkipInit(out product);
        CheckProducts(a, b, default, default, 1, ref product);
        ulong b0 = b._l0 << OperandShift;
        ulong b1 = b._l1 << OperandShift;
        ulong b2 = b._l2 << OperandShift;
        ulong b3 = b._l3 << OperandShift;
        ulong b4 = b._l4 << OperandShift;
        ulong b5 = b._l5 << OperandShift;
        ulong b6 = b._l6 << OperandShift;
        ulong c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0;
        ref ulong modulus = ref Unsafe.AsRef(in Modulus[0]);
        for (int i = 0; i < Limbs; i++)
        {
            ulong x = Unsafe.Add(ref Unsafe.AsRef(in a._l0), i);
            ulong y = x << OperandShift;
            c0 += (x * b._l0) & LimbMask;
            c1 += ((x * b._l1) & LimbMask) + High(y, b0);
            c2 += ((x * b._l2) & LimbMask) + High(y, b1);
            c3 += ((x * b._l3) & LimbMask) + High(y, b2);
            c4 += ((x * b._l4) & LimbMask) + High(y, b3);
            c5 += ((x * b._l5) & LimbMask) + High(y, b4);
            c6 += ((x * b._l6) & LimbMask) + High(y, b5);
            ulong c7 = High(y, b6);
            ulong m = (c0 * NegativeInverseOfP) & LimbMask;
            // m was chosen so that the low part of m·p clears the low limb: what is left is a carry.
            c0 = (c0 + LimbMask) >> LimbBits;
            c0 += c1 + ((m * Unsafe.Add(ref modulus, 1)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 7));
            c1 = c2 + ((m * Unsafe.Add(ref modulus, 2)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 8));
            c2 = c3 + ((m * Unsafe.Add(ref modulus, 3)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 9));
            c3 = c4 + ((m * Unsafe.Add(ref modulus, 4)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 10));
            c4 = c5 + ((m * Unsafe.Add(ref modulus, 5)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 11));
            c5 = c6 + ((m * Unsafe.Add(ref modulus, 6)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 12));
            c6 = c7 + High(m, Unsafe.Add(ref modulus, 13));
        }

        c1 += c0 >> LimbBits;
        c2 += c1 >> LimbBits;
        c3 += c2 >> LimbBits;
        c4 += c3 >> LimbBits;
        c5 += c4 >> LimbBits;
        c6 += c5 >> LimbBits;
        product._l0 = c0 & LimbMask;
        product._l1 = c1 & LimbMask;
        product._l2 = c2 & LimbMask;
        product._l3 = c3 & LimbMask;
        product._l4 = c4 & LimbMask;
        product._l5 = c5 & LimbMask;
        product._l6 = c6;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The 28 different products of limbs by columns (each off the diagonal counts twice), then the same reduction, which takes in the upper seven columns one a row.
    /// </remarks>
    [SkipLocalsInit]
    public static void Square(in Fp a, out Fp square)
    {
        Unsafe.SkipInit(out square);
        CheckProducts(a, a, default, default, 1, ref square);
        ulong a0 = a._l0;
        ulong a1 = a._l1;
        ulong a2 = a._l2;
        ulong a3 = a._l3;
        ulong a4 = a._l4;
        ulong a5 = a._l5;
        ulong a6 = a._l6;

        // t: twice the limb; u: moved up; v: twice the limb, moved up.
        ulong t0 = a0 << 1, u0 = a0 << OperandShift, v0 = a0 << (OperandShift + 1);
        ulong t1 = a1 << 1, u1 = a1 << OperandShift, v1 = a1 << (OperandShift + 1);
        ulong t2 = a2 << 1, u2 = a2 << OperandShift, v2 = a2 << (OperandShift + 1);
        ulong t3 = a3 << 1, u3 = a3 << OperandShift, v3 = a3 << (OperandShift + 1);
        ulong t4 = a4 << 1, u4 = a4 << OperandShift, v4 = a4 << (OperandShift + 1);
        ulong t5 = a5 << 1, u5 = a5 << OperandShift, v5 = a5 << (OperandShift + 1);
        ulong u6 = a6 << OperandShift;
        Span<ulong> upper = stackalloc ulong[Limbs];
        ulong next;
        ulong c0 = (a0 * a0) & LimbMask;
        next = High(u0, u0);
        ulong c1 = next + ((t0 * a1) & LimbMask);
        next = High(v0, u1);
        ulong c2 = next + ((t0 * a2) & LimbMask) + ((a1 * a1) & LimbMask);
        next = High(v0, u2) + High(u1, u1);
        ulong c3 = next + ((t0 * a3) & LimbMask) + ((t1 * a2) & LimbMask);
        next = High(v0, u3) + High(v1, u2);
        ulong c4 = next + ((t0 * a4) & LimbMask) + ((t1 * a3) & LimbMask) + ((a2 * a2) & LimbMask);
        next = High(v0, u4) + High(v1, u3) + High(u2, u2);
        ulong c5 = next + ((t0 * a5) & LimbMask) + ((t1 * a4) & LimbMask) + ((t2 * a3) & LimbMask);
        next = High(v0, u5) + High(v1, u4) + High(v2, u3);
        ulong c6 = next + ((t0 * a6) & LimbMask) + ((t1 * a5) & LimbMask) + ((t2 * a4) & LimbMask) + ((a3 * a3) & LimbMask);
        next = High(v0, u6) + High(v1, u5) + High(v2, u4) + High(u3, u3);
        upper[0] = next + ((t1 * a6) & LimbMask) + ((t2 * a5) & LimbMask) + ((t3 * a4) & LimbMask);
        next = High(v1, u6) + High(v2, u5) + High(v3, u4);
        upper[1] = next + ((t2 * a6) & LimbMask) + ((t3 * a5) & LimbMask) + ((a4 * a4) & LimbMask);
        next = High(v2, u6) + High(v3, u5) + High(u4, u4);
        upper[2] = next + ((t3 * a6) & LimbMask) + ((t4 * a5) & LimbMask);
        next = High(v3, u6) + High(v4, u5);
        upper[3] = next + ((t4 * a6) & LimbMask) + ((a5 * a5) & LimbMask);
        next = High(v4, u6) + High(u5, u5);
        upper[4] = next + ((t5 * a6) & LimbMask);
        next = High(v5, u6);
        upper[5] = next + ((a6 * a6) & LimbMask);
        next = High(u6, u6);
        upper[6] = next;

        ref ulong modulus = ref Unsafe.AsRef(in Modulus[0]);
        for (int i = 0; i < Limbs; i++)
        {
            ulong m = (c0 * NegativeInverseOfP) & LimbMask;
            // m was chosen so that the low part of m·p clears the low limb: what is left is a carry.
            c0 = (c0 + LimbMask) >> LimbBits;
            c0 += c1 + ((m * Unsafe.Add(ref modulus, 1)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 7));
            c1 = c2 + ((m * Unsafe.Add(ref modulus, 2)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 8));
            c2 = c3 + ((m * Unsafe.Add(ref modulus, 3)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 9));
            c3 = c4 + ((m * Unsafe.Add(ref modulus, 4)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 10));
            c4 = c5 + ((m * Unsafe.Add(ref modulus, 5)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 11));
            c5 = c6 + ((m * Unsafe.Add(ref modulus, 6)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 12));
            c6 = upper[i] + High(m, Unsafe.Add(ref modulus, 13));
        }

        c1 += c0 >> LimbBits;
        c2 += c1 >> LimbBits;
        c3 += c2 >> LimbBits;
        c4 += c3 >> LimbBits;
        c5 += c4 >> LimbBits;
        c6 += c5 >> LimbBits;
        square._l0 = c0 & LimbMask;
        square._l1 = c1 & LimbMask;
        square._l2 = c2 & LimbMask;
        square._l3 = c3 & LimbMask;
        square._l4 = c4 & LimbMask;
        square._l5 = c5 & LimbMask;
        square._l6 = c6;
    }

    /// <inheritdoc/>
    public static void SumOfProducts(in Fp a, in Fp b, in Fp c, in Fp d, out Fp sum)
    {
        Unsafe.SkipInit(out sum);
        CheckProducts(a, b, c, d, 2, ref sum);
        ulong b0 = b._l0 << OperandShift;
        ulong b1 = b._l1 << OperandShift;
        ulong b2 = b._l2 << OperandShift;
        ulong b3 = b._l3 << OperandShift;
        ulong b4 = b._l4 << OperandShift;
        ulong b5 = b._l5 << OperandShift;
        ulong b6 = b._l6 << OperandShift;
        ulong d0 = d._l0 << OperandShift;
        ulong d1 = d._l1 << OperandShift;
        ulong d2 = d._l2 << OperandShift;
        ulong d3 = d._l3 << OperandShift;
        ulong d4 = d._l4 << OperandShift;
        ulong d5 = d._l5 << OperandShift;
        ulong d6 = d._l6 << OperandShift;
        ulong c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0;
        ref ulong modulus = ref Unsafe.AsRef(in Modulus[0]);
        for (int i = 0; i < Limbs; i++)
        {
            ulong x = Unsafe.Add(ref Unsafe.AsRef(in a._l0), i);
            ulong y = x << OperandShift;
            c0 += (x * b._l0) & LimbMask;
            c1 += ((x * b._l1) & LimbMask) + High(y, b0);
            c2 += ((x * b._l2) & LimbMask) + High(y, b1);
            c3 += ((x * b._l3) & LimbMask) + High(y, b2);
            c4 += ((x * b._l4) & LimbMask) + High(y, b3);
            c5 += ((x * b._l5) & LimbMask) + High(y, b4);
            c6 += ((x * b._l6) & LimbMask) + High(y, b5);
            ulong c7 = High(y, b6);
            x = Unsafe.Add(ref Unsafe.AsRef(in c._l0), i);
            y = x << OperandShift;
            c0 += (x * d._l0) & LimbMask;
            c1 += ((x * d._l1) & LimbMask) + High(y, d0);
            c2 += ((x * d._l2) & LimbMask) + High(y, d1);
            c3 += ((x * d._l3) & LimbMask) + High(y, d2);
            c4 += ((x * d._l4) & LimbMask) + High(y, d3);
            c5 += ((x * d._l5) & LimbMask) + High(y, d4);
            c6 += ((x * d._l6) & LimbMask) + High(y, d5);
            c7 += High(y, d6);
            ulong m = (c0 * NegativeInverseOfP) & LimbMask;
            // m was chosen so that the low part of m·p clears the low limb: what is left is a carry.
            c0 = (c0 + LimbMask) >> LimbBits;
            c0 += c1 + ((m * Unsafe.Add(ref modulus, 1)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 7));
            c1 = c2 + ((m * Unsafe.Add(ref modulus, 2)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 8));
            c2 = c3 + ((m * Unsafe.Add(ref modulus, 3)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 9));
            c3 = c4 + ((m * Unsafe.Add(ref modulus, 4)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 10));
            c4 = c5 + ((m * Unsafe.Add(ref modulus, 5)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 11));
            c5 = c6 + ((m * Unsafe.Add(ref modulus, 6)) & LimbMask) + High(m, Unsafe.Add(ref modulus, 12));
            c6 = c7 + High(m, Unsafe.Add(ref modulus, 13));
        }

        c1 += c0 >> LimbBits;
        c2 += c1 >> LimbBits;
        c3 += c2 >> LimbBits;
        c4 += c3 >> LimbBits;
        c5 += c4 >> LimbBits;
        c6 += c5 >> LimbBits;
        sum._l0 = c0 & LimbMask;
        sum._l1 = c1 & LimbMask;
        sum._l2 = c2 & LimbMask;
        sum._l3 = c3 & LimbMask;
        sum._l4 = c4 & LimbMask;
        sum._l5 = c5 & LimbMask;
        sum._l6 = c6;
    }
}
