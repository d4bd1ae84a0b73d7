using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Hashing;

/// <summary>The simplified Shallue-van de Woestijne-Ulas map for A'B' ≠ 0 and an isogeny (RFC 9380 §6.6.2, §6.6.3), without a division.</summary>
/// <remarks>Constant-time: straight-line code, decisions by masks.</remarks>
internal static class SimplifiedSwu
{
    private const int MostCoefficients = 16;

    /// <summary>map_to_curve of RFC 9380 for each element, before the cofactor is cleared. Together they share the time of the roots.</summary>
    /// <param name="u">At most <see cref="Fp.MostTogether"/> elements.</param>
    /// <param name="points">As many points.</param>
    [SkipLocalsInit]
    public static void Map<TField, TCurve, TMap>(ReadOnlySpan<TField> u, Span<Projective<TField, TCurve>> points)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TMap : ISimplifiedSwu<TField>
    {
        Span<TField> zu2 = stackalloc TField[Fp.MostTogether], n = stackalloc TField[Fp.MostTogether], d = stackalloc TField[Fp.MostTogether];
        Span<TField> g = stackalloc TField[Fp.MostTogether], ddd = stackalloc TField[Fp.MostTogether], y = stackalloc TField[Fp.MostTogether];
        Span<ulong> exist = stackalloc ulong[Fp.MostTogether];
        for (int i = 0; i < u.Length; i++)
        {
            Abscissa<TField, TMap>(u[i], out zu2[i], out n[i], out d[i]);
            Ordinate<TField, TMap>(n[i], d[i], out g[i], out ddd[i]);
        }

        TMap.SquareRootsOfRatios(g[..u.Length], ddd[..u.Length], y, exist);
        for (int i = 0; i < u.Length; i++)
        {
            // If g(x1) is no square: x2 = Zu²·x1, and √g(x2) = Zu³·√(Z·g(x1)).
            TField.Multiply(zu2[i], u[i], out TField factor);
            TField.Multiply(factor, y[i], out factor);
            TField.Assign(ref factor, y[i], exist[i]);
            TField.Multiply(n[i], zu2[i], out TField second);
            TField.Assign(ref second, n[i], exist[i]);

            TField.Negate(factor, out TField negative);
            TField.Reduce(negative, out negative);
            TField.Assign(ref factor, negative, TMap.OddMask(u[i]) ^ TMap.OddMask(factor));
            Apply(TMap.Isogeny, second, d[i], factor, out points[i]);
        }
    }

    /// <summary>x1 = -B'/A'·(1 + 1/(Z²u⁴ + Zu²)) as a fraction n/d, B'/(Z·A') where that is no fraction; and Zu².</summary>
    [SkipLocalsInit]
    private static void Abscissa<TField, TMap>(in TField u, out TField zu2, out TField n, out TField d)
        where TField : unmanaged, IField<TField>
        where TMap : ISimplifiedSwu<TField>
    {
        TField.Square(u, out zu2);
        TField.Multiply(zu2, TMap.Z, out zu2);
        TField.Square(zu2, out TField t);
        TField.Add(t, zu2, out t);
        TField.Reduce(t, out t);
        TField.Add(t, TField.One, out n);
        TField.Multiply(n, TMap.B, out n);
        TField.Negate(t, out d);
        TField.Assign(ref d, TMap.Z, TField.ZeroMask(t));
        TField.Multiply(d, TMap.A, out d);
    }

    /// <summary>g(x1) = (n³ + A'nd² + B'd³)/d³.</summary>
    [SkipLocalsInit]
    private static void Ordinate<TField, TMap>(in TField n, in TField d, out TField g, out TField ddd)
        where TField : unmanaged, IField<TField>
        where TMap : ISimplifiedSwu<TField>
    {
        TField.Square(d, out TField dd);
        TField.Multiply(dd, d, out ddd);
        TField.Square(n, out TField nn);
        TField.Multiply(dd, TMap.A, out dd);
        TField.Add(nn, dd, out nn);
        TField.SumOfProducts(nn, n, ddd, TMap.B, out g);
    }

    /// <summary>The isogeny at (n/d, y), all polynomials made homogeneous with the powers of d.</summary>
    [SkipLocalsInit]
    private static void Apply<TField, TCurve>(
        Isogeny<TField> map, in TField n, in TField d, in TField y, out Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        Unsafe.SkipInit(out point);
        Span<TField> powers = stackalloc TField[MostCoefficients];
        powers[0] = TField.One;
        for (int i = 1; i < map.YNumerator.Length; i++)
        {
            TField.Multiply(powers[i - 1], d, out powers[i]);
        }

        Evaluate(map.XNumerator, n, powers, out TField xNumerator);
        Evaluate(map.XDenominator, n, powers, out TField xDenominator);
        Evaluate(map.YNumerator, n, powers, out TField yNumerator);
        Evaluate(map.YDenominator, n, powers, out TField yDenominator);

        // The numerator of x has one degree more than its denominator, those of y have the same.
        TField.Multiply(xDenominator, d, out xDenominator);
        TField.Multiply(xNumerator, yDenominator, out point.X);
        TField.Multiply(yNumerator, y, out point.Y);
        TField.Multiply(point.Y, xDenominator, out point.Y);
        TField.Multiply(xDenominator, yDenominator, out point.Z);

        // A point of the isogeny's kernel goes to the identity.
        Projective<TField, TCurve>.Assign(ref point, Projective<TField, TCurve>.Identity, TField.ZeroMask(point.Z));
    }

    private static void Evaluate<TField>(TField[] coefficients, in TField n, ReadOnlySpan<TField> powers, out TField value)
        where TField : unmanaged, IField<TField>
    {
        int degree = coefficients.Length - 1;
        value = coefficients[degree];
        for (int i = degree - 1; i >= 0; i--)
        {
            TField.SumOfProducts(value, n, coefficients[i], powers[degree - i], out value);
        }
    }
}
