using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Hashing;

/// <summary>The isogenous curve y² = x³ + A'x + B' and the isogeny back, for one of the groups (RFC 9380 §8.8).</summary>
internal interface ISimplifiedSwu<TField>
    where TField : unmanaged, IField<TField>
{
    /// <summary>A'.</summary>
    static abstract ref readonly TField A { get; }

    /// <summary>B'.</summary>
    static abstract ref readonly TField B { get; }

    /// <summary>Z, a non-square.</summary>
    static abstract ref readonly TField Z { get; }

    /// <summary>Coefficients of the isogeny, constant term first, monic terms included.</summary>
    static abstract Isogeny<TField> Isogeny { get; }

    /// <summary>Roots of n/d, mask all ones, or where there is none of Z·n/d, mask 0; all tight. Constant-time.</summary>
    /// <param name="n">The numerators, at most <see cref="Fp.MostTogether"/>.</param>
    /// <param name="d">The denominators.</param>
    /// <param name="roots">The roots.</param>
    /// <param name="exist">The masks.</param>
    static abstract void SquareRootsOfRatios(ReadOnlySpan<TField> n, ReadOnlySpan<TField> d, Span<TField> roots, Span<ulong> exist);

    /// <summary>All ones when sgn0 is 1.</summary>
    static abstract ulong OddMask(in TField a);
}

/// <summary>A rational map (x, y) → (XNumerator(x)/XDenominator(x), y·YNumerator(x)/YDenominator(x)).</summary>
internal sealed record Isogeny<TField>(TField[] XNumerator, TField[] XDenominator, TField[] YNumerator, TField[] YDenominator);
