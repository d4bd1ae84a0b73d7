using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>Inversion by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019), in the variant that starts at δ = 1/2.</summary>
/// <remarks>
/// <para>A step takes (δ, f, g) with f odd to (1 - δ, g, (g - f)/2) if δ &gt; 0 and g is odd, else to (1 + δ, f, (g + (g mod 2)·f)/2). From f = p and any g in [0, p), ⌊(45907·381 + 26313)/19929⌋ =
/// 878 steps bring g to 0 and f to ±1, the greatest common divisor (the convex-hull bound of that variant, Wuille 2021). 62 steps depend on the lowest 62 bits only and are collected
/// in a matrix, which is then applied to f and g, and modulo p to the numbers d and e with f = d·a, g = e·a.</para>
/// <para>Constant-time: the same steps for every element, decisions as masks.</para>
/// </remarks>
internal partial struct Fp
{
    /// <summary>62 steps a batch; 15 batches are 930.</summary>
    private const int Batches = 15;

    private const int WordBits = 62;
    private const int WordCount = 7;
    private const long WordMask = (1L << WordBits) - 1;

    /// <summary>1/p mod 2^62.</summary>
    private const long InverseOfP = 0x360c000300030003;

    /// <summary>p in words of 62 bits.</summary>
    private static ReadOnlySpan<long> ModulusWords => [0x39feffffffffaaab, 0x3aaffffac54ffffe, 0x330d2a0f6b0f6241, 0x1dd2e13ce144afd9, 0x1ba7b6434bacd764, 0x447a8e5ff9a692c, 0x1a0];

    /// <summary>R³ mod p: from the inverse of a·R to R times the inverse of a.</summary>
    private static readonly Fp RCubed = FromLimbs(
        0x294cc4d1f7b890, 0xb5ba56c9f3af22, 0xc0d975ccb5c0cc, 0x6c968b4c89a8c5, 0x91de8c922672ea, 0x84977c835652a6, 0x00141ab424bbb9);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public static void Invert(in Fp a, out Fp inverse)
    {
        Canonicalise(a, out Fp canonical);
        Span<long> numbers = stackalloc long[4 * WordCount];
        numbers.Clear();
        Span<long> f = numbers[..WordCount], g = numbers.Slice(WordCount, WordCount), d = numbers.Slice(2 * WordCount, WordCount), e = numbers[(3 * WordCount)..];
        ModulusWords.CopyTo(f);
        SplitIntoWords(canonical, g);
        e[0] = 1;
        long delta = 0;
        for (int i = 0; i < Batches; i++)
        {
            Steps(ref delta, f[0], g[0], out StepMatrix matrix);
            Apply(matrix, f, g);
            ApplyModuloP(matrix, d, e);
        }

        // f is 1 or -1, or p for a = 0, where d stayed 0. d lies above -2p and below p.
        long negative = f[WordCount - 1] >> 63;
        AddWhere(d, d[WordCount - 1] >> 63);
        NegateWhere(d, negative);
        AddWhere(d, d[WordCount - 1] >> 63);
        JoinWords(d, out Fp result);
        Multiply(result, RCubed, out inverse);
        MemoryMarshal.AsBytes(numbers).Clear();
    }

    /// <summary>The product of a batch of steps, times 2^62: it takes (f, g) to (u·f + v·g, q·f + r·g).</summary>
    private struct StepMatrix
    {
        public long U;
        public long V;
        public long Q;
        public long R;
    }

    /// <summary>62 steps on the lowest bits of f and g. δ is kept as the whole number δ - 1/2.</summary>
    private static void Steps(ref long delta, long f, long g, out StepMatrix matrix)
    {
        long u = 1, v = 0, q = 0, r = 1, d = delta;
        for (int i = 0; i < WordBits; i++)
        {
            long odd = 0 - (g & 1);
            long swap = odd & ~(d >> 63);
            d = (d ^ swap) + 1;
            long newF = f ^ ((f ^ g) & swap), newU = u ^ ((u ^ q) & swap), newV = v ^ ((v ^ r) & swap);
            g = (g + (((f ^ swap) - swap) & odd)) >> 1;
            q += ((u ^ swap) - swap) & odd;
            r += ((v ^ swap) - swap) & odd;
            f = newF;
            u = newU << 1;
            v = newV << 1;
        }

        delta = d;
        matrix.U = u;
        matrix.V = v;
        matrix.Q = q;
        matrix.R = r;
    }

