using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Bls12381;

/// <summary>The optimal ate pairing e: G1 × G2 → GT of BLS12-381 (Vercauteren 2010), as a check of products: that is all that signatures need.</summary>
/// <remarks>
/// One Miller loop for all pairs shares the squarings in Fp12, and one final exponentiation ends it. Constant-time for given numbers of pairs, up to pairs with an
/// identity, which are left out. The final exponent is three times the usual (p¹²-1)/r, as in other libraries (Hayashida, Hayasaka and Teruya 2020).
/// </remarks>
public static class Pairing
{
    /// <summary>Whether Π e(p_i, q_i) = 1. True for no pairs.</summary>
    /// <param name="p">Points of G1.</param>
    /// <param name="q">As many points of G2.</param>
    /// <exception cref="ArgumentException">There are not as many points of the one group as of the other.</exception>
    public static bool ProductIsOne(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q)
    {
        if (BlsBackend.Native is { } native && p.Length == q.Length)
        {
            return native.ProductIsOne(p, q);
        }

        return ProductIsOneManaged(p, q);
    }

    /// <summary>The same by the managed code, whatever the backend.</summary>
    internal static bool ProductIsOneManaged(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q)
    {
        Product(p, q, out Fp12 product);
        return Fp12.AreEqual(product, Fp12.One);
    }

    /// <summary>Π e(p_i, q_i)³, in the sense of the remarks on <see cref="Pairing"/>.</summary>
    internal static void Product(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q, out Fp12 product)
    {
        Miller(p, q, out Fp12 miller);
        FinalExponentiation.Raise(miller, out product);
    }

    /// <summary>The same before the final exponentiation.</summary>
    [SkipLocalsInit]
    internal static void Miller(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q, out Fp12 miller)
    {
        if (p.Length != q.Length)
        {
            throw new ArgumentException($"{p.Length} points of G1 need as many of G2, there are {q.Length}.", nameof(q));
        }

        miller = Fp12.One;
        Span<MillerLoop.Pair> pairs = stackalloc MillerLoop.Pair[MillerLoop.PairsPerLoop];
        int used = 0;
        for (int i = 0; i < p.Length; i++)
        {
            if (p[i].IsIdentity || q[i].IsIdentity)
            {
                continue;
            }

            pairs[used++] = MillerLoop.Pair.Of(p[i].Coordinates, q[i].Coordinates);
            if (used == MillerLoop.PairsPerLoop)
            {
                MillerLoop.MultiplyInto(ref miller, pairs);
                used = 0;
            }
        }

        if (used > 0)
        {
            MillerLoop.MultiplyInto(ref miller, pairs[..used]);
        }
    }
}
