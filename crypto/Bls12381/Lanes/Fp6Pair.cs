using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>Two elements c0 + c1·v + c2·v² of Fp6 = Fp2[v]/(v³ - ξ) side by side: one in the lower halves, one in the upper ones. All operations are constant-time.</summary>
[SkipLocalsInit]
internal struct Fp6Pair
{
    /// <summary>The parts without v.</summary>
    public FpLanes C0;

    /// <summary>The factors of v.</summary>
    public FpLanes C1;

    /// <summary>The factors of v².</summary>
    public FpLanes C2;

    /// <summary>Both products, by Karatsuba's six products in Fp2; reduced. For carried operands below 20p.</summary>
    public static void Multiply(in Fp6Pair a, in Fp6Pair b, out Fp6Pair product)
    {
        Unsafe.SkipInit(out product);
        FpLanes.MultiplyComplex(a.C0, b.C0, out FpLanes v0);
        FpLanes.MultiplyComplex(a.C1, b.C1, out FpLanes v1);
        FpLanes.MultiplyComplex(a.C2, b.C2, out FpLanes v2);
        Cross(a.C1, a.C2, b.C1, b.C2, v1, v2, out FpLanes cross12);
        Cross(a.C0, a.C1, b.C0, b.C1, v0, v1, out FpLanes cross01);
        Cross(a.C0, a.C2, b.C0, b.C2, v0, v2, out FpLanes cross02);

        FpLanes.MultiplyByNonResidue(cross12, out cross12);
        FpLanes.Add(cross12, v0, out cross12);
        FpLanes.Reduce(cross12, out product.C0);
        FpLanes.MultiplyByNonResidue(v2, out v2);
        FpLanes.Add(cross01, v2, out cross01);
        FpLanes.Reduce(cross01, out product.C1);
        FpLanes.Add(cross02, v1, out cross02);
        FpLanes.Reduce(cross02, out product.C2);
    }

    /// <summary>(a0 + a1)(b0 + b1) - v0 - v1 = a0·b1 + a1·b0.</summary>
    public static void Cross(in FpLanes a0, in FpLanes a1, in FpLanes b0, in FpLanes b1, in FpLanes v0, in FpLanes v1, out FpLanes cross)
    {
        FpLanes.Add(a0, a1, out FpLanes a);
        FpLanes.Add(b0, b1, out FpLanes b);
        FpLanes.MultiplyComplex(a, b, out FpLanes product);
        FpLanes.Add(v0, v1, out FpLanes known);
        FpLanes.Subtract(product, known, out cross);
    }
}
