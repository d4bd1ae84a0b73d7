using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>
/// Four elements of Fp side by side, one in each 64-bit lane of fourteen vectors: limbs of 28 bits in the Montgomery form of <see cref="Fp"/>, R = 2^392. For processors with AVX2,
/// where four products cost little more than one does elsewhere.
/// </summary>
/// <remarks>
/// <para>The multiplier takes 32 bits a lane, so four bits of a limb are free for sums, and 64-bit accumulators for products. A limb of a <em>carried</em> value is at most
/// 2^28 and some units: carries move up by one limb only, all at once, which leaves no chain to wait for.</para>
/// <para>Values are bounded as in <see cref="Fp"/>: products come out below (1 + αβ/2520)·p of values below αp and βp; differences add 8p or 64p. Debug builds carry the worst-case bounds
/// of all lanes along (FpLanes.Bounds.cs). Results may be written over operands. Every operation is constant-time.</para>
/// <para>As two elements of Fp2 the lanes are c0, c1, c0', c1'; the <em>lower half</em> is the first element, the <em>upper half</em> the second.</para>
/// </remarks>
[SkipLocalsInit]
internal partial struct FpLanes
{
    private const int Limbs = 14;
    private const int LimbBits = 28;
    private const ulong LimbMask = (1UL << LimbBits) - 1;

    /// <summary>-1/p mod 2^28.</summary>
    private const ulong NegativeInverseOfP = 0xffcfffd;

    /// <summary>⌊2^48 / 106519⌋ for the top limb 0x1a011 of p and six more: estimates a quotient by p from the top limb, never too high and with room for a carry.</summary>
    private const ulong QuotientFactor = 0x9d812352;

    /// <summary>Lanes that hold c0, lanes of the lower half, and all.</summary>
    private static Vector256<ulong> Real => Vector256.Create(ulong.MaxValue, 0, ulong.MaxValue, 0);

    private static Vector256<ulong> LowerHalf => Vector256.Create(ulong.MaxValue, ulong.MaxValue, 0, 0);

    private static Vector256<ulong> All => Vector256<ulong>.AllBitsSet;

    /// <summary>8p with every limb but the last above 4·2^28 - 4, so that what is subtracted from it leaves no limb negative; and 1 more in each limb, as -b is ~b + 1 in two's complement.</summary>
    private static ReadOnlySpan<ulong> EightP =>
    [
        0x4ffd5559, 0x4f7ffffc, 0x4ffffdcc, 0x4fff58a6, 0x4120f55c, 0x407b5878, 0x4b398692,
        0x49c2895c, 0x43ba5c24, 0x45d66baf, 0x4d3db217, 0x434d258a, 0x4f51cbfc, 0xd0085,
    ];

    /// <summary>64p in the same form.</summary>
    private static ReadOnlySpan<ulong> SixtyFourP =>
    [
        0x4feaaac1, 0x4bfffffc, 0x4fffee7c, 0x4ffac54c, 0x4907aafc, 0x43dac3d5, 0x49cc34a5,
        0x4e144afa, 0x4dd2e139, 0x4eb35d8e, 0x49ed90cf, 0x4a692c6b, 0x4a8e5ff6, 0x680444,
    ];

    /// <summary>What a limb gains when p is subtracted once from the number: 2^364 - p in thirteen limbs; the last loses one more than that of p.</summary>
    private static ReadOnlySpan<ulong> MinusP =>
    [
        0x5555, 0x100000, 0xc000046, 0x14ea, 0x9dbe154, 0x5f094f0, 0x98cf2d,
        0xc7aed4, 0xb88b47b, 0xb453289, 0x45849bc, 0x1965b4e, 0xe15c680,
    ];

    private const ulong TopOfPAndOne = 0x1a012;

    private Vector256<ulong> _l0;
    private Vector256<ulong> _l1;
    private Vector256<ulong> _l2;
    private Vector256<ulong> _l3;
    private Vector256<ulong> _l4;
    private Vector256<ulong> _l5;
    private Vector256<ulong> _l6;
    private Vector256<ulong> _l7;
    private Vector256<ulong> _l8;
    private Vector256<ulong> _l9;
    private Vector256<ulong> _l10;
    private Vector256<ulong> _l11;
    private Vector256<ulong> _l12;
    private Vector256<ulong> _l13;

#if DEBUG
    /// <summary>Each lane's value is below this many p.</summary>
    private double _valueBound;

