using System.Runtime.CompilerServices;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>An element c0 + c1·u of Fp2 = Fp[u]/(u² + 1). Bounds as in <see cref="Fp"/>, for both parts. All operations are constant-time.</summary>
internal struct Fp2 : IField<Fp2>
{
    /// <summary>Length of the encoding in bytes: c1 before c0, each big-endian.</summary>
    public const int Bytes = 2 * Fp.Bytes;

    /// <summary>The part without u.</summary>
    public Fp C0;

    /// <summary>The factor of u.</summary>
    public Fp C1;

    private static readonly Fp2 OneInFp2 = new() { C0 = Fp.One };

    /// <inheritdoc/>
    public static ref readonly Fp2 One => ref OneInFp2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(in Fp2 a, in Fp2 b, out Fp2 sum)
    {
        Unsafe.SkipInit(out sum);
        Fp.Add(a.C0, b.C0, out sum.C0);
        Fp.Add(a.C1, b.C1, out sum.C1);
    }

    /// <inheritdoc/>
    public static void Subtract(in Fp2 a, in Fp2 b, out Fp2 difference)
    {
        Unsafe.SkipInit(out difference);
        Fp.Subtract(a.C0, b.C0, out difference.C0);
        Fp.Subtract(a.C1, b.C1, out difference.C1);
    }

    /// <inheritdoc/>
    public static void SubtractWide(in Fp2 a, in Fp2 b, out Fp2 difference)
    {
        Unsafe.SkipInit(out difference);
        Fp.SubtractWide(a.C0, b.C0, out difference.C0);
        Fp.SubtractWide(a.C1, b.C1, out difference.C1);
    }

    /// <inheritdoc/>
    public static void Negate(in Fp2 a, out Fp2 negative)
    {
        Unsafe.SkipInit(out negative);
        Fp.Negate(a.C0, out negative.C0);
        Fp.Negate(a.C1, out negative.C1);
    }

    /// <summary>c0 - c1·u, which is also the p-th power, for c1 below 8p.</summary>
    public static void Conjugate(in Fp2 a, out Fp2 conjugate)
    {
        Unsafe.SkipInit(out conjugate);
        conjugate.C0 = a.C0;
        Fp.Negate(a.C1, out conjugate.C1);
    }

    /// <inheritdoc/>
    public static void Reduce(in Fp2 a, out Fp2 tight)
    {
        Unsafe.SkipInit(out tight);
        Fp.Reduce(a.C0, out tight.C0);
        Fp.Reduce(a.C1, out tight.C1);
    }

    /// <inheritdoc/>
    /// <remarks>Each part is a sum of two products with one reduction, for parts below 64p with αβ + 64α below 5040.</remarks>
    [SkipLocalsInit]
    public static void Multiply(in Fp2 a, in Fp2 b, out Fp2 product)
    {
        Unsafe.SkipInit(out product);
        Fp.SubtractWide(default, b.C1, out Fp negative);
        Fp.SumOfProducts(a.C0, b.C0, a.C1, negative, out Fp real);
        Fp.SumOfProducts(a.C0, b.C1, a.C1, b.C0, out product.C1);
        product.C0 = real;
    }

    /// <inheritdoc/>
    /// <remarks>(c0 + c1)(c0 - c1) + 2·c0·c1·u.</remarks>
    [SkipLocalsInit]
    public static void Square(in Fp2 a, out Fp2 square)
    {
        Unsafe.SkipInit(out square);
        Fp.Add(a.C0, a.C1, out Fp sum);
        Fp.SubtractWide(a.C0, a.C1, out Fp difference);
        Fp.Add(a.C0, a.C0, out Fp twice);
        Fp.Multiply(twice, a.C1, out square.C1);
        Fp.Multiply(sum, difference, out square.C0);
    }

    /// <inheritdoc/>
    /// <remarks>Two Fp2 products; a single reduction of four base field products would save little here.</remarks>
    public static void SumOfProducts(in Fp2 a, in Fp2 b, in Fp2 c, in Fp2 d, out Fp2 sum)
    {
        Multiply(a, b, out Fp2 first);
        Multiply(c, d, out Fp2 second);
        Add(first, second, out Fp2 loose);
        Reduce(loose, out sum);
    }

