using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>
/// The heavy operations of the curve by a native blst library: secret multiplication, hashing, roots and subgroup checks of decoding, sums of multiples, products of pairings. The same results
/// as the managed ones, bit for bit. Thread-safe.
/// </summary>
/// <remarks>Points cross as coordinates, at the price of one field multiplication each. What held a secret here is erased; what the library held is its own affair.</remarks>
internal sealed unsafe class BlstArithmetic(BlstLibrary library)
{
    /// <summary>The operations of G1.</summary>
    public BlstGroup<G1Point, Fp, G1Curve, FpCodec, BlstFp> G1 { get; } = new(library.G1);

    /// <summary>The operations of G2.</summary>
    public BlstGroup<G2Point, Fp2, G2Curve, Fp2Codec, BlstFp2> G2 { get; } = new(library.G2);

    /// <summary>Whether Π e(p_i, q_i) = 1. True for no pairs.</summary>
    /// <param name="p">Points of G1.</param>
    /// <param name="q">As many points of G2.</param>
    public bool ProductIsOne(ReadOnlySpan<G1Point> p, ReadOnlySpan<G2Point> q)
    {
        ulong* context = stackalloc ulong[(library.PairingBytes + sizeof(ulong) - 1) / sizeof(ulong)];
        library.PairingInit(context, 0, null, 0);
        int pairs = 0;
        for (int i = 0; i < p.Length; i++)
        {
            if (!p[i].IsIdentity && !q[i].IsIdentity)
            {
                BlstAffine<BlstFp> left = G1.Affine(p[i].Coordinates);
                BlstAffine<BlstFp2> right = G2.Affine(q[i].Coordinates);
                library.PairingAggregate(context, &right, &left);
                pairs++;
            }
        }

        if (pairs == 0)
        {
            return true;
        }

        ulong* result = stackalloc ulong[BlstLibrary.Fp12Bytes / sizeof(ulong)];
        library.FinalExponentiation(result, library.PairingProduct(context));
        return library.IsOne(result) != 0;
    }

    /// <summary>Whether the library's generators lie in memory as ours would.</summary>
    public bool SharesLayout() => G1.SharesLayout() && G2.SharesLayout();
}
