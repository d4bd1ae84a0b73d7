using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>
/// An element of the base field of BLS12-381, p = 0x1a0111ea…aaab (381 bits), in Montgomery form with R = 2^392: seven limbs of 56 bits in 64-bit words.
/// </summary>
/// <remarks>
/// <para>Why 56 bits: .NET has no add-with-carry, so each carry of a form with full words costs several instructions. Here eight bits of every
/// word are free, products are summed up without any carry, and a sum of two elements is seven plain additions.</para>
/// <para>The price is that bounds must be known. R is 2520·p, so a product of values below αp and βp comes out below (1 + αβ/2520)·p. A value is
/// <em>tight</em> below 3p with limbs below 2^56; products, <see cref="Reduce"/> and the decoders give tight values, and what is stored is tight.
/// A sum has the sum of the bounds; a difference adds 8p or 64p. Debug builds carry the worst-case bound of each element along
/// (Fp.Bounds.cs) and assert it in every operation: as no operation branches on a value, one run through a formula proves its bounds for all values.</para>
/// <para>Every operation here runs in constant time: no branch and no address depends on a value, only on which operation it is.</para>
/// </remarks>
internal partial struct Fp : IField<Fp>
{
    /// <summary>Length of the encoding in bytes, big-endian.</summary>
    public const int Bytes = 48;

    private const int Limbs = 7;
    private const int LimbBits = 56;
    private const ulong LimbMask = (1UL << LimbBits) - 1;

    private const ulong P0 = 0xfeffffffffaaab;
    private const ulong P1 = 0xfffeb153ffffb9;
    private const ulong P2 = 0xa0f6b0f6241eab;
    private const ulong P3 = 0xf38512bf6730d2;
    private const ulong P4 = 0x4bacd764774b84;
    private const ulong P5 = 0xe69a4b1ba7b643;
    private const ulong P6 = 0x1a0111ea397f;

    /// <summary>-1/p mod 2^56.</summary>
    private const ulong NegativeInverseOfP = 0xf3fffcfffcfffd;

    /// <summary>⌊2^66 / (P6 + 1)⌋: estimates a quotient by p from the top limb.</summary>
    private const ulong QuotientFactor = 0x2760d7;

    private ulong _l0;
    private ulong _l1;
    private ulong _l2;
    private ulong _l3;
    private ulong _l4;
    private ulong _l5;
    private ulong _l6;

#if DEBUG
    /// <summary>The value is below this many p, whatever the inputs were.</summary>
    private double _valueBound;

    /// <summary>Each limb is at most this many times 2^56.</summary>
    private double _limbBound;
#endif

    private static readonly Fp OneInMontgomeryForm = FromLimbs(
        0xd800000347fcb8, 0x0cde6d2002b119, 0x83a2090c7212e0, 0xda0f73e037669f, 0x1297bb09b09b42, 0x012ca7c515d98f, 0x0577a659fcfa);

    /// <summary>R² mod p: multiplication by it brings a number into Montgomery form.</summary>
    private static readonly Fp RSquared = FromLimbs(
        0x6d1c34510370ed, 0xec45c53e243d62, 0x093317d3b1d65a, 0x5d74088b4f36a0, 0x865d118c10ea72, 0xfd5cd507320a75, 0x0c8d4cc8a759);

    /// <summary>1 outside Montgomery form: multiplication by it leaves the form.</summary>
    private static readonly Fp PlainOne = FromLimbs(1, 0, 0, 0, 0, 0, 0);

    /// <inheritdoc/>
    public static ref readonly Fp One => ref OneInMontgomeryForm;