    /// <summary>a·s for s in Fp, tight.</summary>
    public static void Scale(in Fp2 a, in Fp s, out Fp2 product)
    {
        Unsafe.SkipInit(out product);
        Fp.Multiply(a.C0, s, out product.C0);
        Fp.Multiply(a.C1, s, out product.C1);
    }

    /// <summary>a·ξ for ξ = 1 + u, the non-residue that the tower and the twist are built on; c1 below 64p. Not tight.</summary>
    public static void MultiplyByNonResidue(in Fp2 a, out Fp2 product)
    {
        Unsafe.SkipInit(out product);
        Fp.Add(a.C0, a.C1, out Fp sum);
        Fp.SubtractWide(a.C0, a.C1, out product.C0);
        product.C1 = sum;
    }

    /// <inheritdoc/>
    /// <remarks>The conjugate over the norm c0² + c1².</remarks>
    [SkipLocalsInit]
    public static void Invert(in Fp2 a, out Fp2 inverse)
    {
        Unsafe.SkipInit(out inverse);
        Fp.SumOfProducts(a.C0, a.C0, a.C1, a.C1, out Fp norm);
        Fp.Invert(norm, out norm);
        Fp.SubtractWide(default, a.C1, out Fp negative);
        Fp.Multiply(a.C0, norm, out inverse.C0);
        Fp.Multiply(negative, norm, out inverse.C1);
    }

    /// <inheritdoc/>
    public static void Assign(ref Fp2 target, in Fp2 source, ulong mask)
    {
        Fp.Assign(ref target.C0, source.C0, mask);
        Fp.Assign(ref target.C1, source.C1, mask);
    }

    /// <inheritdoc/>
    public static ulong ZeroMask(in Fp2 a) => Fp.ZeroMask(a.C0) & Fp.ZeroMask(a.C1);

    /// <summary>All ones when a = b, else 0.</summary>
    public static ulong EqualMask(in Fp2 a, in Fp2 b) => Fp.EqualMask(a.C0, b.C0) & Fp.EqualMask(a.C1, b.C1);

    /// <inheritdoc cref="Fp.CanonicalLimb"/>
    public static ulong CanonicalLimb(in Fp2 a) => Fp.CanonicalLimb(a.C0);

    /// <summary>All ones when sgn0 of RFC 9380 §4.1 is 1.</summary>
    public static ulong OddMask(in Fp2 a) => Fp.OddMask(a.C0) | (Fp.ZeroMask(a.C0) & Fp.OddMask(a.C1));

    /// <summary>All ones when a is lexicographically larger than -a, c1 first: the sign bit of the encodings of G2.</summary>
    public static ulong LargerHalfMask(in Fp2 a) => Fp.LargerHalfMask(a.C1) | (Fp.ZeroMask(a.C1) & Fp.LargerHalfMask(a.C0));

    /// <inheritdoc cref="SquareRootsOfRatios"/>
    [SkipLocalsInit]
    public static ulong SquareRootOfRatio(in Fp2 a, in Fp v, in Fp2 nonSquare, in Fp rootOfMinusNorm, out Fp2 root)
    {
        Unsafe.SkipInit(out root);
        ulong exists = 0;
        SquareRootsOfRatios(new ReadOnlySpan<Fp2>(in a), new ReadOnlySpan<Fp>(in v), nonSquare, rootOfMinusNorm, new Span<Fp2>(ref root), new Span<ulong>(ref exists));
        return exists;
    }

    /// <summary>
    /// Square roots of <paramref name="a"/>/<paramref name="v"/> by the complex method: two powers in Fp each, no division. A mask is all ones if there is a root, else 0, and then
    /// the root is that of <paramref name="nonSquare"/>·a/v.
    /// </summary>
    /// <param name="a">The numerators, at most four; tight.</param>
    /// <param name="v">The denominators; tight, not zero.</param>
    /// <param name="nonSquare">A non-square of Fp2 to try instead; zero if a root that is not there is not of interest.</param>
    /// <param name="rootOfMinusNorm">√(-N(<paramref name="nonSquare"/>)) in Fp.</param>
    /// <param name="roots">The roots, tight.</param>
    /// <param name="exist">The masks.</param>
    [SkipLocalsInit]
    public static void SquareRootsOfRatios(ReadOnlySpan<Fp2> a, ReadOnlySpan<Fp> v, in Fp2 nonSquare, in Fp rootOfMinusNorm, Span<Fp2> roots, Span<ulong> exist)
    {
        Span<RootOfRatio> states = stackalloc RootOfRatio[Fp.MostTogether];
        Span<Fp> powers = stackalloc Fp[Fp.MostTogether];
        powers = powers[..a.Length];
        for (int i = 0; i < a.Length; i++)
        {
            // a/v is a square exactly if the norm of a is one in Fp.
            Fp.SumOfProducts(a[i].C0, a[i].C0, a[i].C1, a[i].C1, out states[i].Norm);
            powers[i] = states[i].Norm;
        }

        Fp.RaiseForRoots(powers);
        for (int i = 0; i < a.Length; i++)
        {
            exist[i] = states[i].Choose(a[i], v[i], powers[i], nonSquare, rootOfMinusNorm, out powers[i]);
        }

        Fp.RaiseForRoots(powers);
        for (int i = 0; i < a.Length; i++)
        {
            states[i].Finish(powers[i], out roots[i]);
        }
    }

