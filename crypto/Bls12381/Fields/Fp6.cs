using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>An element c0 + c1·v + c2·v² of Fp6 = Fp2[v]/(v³ - ξ), ξ = 1 + u. Products are tight; sums are not. All operations are constant-time.</summary>
internal struct Fp6
{
    /// <summary>The part without v.</summary>
    public Fp2 C0;

    /// <summary>The factor of v.</summary>
    public Fp2 C1;

    /// <summary>The factor of v².</summary>
    public Fp2 C2;

    /// <summary>a + b, limb by limb.</summary>
    public static void Add(in Fp6 a, in Fp6 b, out Fp6 sum)
    {
        Unsafe.SkipInit(out sum);
        Fp2.Add(a.C0, b.C0, out sum.C0);
        Fp2.Add(a.C1, b.C1, out sum.C1);
        Fp2.Add(a.C2, b.C2, out sum.C2);
    }

    /// <summary>a - b for b below 8p.</summary>
    public static void Subtract(in Fp6 a, in Fp6 b, out Fp6 difference)
    {
        Unsafe.SkipInit(out difference);
        Fp2.Subtract(a.C0, b.C0, out difference.C0);
        Fp2.Subtract(a.C1, b.C1, out difference.C1);
        Fp2.Subtract(a.C2, b.C2, out difference.C2);
    }

    /// <summary>The same, tight.</summary>
    public static void Reduce(in Fp6 a, out Fp6 tight)
    {
        Unsafe.SkipInit(out tight);
        Fp2.Reduce(a.C0, out tight.C0);
        Fp2.Reduce(a.C1, out tight.C1);
        Fp2.Reduce(a.C2, out tight.C2);
    }

    /// <summary>a·b by Karatsuba's six products, tight, for operands below 6p with limbs below 2^57.</summary>
    [SkipLocalsInit]
    public static void Multiply(in Fp6 a, in Fp6 b, out Fp6 product)
    {
        Unsafe.SkipInit(out product);
        Fp2.Multiply(a.C0, b.C0, out Fp2 v0);
        Fp2.Multiply(a.C1, b.C1, out Fp2 v1);
        Fp2.Multiply(a.C2, b.C2, out Fp2 v2);
        KaratsubaCross(a.C1, a.C2, b.C1, b.C2, v1, v2, out Fp2 cross12);
        KaratsubaCross(a.C0, a.C1, b.C0, b.C1, v0, v1, out Fp2 cross01);
        KaratsubaCross(a.C0, a.C2, b.C0, b.C2, v0, v2, out Fp2 cross02);

        Fp2.MultiplyByNonResidue(cross12, out cross12);
        Fp2.Add(cross12, v0, out cross12);
        Fp2.Reduce(cross12, out product.C0);
        Fp2.MultiplyByNonResidue(v2, out v2);
        Fp2.Add(cross01, v2, out cross01);
        Fp2.Reduce(cross01, out product.C1);
        Fp2.Add(cross02, v1, out cross02);
        Fp2.Reduce(cross02, out product.C2);
    }

    /// <summary>(a0 + a1)(b0 + b1) - v0 - v1 = a0·b1 + a1·b0. Below 11p.</summary>
    [SkipLocalsInit]
    private static void KaratsubaCross(in Fp2 a0, in Fp2 a1, in Fp2 b0, in Fp2 b1, in Fp2 v0, in Fp2 v1, out Fp2 cross)
    {
        Fp2.Add(a0, a1, out Fp2 a);
        Fp2.Add(b0, b1, out Fp2 b);
        Fp2.Multiply(a, b, out Fp2 product);
        Fp2.Add(v0, v1, out Fp2 known);
        Fp2.Subtract(product, known, out cross);
    }

    /// <summary>a·(b0 + b1·v), tight: five products.</summary>
    [SkipLocalsInit]
    public static void MultiplyBy01(in Fp6 a, in Fp2 b0, in Fp2 b1, out Fp6 product)
    {
        Unsafe.SkipInit(out product);
        Fp2.Multiply(a.C0, b0, out Fp2 v0);
        Fp2.Multiply(a.C1, b1, out Fp2 v1);
        KaratsubaCross(a.C0, a.C1, b0, b1, v0, v1, out Fp2 cross);
        Fp2.Multiply(a.C2, b1, out Fp2 high);
        Fp2.Multiply(a.C2, b0, out Fp2 low);
        Fp2.MultiplyByNonResidue(high, out high);
        Fp2.Add(high, v0, out high);
        Fp2.Reduce(high, out product.C0);
        Fp2.Reduce(cross, out product.C1);
        Fp2.Add(low, v1, out low);
        Fp2.Reduce(low, out product.C2);
    }

    /// <summary>a·b1·v, tight: three products.</summary>
    [SkipLocalsInit]
    public static void MultiplyBy1(in Fp6 a, in Fp2 b1, out Fp6 product)
    {
        Unsafe.SkipInit(out product);
        Fp2.Multiply(a.C2, b1, out Fp2 high);
        Fp2.Multiply(a.C1, b1, out Fp2 middle);
        Fp2.Multiply(a.C0, b1, out product.C1);
        product.C2 = middle;
        Fp2.MultiplyByNonResidue(high, out high);
        Fp2.Reduce(high, out product.C0);
    }

    /// <summary>a·v: a turn of the parts, one of them times ξ. Not tight.</summary>
    public static void MultiplyByV(in Fp6 a, out Fp6 product)
    {
        Fp2.MultiplyByNonResidue(a.C2, out Fp2 c0);
        Fp2 c1 = a.C0;
        Fp2 c2 = a.C1;
        product.C0 = c0;
        product.C1 = c1;
        product.C2 = c2;
    }

    /// <summary>1/a, and 0 for 0 (Beuchat et al. 2010, algorithm 17).</summary>
    [SkipLocalsInit]
    public static void Invert(in Fp6 a, out Fp6 inverse)
    {
        Unsafe.SkipInit(out inverse);
        Fp2.Square(a.C0, out Fp2 t0);
        Fp2.Multiply(a.C1, a.C2, out Fp2 t1);
        Fp2.MultiplyByNonResidue(t1, out t1);
        Fp2.Reduce(t1, out t1);
        Fp2.Subtract(t0, t1, out t0);
        Fp2.Reduce(t0, out t0);

        Fp2.Square(a.C2, out Fp2 t2);
        Fp2.MultiplyByNonResidue(t2, out t2);
        Fp2.Multiply(a.C0, a.C1, out t1);
        Fp2.Subtract(t2, t1, out t2);
        Fp2.Reduce(t2, out t2);

        Fp2.Square(a.C1, out Fp2 t3);
        Fp2.Multiply(a.C0, a.C2, out t1);
        Fp2.Subtract(t3, t1, out t3);

        Fp2.SumOfProducts(a.C1, t3, a.C2, t2, out Fp2 norm);
        Fp2.MultiplyByNonResidue(norm, out norm);
        Fp2.Multiply(a.C0, t0, out t1);
        Fp2.Add(norm, t1, out norm);
        Fp2.Reduce(norm, out norm);
        Fp2.Invert(norm, out norm);
        Fp2.Multiply(t0, norm, out inverse.C0);
        Fp2.Multiply(t2, norm, out inverse.C1);
        Fp2.Multiply(t3, norm, out inverse.C2);
    }
}
