using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>
/// A point (X : Y : Z) of y² = x³ + b in homogeneous coordinates, x = X/Z, y = Y/Z; the identity is (0 : 1 : 0). Coordinates are tight.
/// </summary>
/// <remarks>
/// Additions and doublings are the complete formulas of Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves" (2016), algorithms 7
/// to 9: right for every pair of inputs of odd order, equal, opposite and identity included, hence without any branch. The points outside the prime-order subgroups
/// that reach them (before a subgroup check, before cofactor clearing) have odd order, too, where it matters: an exceptional pair would differ by a point of order two, and
/// neither curve has one (x³ = -b has no root in the field, which the tests check).
/// </remarks>
internal struct Projective<TField, TCurve> : IPointArithmetic<Projective<TField, TCurve>>
    where TField : unmanaged, IField<TField>
    where TCurve : ICurve<TField, TCurve>
{
    /// <summary>X.</summary>
    public TField X;

    /// <summary>Y.</summary>
    public TField Y;

    /// <summary>Z: zero for the identity.</summary>
    public TField Z;

    /// <summary>The neutral element.</summary>
    public static Projective<TField, TCurve> Identity => new() { Y = TField.One };

    /// <inheritdoc/>
    public static void SetIdentity(out Projective<TField, TCurve> identity) => identity = Identity;

    /// <inheritdoc/>
    public static void MultiplyByEigenvalue(in Projective<TField, TCurve> a, out Projective<TField, TCurve> image) => TCurve.MultiplyByEigenvalue(a, out image);

    /// <inheritdoc/>
    public static void NegateWhere(ref Projective<TField, TCurve> a, ulong mask)
    {
        TField.Negate(a.Y, out TField y);
        TField.Reduce(y, out y);
        TField.Assign(ref a.Y, y, mask);
    }

    /// <summary>a + b (algorithm 7).</summary>
    [SkipLocalsInit]
    public static void Add(in Projective<TField, TCurve> a, in Projective<TField, TCurve> b, out Projective<TField, TCurve> sum)
    {
        TField.Multiply(a.X, b.X, out TField xx);
        TField.Multiply(a.Y, b.Y, out TField yy);
        TField.Multiply(a.Z, b.Z, out TField zz);
        Cross(a.X, a.Y, b.X, b.Y, xx, yy, out TField xy);
        Cross(a.Y, a.Z, b.Y, b.Z, yy, zz, out TField yz);
        Cross(a.X, a.Z, b.X, b.Z, xx, zz, out TField xz);
        TCurve.MultiplyByThreeB(xz, out xz);
        Finish(xx, yy, zz, xy, yz, xz, out sum);
    }

    /// <summary>a + (x, y), the second not the identity (algorithm 8).</summary>
    [SkipLocalsInit]
    public static void AddAffine(in Projective<TField, TCurve> a, in TField x, in TField y, out Projective<TField, TCurve> sum)
    {
        TField.Multiply(a.X, x, out TField xx);
        TField.Multiply(a.Y, y, out TField yy);
        Cross(a.X, a.Y, x, y, xx, yy, out TField xy);
        TField.Multiply(y, a.Z, out TField yz);
        TField.Add(yz, a.Y, out yz);
        TField.Multiply(x, a.Z, out TField xz);
        TField.Add(xz, a.X, out xz);
        TField.Reduce(xz, out xz);
        TCurve.MultiplyByThreeB(xz, out xz);
        Finish(xx, yy, a.Z, xy, yz, xz, out sum);
    }

    /// <summary>a + b, cheaper when b is as the decoders give it: Z = 1. A branch on Z; for public points.</summary>
    public static void AddWhereAffine(in Projective<TField, TCurve> a, in Projective<TField, TCurve> b, out Projective<TField, TCurve> sum)
    {
        TField.Subtract(b.Z, TField.One, out TField difference);
        if (TField.ZeroMask(difference) != 0)
        {
            AddAffine(a, b.X, b.Y, out sum);
        }
        else
        {
            Add(a, b, out sum);
        }
    }

    /// <summary>(a0 + a1)(b0 + b1) - v0 - v1, below 11p.</summary>
    private static void Cross(in TField a0, in TField a1, in TField b0, in TField b1, in TField v0, in TField v1, out TField cross)
    {
        TField.Add(a0, a1, out TField a);
        TField.Add(b0, b1, out TField b);
        TField.Multiply(a, b, out TField product);
        TField.Add(v0, v1, out TField known);
        TField.Subtract(product, known, out cross);
    }

    /// <summary>The second half of both additions, from the products of the coordinates; <paramref name="xz3b"/> is 3b(x1·z2 + x2·z1).</summary>
    [SkipLocalsInit]
    private static void Finish(
        in TField xx, in TField yy, in TField zz, in TField xy, in TField yz, in TField xz3b, out Projective<TField, TCurve> sum)
    {
        Unsafe.SkipInit(out sum);
        TField.Add(xx, xx, out TField xx3);
        TField.Add(xx3, xx, out xx3);
        TCurve.MultiplyByThreeB(zz, out TField zz3b);
        TField.Add(yy, zz3b, out TField plus);
        TField.Subtract(yy, zz3b, out TField minus);
        TField.SubtractWide(default, yz, out TField negative);
        TField.SumOfProducts(xy, minus, negative, xz3b, out sum.X);
        TField.SumOfProducts(xz3b, xx3, minus, plus, out sum.Y);
        TField.SumOfProducts(plus, yz, xx3, xy, out sum.Z);
    }

    /// <summary>2a (algorithm 9).</summary>
    [SkipLocalsInit]
    public static void Double(in Projective<TField, TCurve> a, out Projective<TField, TCurve> twice)
    {
        Unsafe.SkipInit(out twice);
        TField.Square(a.Y, out TField yy);
        TField.Square(a.Z, out TField zz);
        TCurve.MultiplyByThreeB(zz, out TField zz3b);
        TField.Multiply(a.Y, a.Z, out TField yz);
        TField.Multiply(a.X, a.Y, out TField xy);
        TField.Add(yy, yy, out TField yy8);
        TField.Add(yy8, yy8, out yy8);
        TField.Add(yy8, yy8, out yy8);
        TField.Reduce(yy8, out yy8);

        TField.Add(zz3b, zz3b, out TField zz9b);
        TField.Add(zz9b, zz3b, out zz9b);
        TField.Subtract(yy, zz9b, out TField minus);
        TField.Add(yy, zz3b, out TField plus);
        TField.Multiply(yz, yy8, out twice.Z);
        TField.SumOfProducts(zz3b, yy8, minus, plus, out twice.Y);
        TField.Add(xy, xy, out xy);
        TField.Multiply(xy, minus, out twice.X);
    }

    /// <summary>-a.</summary>
    public static void Negate(in Projective<TField, TCurve> a, out Projective<TField, TCurve> negative)
    {
        negative.X = a.X;
        negative.Z = a.Z;
        TField.Negate(a.Y, out TField y);
        TField.Reduce(y, out negative.Y);
    }

    /// <summary>Replaces where the mask is all ones. Constant-time.</summary>
    public static void Assign(ref Projective<TField, TCurve> target, in Projective<TField, TCurve> source, ulong mask)
    {
        TField.Assign(ref target.X, source.X, mask);
        TField.Assign(ref target.Y, source.Y, mask);
        TField.Assign(ref target.Z, source.Z, mask);
    }

    /// <summary>All ones for the identity, else 0.</summary>
    public static ulong IdentityMask(in Projective<TField, TCurve> a) => TField.ZeroMask(a.Z);

    /// <summary>All ones when both are the same point, else 0.</summary>
    [SkipLocalsInit]
    public static ulong EqualMask(in Projective<TField, TCurve> a, in Projective<TField, TCurve> b)
    {
        ulong identities = IdentityMask(a) & IdentityMask(b);
        ulong oneIdentity = IdentityMask(a) ^ IdentityMask(b);
        return (SameRatio(a.X, a.Z, b.X, b.Z) & SameRatio(a.Y, a.Z, b.Y, b.Z) & ~oneIdentity) | identities;
    }

    private static ulong SameRatio(in TField a, in TField za, in TField b, in TField zb)
    {
        TField.Multiply(a, zb, out TField left);
        TField.Multiply(b, za, out TField right);
        TField.Subtract(left, right, out TField difference);
        return TField.ZeroMask(difference);
    }

    /// <summary>All ones when Y²·Z = X³ + b·Z³.</summary>
    [SkipLocalsInit]
    public static ulong OnCurveMask(in Projective<TField, TCurve> a)
    {
        TField.Square(a.Y, out TField left);
        TField.Multiply(left, a.Z, out left);
        TField.Square(a.X, out TField right);
        TField.Multiply(right, a.X, out right);
        TField.Square(a.Z, out TField cube);
        TField.Multiply(cube, a.Z, out cube);
        TField.Multiply(cube, TCurve.B, out cube);
        TField.Add(right, cube, out right);
        TField.Subtract(left, right, out left);
        return TField.ZeroMask(left);
    }

    /// <summary>x and y. For the identity both are 0.</summary>
    /// <remarks>
    /// The one branch saves the inversion where Z is 1, as in every decoded point. The product of a secret and a point has a Z that is 1 with probability 1/p.
    /// </remarks>
    [SkipLocalsInit]
    public static void ToAffine(in Projective<TField, TCurve> a, out TField x, out TField y)
    {
        TField.Subtract(a.Z, TField.One, out TField difference);
        if (TField.ZeroMask(difference) != 0)
        {
            x = a.X;
            y = a.Y;
            return;
        }

        TField.Invert(a.Z, out TField inverse);
        TField.Multiply(a.X, inverse, out x);
        TField.Multiply(a.Y, inverse, out y);
    }
}