    /// <summary>(f, g) := matrix·(f, g)/2^62, which is exact.</summary>
    private static void Apply(in StepMatrix matrix, Span<long> f, Span<long> g)
    {
        long u = matrix.U, v = matrix.V, q = matrix.Q, r = matrix.R;
        DoubleWord left = default, right = default;
        for (int i = 0; i < WordCount; i++)
        {
            long one = f[i], other = g[i];
            left.AddProduct(u, one);
            left.AddProduct(v, other);
            right.AddProduct(q, one);
            right.AddProduct(r, other);
            if (i > 0)
            {
                f[i - 1] = left.LowBits;
                g[i - 1] = right.LowBits;
            }

            left.Shift();
            right.Shift();
        }

        f[WordCount - 1] = left.LowWord;
        g[WordCount - 1] = right.LowWord;
    }

    /// <summary>(d, e) := matrix·(d, e)/2^62 modulo p, between -2p and p again.</summary>
    private static void ApplyModuloP(in StepMatrix matrix, Span<long> d, Span<long> e)
    {
        long u = matrix.U, v = matrix.V, q = matrix.Q, r = matrix.R;
        // A negative number gets p first, so that both lie between -p and p; then what makes the lowest 62 bits zero is subtracted, less than 2^62 times p.
        long negativeD = d[WordCount - 1] >> 63, negativeE = e[WordCount - 1] >> 63;
        long multipleD = (u & negativeD) + (v & negativeE), multipleE = (q & negativeD) + (r & negativeE);
        multipleD -= ((InverseOfP * ((u * d[0]) + (v * e[0]))) + multipleD) & WordMask;
        multipleE -= ((InverseOfP * ((q * d[0]) + (r * e[0]))) + multipleE) & WordMask;
        DoubleWord left = default, right = default;
        for (int i = 0; i < WordCount; i++)
        {
            long one = d[i], other = e[i], modulus = ModulusWords[i];
            left.AddProduct(u, one);
            left.AddProduct(v, other);
            left.AddProduct(multipleD, modulus);
            right.AddProduct(q, one);
            right.AddProduct(r, other);
            right.AddProduct(multipleE, modulus);
            if (i > 0)
            {
                d[i - 1] = left.LowBits;
                e[i - 1] = right.LowBits;
            }

            left.Shift();
            right.Shift();
        }

        d[WordCount - 1] = left.LowWord;
        e[WordCount - 1] = right.LowWord;
    }

    /// <summary>number + p where the mask is all ones.</summary>
    private static void AddWhere(Span<long> number, long mask)
    {
        long carry = 0;
        for (int i = 0; i < WordCount - 1; i++)
        {
            carry += number[i] + (ModulusWords[i] & mask);
            number[i] = carry & WordMask;
            carry >>= WordBits;
        }

        number[WordCount - 1] += (ModulusWords[WordCount - 1] & mask) + carry;
    }

    /// <summary>-number where the mask is all ones.</summary>
    private static void NegateWhere(Span<long> number, long mask)
    {
        long carry = 0;
        for (int i = 0; i < WordCount - 1; i++)
        {
            carry += (number[i] ^ mask) - mask;
            number[i] = carry & WordMask;
            carry >>= WordBits;
        }

        number[WordCount - 1] = ((number[WordCount - 1] ^ mask) - mask) + carry;
    }

    /// <summary>A canonical number in words of 62 bits.</summary>
    private static void SplitIntoWords(in Fp a, Span<long> words)
    {
        // Word i starts 6i bits into limb i.
        for (int i = 0; i < WordCount; i++)
        {
            ulong high = i + 1 < Limbs ? Limb(a, i + 1) : 0;
            words[i] = (long)(((Limb(a, i) >> (6 * i)) | (high << (LimbBits - (6 * i)))) & (ulong)WordMask);
        }
    }

    /// <summary>The limbs of a number in [0, p).</summary>
    private static void JoinWords(ReadOnlySpan<long> words, out Fp a)
    {
        Unsafe.SkipInit(out a);
        MarkTight(ref a);
        for (int i = 0; i < Limbs; i++)
        {
            ulong low = i > 0 ? (ulong)words[i - 1] >> (WordBits - (6 * i)) : 0;
            LimbOf(ref a, i) = (low | ((ulong)words[i] << (6 * i))) & LimbMask;
        }
    }

    /// <summary>A sum of products of 128 bits.</summary>
    private struct DoubleWord
    {
        private ulong _low;
        private long _high;

        /// <summary>The lowest 62 bits.</summary>
        public readonly long LowBits => (long)_low & WordMask;

        /// <summary>The lowest 64 bits.</summary>
        public readonly long LowWord => (long)_low;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddProduct(long a, long b)
        {
            long high = Math.BigMul(a, b, out long product);
            ulong low = (ulong)product, sum = _low + low;
            _high += high + (long)(((low & _low) | ((low | _low) & ~sum)) >> 63);
            _low = sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Shift()
        {
            _low = (_low >> WordBits) | ((ulong)_high << (64 - WordBits));
            _high >>= WordBits;
        }
    }
}
