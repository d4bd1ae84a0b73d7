using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Hashing;

/// <summary>The curve 3-isogenous to E' (RFC 9380 §8.8.2 and appendix E.3).</summary>
internal readonly struct G2Map : ISimplifiedSwu<Fp2>
{
    private static readonly Fp2 IsogenousA = Fp2.FromHex("0", "f0");

    private static readonly Fp2 IsogenousB = Fp2.FromHex("3f4", "3f4");

    /// <summary>-(2 + u).</summary>
    private static readonly Fp2 NonSquare = Fp2.FromHex(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaa9",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaaa");

    /// <summary>√-N(Z) = √-5.</summary>
    private static readonly Fp RootOfMinusNorm =
        Fp.FromHex("186417302d5a65347a88b0f999ab2b504614aa5e2eebdeb1a014c40bceb7d2306c12a6d436befcf94d39c9db7b263cd4");

    /// <inheritdoc/>
    public static ref readonly Fp2 A => ref IsogenousA;

    /// <inheritdoc/>
    public static ref readonly Fp2 B => ref IsogenousB;

    /// <inheritdoc/>
    public static ref readonly Fp2 Z => ref NonSquare;

    /// <inheritdoc/>
    public static Isogeny<Fp2> Isogeny { get; } = new(
        XNumerator:
        [
            Fp2.FromHex(
                "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6",
                "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6"),
            Fp2.FromHex(
                "0",
                "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71a"),
            Fp2.FromHex(
                "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71e",
                "8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38d"),
            Fp2.FromHex(
                "171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671c7188e2aaaaaaaa5ed1",
                "0"),
        ],
        XDenominator:
        [
            Fp2.FromHex(
                "0",
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa63"),
            Fp2.FromHex(
                "c",
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa9f"),
            Fp2.FromHex("1", "0"),
        ],
        YNumerator:
        [
            Fp2.FromHex(
                "1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706",
                "1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706"),
            Fp2.FromHex(
                "0",
                "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97be"),
            Fp2.FromHex(
                "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71c",
                "8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38f"),
            Fp2.FromHex(
                "124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4bd9e1b371c71c718b10",
                "0"),
        ],
        YDenominator:
        [
            Fp2.FromHex(
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa8fb",
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa8fb"),
            Fp2.FromHex(
                "0",
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa9d3"),
            Fp2.FromHex(
                "12",
                "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa99"),
            Fp2.FromHex("1", "0"),
        ]);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public static void SquareRootsOfRatios(ReadOnlySpan<Fp2> n, ReadOnlySpan<Fp2> d, Span<Fp2> roots, Span<ulong> exist)
    {
        // n/d = n·conjugate(d)/norm(d).
        Span<Fp2> numerators = stackalloc Fp2[Fp.MostTogether];
        Span<Fp> norms = stackalloc Fp[Fp.MostTogether];
        for (int i = 0; i < n.Length; i++)
        {
            Fp2.Conjugate(d[i], out Fp2 conjugate);
            Fp2.Multiply(n[i], conjugate, out numerators[i]);
            Fp.SumOfProducts(d[i].C0, d[i].C0, d[i].C1, d[i].C1, out norms[i]);
        }

        Fp2.SquareRootsOfRatios(numerators[..n.Length], norms[..n.Length], NonSquare, RootOfMinusNorm, roots, exist);
    }

    /// <inheritdoc/>
    public static ulong OddMask(in Fp2 a) => Fp2.OddMask(a);
}