    /// <summary>How far a root has come between the two powers.</summary>
    private struct RootOfRatio
    {
        public Fp Norm;
        private Fp _n;
        private Fp _d;
        private Fp _imaginary;

        /// <summary>With the root of the norm, whether a root exists; and what the second power is taken of.</summary>
        [SkipLocalsInit]
        public ulong Choose(in Fp2 a, in Fp v, in Fp power, in Fp2 nonSquare, in Fp rootOfMinusNorm, out Fp next)
        {
            ulong exists = Fp.RootOfPower(Norm, power, out Fp s);
            // Else norm·N(nonSquare) is a square, and (s·√-N)² = -norm·-N for s² = -norm.
            Multiply(a, nonSquare, out Fp2 chosen);
            Assign(ref chosen, a, exists);
            Fp.Multiply(s, rootOfMinusNorm, out Fp scaled);
            Fp.Assign(ref scaled, s, exists);

            // δ = (c0 ± √norm)/2v with the sign that does not make it zero, as n/d. For w = (n·d³)^((p-3)/4), n·d·w is a root of ±δ, and w·d² is its inverse up to that sign.
            Fp.Add(chosen.C0, scaled, out Fp n);
            Fp.Subtract(chosen.C0, scaled, out Fp other);
            Fp.Assign(ref n, other, Fp.ZeroMask(n));
            Fp.Add(v, v, out Fp d);
            Fp.Multiply(n, d, out Fp nd);
            Fp.Square(d, out Fp dd);
            Fp.Multiply(nd, dd, out next);
            _n = n;
            _d = d;
            _imaginary = chosen.C1;
            return exists;
        }

        /// <summary>From the second power, the root.</summary>
        [SkipLocalsInit]
        public readonly void Finish(in Fp power, out Fp2 root)
        {
            Unsafe.SkipInit(out root);
            Fp.Multiply(_n, _d, out Fp first);
            Fp.Multiply(first, power, out first);
            Fp.Multiply(_imaginary, _d, out Fp second);
            Fp.Multiply(second, power, out second);

            // If δ is a square, the parts of the root are √δ and c1/(2v√δ). Else (c0 ∓ √norm)/2v = -(c1/2v)²/δ is one, and they change places.
            Fp.Square(first, out Fp square);
            Fp.Multiply(square, _d, out square);
            ulong isSquare = Fp.EqualMask(square, _n);
            Fp.Negate(second, out Fp negative);
            root.C0 = negative;
            root.C1 = first;
            Fp.Assign(ref root.C0, first, isSquare);
            Fp.Assign(ref root.C1, second, isSquare);
            Reduce(root, out root);
        }
    }

    /// <summary>Writes 96 bytes: c1, then c0.</summary>
    public static void Write(in Fp2 a, Span<byte> destination)
    {
        Fp.Write(a.C1, destination[..Fp.Bytes]);
        Fp.Write(a.C0, destination[Fp.Bytes..]);
    }

    /// <summary>Reads 96 bytes: c1, then c0. False when a part is not below p.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, byte flagBits, out Fp2 value)
    {
        bool first = Fp.TryRead(source[..Fp.Bytes], flagBits, out value.C1);
        bool second = Fp.TryRead(source[Fp.Bytes..], 0, out value.C0);
        return first & second;
    }

    /// <summary>A constant from the hexadecimal digits of its two parts.</summary>
    public static Fp2 FromHex(string c0, string c1) => new() { C0 = Fp.FromHex(c0), C1 = Fp.FromHex(c1) };
}