    /// <summary>Each limb but the last is at most this many times 2^28.</summary>
    private double _limbBound;
#endif

    private static readonly FpLanes ZeroLanes;

    /// <summary>0 in all lanes.</summary>
    public static ref readonly FpLanes Zero => ref ZeroLanes;

    /// <summary>Whether this processor has what is needed.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Puts four elements side by side.</summary>
    public static void Join(in Fp a, in Fp b, in Fp c, in Fp d, out FpLanes lanes)
    {
        Unsafe.SkipInit(out lanes);
        CheckJoin(a, b, c, d, ref lanes);
        ref Vector256<ulong> limb = ref lanes._l0;
        for (int i = 0; i < Fp.LimbCount; i++)
        {
            Vector256<ulong> both = Vector256.Create(Fp.Limb(a, i), Fp.Limb(b, i), Fp.Limb(c, i), Fp.Limb(d, i));
            limb = both & Vector256.Create(LimbMask);
            limb = ref Unsafe.Add(ref limb, 1);
            limb = both >> LimbBits;
            limb = ref Unsafe.Add(ref limb, 1);
        }
    }

    /// <summary>Takes one element out, tight.</summary>
    public static void Take(in FpLanes lanes, int lane, out Fp element)
    {
        Unsafe.SkipInit(out element);
        CheckTake(lanes, ref element);
        ref ulong limb = ref Unsafe.Add(ref Unsafe.As<FpLanes, ulong>(ref Unsafe.AsRef(in lanes)), lane);
        for (int i = 0; i < Fp.LimbCount; i++)
        {
            Fp.LimbOf(ref element, i) = Unsafe.Add(ref limb, 8 * i) + (Unsafe.Add(ref limb, (8 * i) + 4) << LimbBits);
        }

        Fp.Reduce(element, out element);
    }

