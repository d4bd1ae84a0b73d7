using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>The other Montgomery form, which libraries with a carry flag use: R = 2^384, six words of 64 bits, least significant first, below p.</summary>
internal partial struct Fp
{
    /// <summary>Words of the other form.</summary>
    public const int Words = 6;

    /// <summary>2^384 mod p: a product with it goes from R = 2^392 to R = 2^384.</summary>
    private static readonly Fp IntoWords = FromLimbs(
        0x0900000002fffd, 0x000bc40c000276, 0x5753c758baebf4, 0x705257455f4898, 0x56ec6d77ce5853, 0xe4935c071a97a2, 0x0015f65ec3fa80);

    /// <summary>2^400 mod p: a product with it goes back.</summary>
    private static readonly Fp FromWordsFactor = FromLimbs(
        0x350003480e6299, 0xdeb2699eb12856, 0x4ef6697c988670, 0xa4e6fe970983e8, 0xecf271e3e8a053, 0x6eb6385c20d323, 0x00156da47f1286);

    /// <summary>Writes the other form. Constant-time.</summary>
    /// <param name="a">Below 64p.</param>
    /// <param name="words">Receives <see cref="Words"/> words.</param>
    public static void WriteWords(in Fp a, Span<ulong> words)
    {
        Debug.Assert(words.Length == Words);
        Multiply(a, IntoWords, out Fp product);
        Canonicalise(product, out Fp c);
        words[0] = c._l0 | (c._l1 << 56);
        words[1] = (c._l1 >> 8) | (c._l2 << 48);
        words[2] = (c._l2 >> 16) | (c._l3 << 40);
        words[3] = (c._l3 >> 24) | (c._l4 << 32);
        words[4] = (c._l4 >> 32) | (c._l5 << 24);
        words[5] = (c._l5 >> 40) | (c._l6 << 16);
    }

    /// <summary>Reads the other form. Constant-time.</summary>
    /// <param name="words"><see cref="Words"/> words; whatever they hold, the value is an element of the field.</param>
    /// <param name="value">The value, tight.</param>
    public static void ReadWords(ReadOnlySpan<ulong> words, out Fp value)
    {
        Debug.Assert(words.Length == Words);
        Unsafe.SkipInit(out Fp limbs);
        limbs._l0 = words[0] & LimbMask;
        limbs._l1 = ((words[0] >> 56) | (words[1] << 8)) & LimbMask;
        limbs._l2 = ((words[1] >> 48) | (words[2] << 16)) & LimbMask;
        limbs._l3 = ((words[2] >> 40) | (words[3] << 24)) & LimbMask;
        limbs._l4 = ((words[3] >> 32) | (words[4] << 32)) & LimbMask;
        limbs._l5 = ((words[4] >> 24) | (words[5] << 40)) & LimbMask;
        limbs._l6 = words[5] >> 16;
        // Six full words hold less than 16p.
        MarkBelow(ref limbs, 16);
        Multiply(limbs, FromWordsFactor, out value);
    }
}