    private static Fp FromLimbs(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4, ulong l5, ulong l6)
    {
        var value = new Fp { _l0 = l0, _l1 = l1, _l2 = l2, _l3 = l3, _l4 = l4, _l5 = l5, _l6 = l6 };
        MarkTight(ref value);
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(in Fp a, in Fp b, out Fp sum)
    {
        Unsafe.SkipInit(out sum);
        CheckSum(a, b, ref sum);
        sum._l0 = a._l0 + b._l0;
        sum._l1 = a._l1 + b._l1;
        sum._l2 = a._l2 + b._l2;
        sum._l3 = a._l3 + b._l3;
        sum._l4 = a._l4 + b._l4;
        sum._l5 = a._l5 + b._l5;
        sum._l6 = a._l6 + b._l6;
    }

    /// <inheritdoc/>
    public static void Subtract(in Fp a, in Fp b, out Fp difference)
    {
        Unsafe.SkipInit(out difference);
        CheckDifference(a, b, 8, ref difference);
        // 8p, so that the total is positive; single limbs may be negative until the carries are through.
        long c = (long)(a._l0 - b._l0 + 0xf7fffffffd5558);
        difference._l0 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l1 - b._l1 + 0xfff58a9ffffdcf);
        difference._l1 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l2 - b._l2 + 0x07b587b120f55f);
        difference._l2 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l3 - b._l3 + 0x9c2895fb398695);
        difference._l3 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l4 - b._l4 + 0x5d66bb23ba5c27);
        difference._l4 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l5 - b._l5 + 0x34d258dd3db21a);
        difference._l5 = (ulong)c & LimbMask;
        difference._l6 = (ulong)((c >> LimbBits) + (long)(a._l6 - b._l6 + 0xd0088f51cbff));
    }

    /// <inheritdoc/>
    public static void SubtractWide(in Fp a, in Fp b, out Fp difference)
    {
        Unsafe.SkipInit(out difference);
        CheckDifference(a, b, 64, ref difference);
        long c = (long)(a._l0 - b._l0 + 0xbfffffffeaaac0);
        difference._l0 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l1 - b._l1 + 0xffac54ffffee7f);
        difference._l1 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l2 - b._l2 + 0x3dac3d8907aaff);
        difference._l2 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l3 - b._l3 + 0xe144afd9cc34a8);
        difference._l3 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l4 - b._l4 + 0xeb35d91dd2e13c);
        difference._l4 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l5 - b._l5 + 0xa692c6e9ed90d2);
        difference._l5 = (ulong)c & LimbMask;
        difference._l6 = (ulong)((c >> LimbBits) + (long)(a._l6 - b._l6 + 0x680447a8e5ff9));
    }

    /// <inheritdoc/>
    public static void Negate(in Fp a, out Fp negative) => Subtract(default, a, out negative);

    /// <inheritdoc/>
    public static void Reduce(in Fp a, out Fp tight)
    {
        Unsafe.SkipInit(out tight);
        CheckReduce(a, ref tight);
        // Never above the true quotient and at most one below it, by less than 2^-9 p in all: the rest is below 1.01 p.
        ulong quotient = ((a._l6 >> 28) * QuotientFactor) >> 38;
        long c = (long)(a._l0 - (quotient * P0));
        tight._l0 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l1 - (quotient * P1));
        tight._l1 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l2 - (quotient * P2));
        tight._l2 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l3 - (quotient * P3));
        tight._l3 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l4 - (quotient * P4));
        tight._l4 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(a._l5 - (quotient * P5));
        tight._l5 = (ulong)c & LimbMask;
        tight._l6 = (ulong)((c >> LimbBits) + (long)(a._l6 - (quotient * P6)));
    }

    /// <summary>The one representative in [0, p), still in the form it is in.</summary>
    private static void Canonicalise(in Fp a, out Fp canonical)
    {
        Reduce(a, out Fp tight);
        canonical = tight;
        // tight - p: the sign of the last carry says whether to keep it.
        long c = (long)(tight._l0 - P0);
        ulong d0 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l1 - P1);
        ulong d1 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l2 - P2);
        ulong d2 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l3 - P3);
        ulong d3 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l4 - P4);
        ulong d4 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l5 - P5);
        ulong d5 = (ulong)c & LimbMask;
        c = (c >> LimbBits) + (long)(tight._l6 - P6);
        ulong keep = ~(ulong)(c >> 63);
        canonical._l0 ^= (canonical._l0 ^ d0) & keep;
        canonical._l1 ^= (canonical._l1 ^ d1) & keep;
        canonical._l2 ^= (canonical._l2 ^ d2) & keep;
        canonical._l3 ^= (canonical._l3 ^ d3) & keep;
        canonical._l4 ^= (canonical._l4 ^ d4) & keep;
        canonical._l5 ^= (canonical._l5 ^ d5) & keep;
        canonical._l6 ^= (canonical._l6 ^ (ulong)c) & keep;
    }

    /// <inheritdoc/>
    public static void Assign(ref Fp target, in Fp source, ulong mask)
    {
        CheckAssign(ref target, source);
        target._l0 ^= (target._l0 ^ source._l0) & mask;
        target._l1 ^= (target._l1 ^ source._l1) & mask;
        target._l2 ^= (target._l2 ^ source._l2) & mask;
        target._l3 ^= (target._l3 ^ source._l3) & mask;
        target._l4 ^= (target._l4 ^ source._l4) & mask;
        target._l5 ^= (target._l5 ^ source._l5) & mask;
        target._l6 ^= (target._l6 ^ source._l6) & mask;
    }

    /// <inheritdoc/>
    public static ulong ZeroMask(in Fp a)
    {
        Canonicalise(a, out Fp c);
        ulong any = c._l0 | c._l1 | c._l2 | c._l3 | c._l4 | c._l5 | c._l6;
        return ConstantTime.ZeroMask(any);
    }

    /// <summary>All ones when a = b, else 0, for b below 64p.</summary>
    public static ulong EqualMask(in Fp a, in Fp b)
    {
        SubtractWide(a, b, out Fp difference);
        return ZeroMask(difference);
    }

    /// <summary>All ones when the canonical number is odd: sgn0 of RFC 9380 §4.1.</summary>
    public static ulong OddMask(in Fp a)
    {
        ToPlain(a, out Fp plain);
        return 0 - (plain._l0 & 1);
    }

    /// <summary>All ones when the canonical number exceeds (p-1)/2: the sign bit of the point encodings.</summary>
    public static ulong LargerHalfMask(in Fp a)
    {
        // Larger than (p-1)/2 exactly when 2a, taken below p, has wrapped around the odd p: when it is odd.
        Add(a, a, out Fp twice);
        return OddMask(twice);
    }

    /// <summary>The canonical number outside Montgomery form.</summary>
    private static void ToPlain(in Fp a, out Fp plain)
    {
        Multiply(a, PlainOne, out Fp product);
        Canonicalise(product, out plain);
    }

    /// <summary>Writes 48 bytes, big-endian.</summary>
    public static void Write(in Fp a, Span<byte> destination)
    {
        ToPlain(a, out Fp plain);
        for (int i = 0; i < Limbs; i++)
        {
            ulong limb = Unsafe.Add(ref plain._l0, i);
            for (int j = 0; j < LimbBits / 8 && (7 * i) + j < Bytes; j++)
            {
                destination[Bytes - 1 - (7 * i) - j] = (byte)(limb >> (8 * j));
            }
        }
    }

    /// <summary>Reads 48 bytes, big-endian, with the top bits in <paramref name="flagBits"/> left out. False, and zero, when the number is not below p.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, byte flagBits, out Fp value)
    {
        Debug.Assert(source.Length == Bytes);
        var plain = default(Fp);
        for (int i = 0; i < Bytes; i++)
        {
            byte one = source[Bytes - 1 - i];
            if (i == Bytes - 1)
            {
                one = (byte)(one & ~flagBits);
            }

            Unsafe.Add(ref plain._l0, i / 7) |= (ulong)one << (8 * (i % 7));
        }

        MarkBelow(ref plain, 16);
        Canonicalise(plain, out Fp canonical);
        bool below = plain._l0 == canonical._l0 && plain._l1 == canonical._l1 && plain._l2 == canonical._l2 && plain._l3 == canonical._l3
            && plain._l4 == canonical._l4 && plain._l5 == canonical._l5 && plain._l6 == canonical._l6;
        if (!below)
        {
            value = default;
            return false;
        }

        Multiply(canonical, RSquared, out value);
        return true;
    }

    /// <summary>Reads 64 bytes, big-endian, and reduces: hash_to_field of RFC 9380 §5.2 with L = 64.</summary>
    public static void ReadWide(ReadOnlySpan<byte> source, out Fp value)
    {
        Debug.Assert(source.Length == 64);
        var high = default(Fp);
        var low = default(Fp);
        for (int i = 0; i < 32; i++)
        {
            Unsafe.Add(ref low._l0, i / 7) |= (ulong)source[63 - i] << (8 * (i % 7));
            Unsafe.Add(ref high._l0, i / 7) |= (ulong)source[31 - i] << (8 * (i % 7));
        }

        MarkTight(ref high);
        MarkTight(ref low);
        Multiply(high, FieldConstants.TwoTo256, out high);
        Add(high, low, out low);
        Multiply(low, RSquared, out value);
    }

    /// <summary>A constant from its hexadecimal digits, as the standards print it.</summary>
    /// <exception cref="FormatException">Not a number below p: a bug in this library.</exception>
    public static Fp FromHex(string digits)
    {
        byte[] bytes = Convert.FromHexString(digits.PadLeft(2 * Bytes, '0'));
        return TryRead(bytes, 0, out Fp value) ? value : throw new FormatException($"The constant 0x{digits} is not below p.");
    }

    /// <summary>A small number.</summary>
    public static Fp FromInteger(uint number) => FromHex(number.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
}