    /// <summary>a + b, limb by limb: bounds add up.</summary>
    public static void Add(in FpLanes a, in FpLanes b, out FpLanes sum)
    {
        Unsafe.SkipInit(out sum);
        CheckSum(a, b, ref sum);
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref sum, i) = Limb(in a, i) + Limb(in b, i);
        }
    }

    /// <summary>a + b, carried.</summary>
    public static void AddCarried(in FpLanes a, in FpLanes b, out FpLanes sum)
    {
        Unsafe.SkipInit(out sum);
        CheckSum(a, b, ref sum);
        MarkCarried(ref sum);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default;
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Limb(in a, i) + Limb(in b, i);
            LimbOf(ref sum, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        sum._l13 = a._l13 + b._l13 + carry;
    }

    /// <summary>a times a small number of the lane, carried.</summary>
    /// <param name="a">What is multiplied.</param>
    /// <param name="factors">At most 64 each.</param>
    /// <param name="most">The largest of them; for the bounds.</param>
    /// <param name="product">The product.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(in FpLanes a, Vector256<ulong> factors, int most, out FpLanes product)
    {
        Unsafe.SkipInit(out product);
        CheckScale(a, most, ref product);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default;
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Low(Limb(in a, i), factors);
            LimbOf(ref product, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        product._l13 = Low(a._l13, factors) + carry;
    }

    /// <summary>a - b for b below 8p, carried; at most 8p more than a.</summary>
    public static void Subtract(in FpLanes a, in FpLanes b, out FpLanes difference) => AddSigned(a, b, All, EightP, 8, out difference);

    /// <summary>-a for a below 8p, carried.</summary>
    public static void Negate(in FpLanes a, out FpLanes negative) => Subtract(Zero, a, out negative);

    /// <summary>a - b for b below 64p, carried; at most 64p more than a.</summary>
    public static void SubtractWide(in FpLanes a, in FpLanes b, out FpLanes difference) => AddSigned(a, b, All, SixtyFourP, 64, out difference);

    /// <summary>a - b in lane 0, a + b in lane 1, a in the others, for b below 8p, carried.</summary>
    public static void SubtractFirstAddSecond(in FpLanes a, in FpLanes b, out FpLanes result)
    {
        Select(b, Zero, LowerHalf, out FpLanes lower);
        AddSigned(a, lower, Vector256.Create(ulong.MaxValue, 0, 0, 0), EightP, 8, out result);
    }

    /// <summary>a·factorsA + b·factorsB with small factors of the lanes, less c where the mask is all ones, for c below 64p; carried.</summary>
    /// <param name="a">The first operand.</param>
    /// <param name="factorsA">Its factors.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="factorsB">Its factors.</param>
    /// <param name="mostA">The largest factor of a; for the bounds.</param>
    /// <param name="mostB">The largest factor of b.</param>
    /// <param name="c">What is subtracted.</param>
    /// <param name="minus">Where.</param>
    /// <param name="combination">The result.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Combine(in FpLanes a, Vector256<ulong> factorsA, in FpLanes b, Vector256<ulong> factorsB, int mostA, int mostB, in FpLanes c, Vector256<ulong> minus, out FpLanes combination)
    {
        Unsafe.SkipInit(out combination);
        CheckCombination(a, b, mostA, mostB, c, ref combination);
        ref ulong offset = ref MemoryMarshal.GetReference(SixtyFourP);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default;
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Low(Limb(in a, i), factorsA) + Low(Limb(in b, i), factorsB) + ((Vector256.Create(Unsafe.Add(ref offset, i)) + ~Limb(in c, i)) & minus);
            LimbOf(ref combination, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        combination._l13 = Low(a._l13, factorsA) + Low(b._l13, factorsB) + ((Vector256.Create(Unsafe.Add(ref offset, Limbs - 1)) + ~c._l13) & minus) + carry;
    }

    /// <summary>a - b in the lower half, a + b in the upper one, for b below 8p, carried.</summary>
    public static void SubtractLowerAddUpper(in FpLanes a, in FpLanes b, out FpLanes result) => AddSigned(a, b, LowerHalf, EightP, 8, out result);

    /// <summary>a + (1 + u)·b - b in Fp2: a + u·b, for b below 64p, carried.</summary>
    public static void AddTimesU(in FpLanes a, in FpLanes b, out FpLanes sum)
    {
        TurnByU(b, out FpLanes turned);
        AddSigned(a, turned, Real, SixtyFourP, 64, out sum);
    }

    /// <summary>(1 + u)·a in Fp2, for a below 64p, carried.</summary>
    public static void MultiplyByNonResidue(in FpLanes a, out FpLanes product) => AddTimesU(a, a, out product);

    /// <summary>c0 - c1·u of each half, for a below 8p, carried.</summary>
    public static void Conjugate(in FpLanes a, out FpLanes conjugate)
    {
        Select(a, Zero, ~Real, out FpLanes imaginary);
        Select(a, Zero, Real, out FpLanes real);
        AddSigned(real, imaginary, ~Real, EightP, 8, out conjugate);
    }

    /// <summary>a + b where the mask is zero, a - b where it is all ones, with the multiple of p that keeps limbs positive; carried.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSigned(in FpLanes a, in FpLanes b, Vector256<ulong> minus, ReadOnlySpan<ulong> multipleOfP, int multiple, out FpLanes sum)
    {
        Unsafe.SkipInit(out sum);
        CheckDifference(a, b, multiple, ref sum);
        ref ulong offset = ref MemoryMarshal.GetReference(multipleOfP);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default;
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Limb(in a, i) + (Limb(in b, i) ^ minus) + (Vector256.Create(Unsafe.Add(ref offset, i)) & minus);
            LimbOf(ref sum, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        sum._l13 = a._l13 + (b._l13 ^ minus) + (Vector256.Create(Unsafe.Add(ref offset, Limbs - 1)) & minus) + carry;
    }

    /// <summary>The parts of each half in the other order.</summary>
    private static void TurnByU(in FpLanes a, out FpLanes turned)
    {
        Unsafe.SkipInit(out turned);
        CheckMove(a, ref turned);
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref turned, i) = Avx2.Shuffle(Limb(in a, i).AsUInt32(), 0x4e).AsUInt64();
        }
    }

    /// <summary>u·a, of which the product of Fp2 is made: -c1 + 64p and c0, not carried.</summary>
    private static void TurnByMinusU(in FpLanes a, out FpLanes turned)
    {
        Unsafe.SkipInit(out turned);
        CheckTurn(a, ref turned);
        ref ulong offset = ref MemoryMarshal.GetReference(SixtyFourP);
        Vector256<ulong> minus = Real;
        for (int i = 0; i < Limbs; i++)
        {
            LimbOf(ref turned, i) = (Avx2.Shuffle(Limb(in a, i).AsUInt32(), 0x4e).AsUInt64() ^ minus) + (Vector256.Create(Unsafe.Add(ref offset, i)) & minus);
        }
    }

    /// <summary>Two squares in Fp2: (c0 + c1)(c0 - c1) + 2·c0·c1·u of each half.</summary>
    public static void SquareComplex(in FpLanes a, out FpLanes square)
    {
        // (c0 + c1, 2c0) and (c0 - c1 + 64p, c1).
        Unsafe.SkipInit(out FpLanes left);
        Unsafe.SkipInit(out FpLanes right);
        CheckSum(a, a, ref left);
        CheckDifference(a, a, 64, ref right);
        ref ulong offset = ref MemoryMarshal.GetReference(SixtyFourP);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default, real = Real;
        for (int i = 0; i < Limbs; i++)
        {
            Vector256<ulong> limb = Limb(in a, i), turned = Avx2.Shuffle(limb.AsUInt32(), 0x4e).AsUInt64();
            LimbOf(ref left, i) = turned + Avx2.UnpackLow(limb, limb);
            Vector256<ulong> x = limb + ((Vector256.Create(Unsafe.Add(ref offset, i)) + ~turned) & real);
            LimbOf(ref right, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        // The last limb has no carry.
        right._l13 += carry << LimbBits;
        Multiply(left, right, out square);
    }

    /// <summary>The same values, carried and below 1.1p, of anything below 1500p.</summary>
    public static void Reduce(in FpLanes a, out FpLanes reduced)
    {
        Unsafe.SkipInit(out reduced);
        CheckReduce(a, ref reduced);
        Vector256<ulong> quotient = Low(a._l13, Vector256.Create(QuotientFactor)) >> 48;
        ref ulong minusP = ref MemoryMarshal.GetReference(MinusP);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default, top = a._l13 - Low(quotient, Vector256.Create(TopOfPAndOne));
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Limb(in a, i) + Low(quotient, Vector256.Create(Unsafe.Add(ref minusP, i)));
            LimbOf(ref reduced, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        reduced._l13 = top + carry;
    }

    /// <summary>a, with b added in the lower half; carried.</summary>
    public static void AddToLower(in FpLanes a, in FpLanes b, out FpLanes sum) => AddMasked(a, b, LowerHalf, out sum);

    /// <summary>a, with b added in the upper half; carried.</summary>
    public static void AddToUpper(in FpLanes a, in FpLanes b, out FpLanes sum) => AddMasked(a, b, ~LowerHalf, out sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMasked(in FpLanes a, in FpLanes b, Vector256<ulong> where, out FpLanes sum)
    {
        Unsafe.SkipInit(out sum);
        CheckSum(a, b, ref sum);
        MarkCarried(ref sum);
        Vector256<ulong> mask = Vector256.Create(LimbMask), carry = default;
        for (int i = 0; i < Limbs - 1; i++)
        {
            Vector256<ulong> x = Limb(in a, i) + (Limb(in b, i) & where);
            LimbOf(ref sum, i) = (x & mask) + carry;
            carry = x >> LimbBits;
        }

        sum._l13 = a._l13 + (b._l13 & where) + carry;
    }

    /// <summary>a with the upper half negated, for a below 8p; reduced.</summary>
    public static void NegateUpper(in FpLanes a, out FpLanes result)
    {
        Select(a, Zero, LowerHalf, out FpLanes lower);
        Select(Zero, a, LowerHalf, out FpLanes upper);
        AddSigned(lower, upper, ~LowerHalf, EightP, 8, out result);
        Reduce(result, out result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref Vector256<ulong> LimbOf(ref FpLanes a, int index) => ref Unsafe.Add(ref a._l0, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Limb(in FpLanes a, int index) => Unsafe.Add(ref Unsafe.AsRef(in a._l0), index);
}
