using System.Numerics;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using CsCheck;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>The fields against arbitrary-precision integers, which share no code with them.</summary>
public sealed class FieldTests
{
    [Fact]
    public void Sums_products_and_inverses_in_the_base_field_are_those_of_integers()
    {
        Gen.Select(Reference.Number, Reference.Number).Sample((a, b) =>
        {
            Fp x = Reference.Fp(a), y = Reference.Fp(b);
            Fp.Add(x, y, out Fp sum);
            Assert.Equal((a + b) % Reference.P, Reference.Of(sum));
            Fp.Subtract(x, y, out Fp difference);
            Assert.Equal((a - b + Reference.P) % Reference.P, Reference.Of(difference));
            Fp.SubtractWide(x, y, out difference);
            Assert.Equal((a - b + Reference.P) % Reference.P, Reference.Of(difference));
            Fp.Negate(x, out Fp negative);
            Assert.Equal((Reference.P - a) % Reference.P, Reference.Of(negative));
            Fp.Multiply(x, y, out Fp product);
            Assert.Equal(a * b % Reference.P, Reference.Of(product));
            Fp.Square(x, out Fp square);
            Assert.Equal(a * a % Reference.P, Reference.Of(square));
            Fp.SumOfProducts(x, y, sum, x, out Fp products);
            Assert.Equal(((a * b) + ((a + b) * a)) % Reference.P, Reference.Of(products));
            Assert.Equal(a == b, Fp.EqualMask(x, y) != 0);
            Assert.Equal(a == 0, Fp.ZeroMask(x) != 0);
            Assert.Equal(!a.IsEven, Fp.OddMask(x) != 0);
            Assert.Equal(a > (Reference.P - 1) / 2, Fp.LargerHalfMask(x) != 0);
        }, iter: 2000);
    }

    [Fact]
    public void Inverses_and_square_roots_are_those_of_integers()
    {
        Reference.Number.Sample(a =>
        {
            Fp.Invert(Reference.Fp(a), out Fp inverse);
            Assert.Equal(BigInteger.ModPow(a, Reference.P - 2, Reference.P), Reference.Of(inverse));
            bool exists = Fp.SquareRoot(Reference.Fp(a), out Fp root) != 0;
            Assert.Equal(BigInteger.ModPow(a, (Reference.P - 1) / 2, Reference.P) <= 1, exists);
            BigInteger square = BigInteger.ModPow(Reference.Of(root), 2, Reference.P);
            Assert.Equal(exists ? a : (Reference.P - a) % Reference.P, square);
        }, iter: 100);
    }

    [Fact]
    public void Inverses_multiply_back_to_one()
    {
        Gen.Frequency((1, Reference.Number), (1, Gen.Select(Gen.Int[0, 380], Gen.Int[-3, 3], (bit, off) => Reference.Mod((BigInteger.One << bit) + off)))).Sample(a =>
        {
            Fp x = Reference.Fp(a);
            Fp.Invert(x, out Fp inverse);
            Fp.Multiply(x, inverse, out Fp product);
            Assert.Equal(a.IsZero ? 0 : 1, Reference.Of(product));
            Fp.Invert(inverse, out Fp back);
            Assert.Equal(a, Reference.Of(back));
            Fp.Invert(x, out x);
            Assert.NotEqual(0UL, Fp.EqualMask(x, inverse));
        }, iter: 3000);
    }

    [Fact]
    public void Results_may_overwrite_operands()
    {
        Gen.Select(Reference.Number, Reference.Number).Sample((a, b) =>
        {
            Fp x = Reference.Fp(a), y = Reference.Fp(b);
            Fp.Multiply(x, y, out x);
            Assert.Equal(a * b % Reference.P, Reference.Of(x));
            Fp.Multiply(x, x, out x);
            Fp.Subtract(y, x, out x);
            Fp.Reduce(x, out x);
            Assert.Equal(Reference.Mod(b - (a * b * a * b)), Reference.Of(x));
            Fp2 z = Reference.Fp2(a, b), w = Reference.Fp2(b, a);
            Fp2.Multiply(z, w, out Fp2 product);
            Fp2 left = z;
            Fp2.Multiply(left, w, out left);
            Fp2.Multiply(z, w, out w);
            Assert.True((Fp2.EqualMask(product, left) & Fp2.EqualMask(product, w)) != 0);
            Fp2.Square(z, out product);
            Fp2.Square(z, out z);
            Assert.True(Fp2.EqualMask(product, z) != 0);
        }, iter: 500);
    }

    [Fact]
    public void Multiplication_carries_the_loosest_operands_it_allows()
    {
        // Limbs up to four times 2^56, values up to 64p, all at once.
        Gen.Select(Reference.Number, Reference.Number).Sample((a, b) =>
        {
            Fp x = Reference.Fp(a), y = Reference.Fp(b);
            Fp.Add(x, x, out Fp x2);
            Fp.Add(x2, x2, out Fp x4);
            Fp.Add(y, y, out Fp y2);
            Fp.Add(y2, y2, out Fp y4);
            Fp.SumOfProducts(x4, y4, y4, y4, out Fp sum);
            Assert.Equal(((16 * a * b) + (16 * b * b)) % Reference.P, Reference.Of(sum));
            Fp.SubtractWide(x4, y4, out Fp wide);
            Fp.Multiply(wide, wide, out Fp square);
            Assert.Equal(Reference.Mod(16 * (a - b) * (a - b)), Reference.Of(square));
        }, iter: 1000);
    }

    [Fact]
    public void Numbers_at_and_above_p_are_not_read()
    {
        foreach (int above in new[] { 0, 1, 2, 0x5554 })
        {
            Assert.False(Fp.TryRead(Reference.Bytes(Reference.P + above), 0, out _));
        }

        Assert.False(Fp.TryRead(Reference.Bytes((BigInteger.One << 384) - 1), 0, out _));
        Assert.True(Fp.TryRead(Reference.Bytes(Reference.P - 1), 0, out Fp last));
        Assert.Equal(Reference.P - 1, Reference.Of(last));
    }

    [Fact]
    public void Wide_numbers_are_reduced()
    {
        Gen.Byte.Array[64].Sample(bytes =>
        {
            Fp.ReadWide(bytes, out Fp value);
            Assert.Equal(new BigInteger(bytes, isUnsigned: true, isBigEndian: true) % Reference.P, Reference.Of(value));
        }, iter: 500);
    }

    [Fact]
    public void The_quadratic_extension_multiplies_like_complex_numbers()
    {
        Gen.Select(Reference.Number, Reference.Number, Reference.Number, Reference.Number).Sample((a, b, c, d) =>
        {
            Fp2 x = Reference.Fp2(a, b), y = Reference.Fp2(c, d);
            Fp2.Multiply(x, y, out Fp2 product);
            Assert.Equal((Reference.Mod((a * c) - (b * d)), Reference.Mod((a * d) + (b * c))), Reference.Of(product));
            Fp2.Square(x, out Fp2 square);
            Assert.Equal((Reference.Mod((a * a) - (b * b)), Reference.Mod(2 * a * b)), Reference.Of(square));
            Fp2.MultiplyByNonResidue(x, out Fp2 turned);
            Assert.Equal((Reference.Mod(a - b), Reference.Mod(a + b)), Reference.Of(turned));
        }, iter: 500);
    }

    [Fact]
    public void Square_roots_in_the_quadratic_extension_square_back()
    {
        int squares = 0;
        Gen.Select(Reference.Number, Reference.Number).Sample((a, b) =>
        {
            Fp2 x = Reference.Fp2(a, b);
            CheckRoot(x, ref squares);
            Fp2.Square(x, out Fp2 square);
            Assert.True(CheckRoot(square, ref squares));
        }, iter: 60);
        // Purely real and purely imaginary numbers take the exceptional course.
        for (uint i = 0; i < 20; i++)
        {
            Assert.True(CheckRoot(Reference.Fp2(i, 0), ref squares));
            Assert.True(CheckRoot(Reference.Fp2(Reference.Mod(-(BigInteger)i), 0), ref squares));
            CheckRoot(Reference.Fp2(0, i), ref squares);
        }
    }

    private static bool CheckRoot(in Fp2 x, ref int squares)
    {
        bool exists = Fp2.SquareRootOfRatio(x, Fp.One, default, default, out Fp2 root) != 0;
        Fp2.Square(root, out Fp2 square);
        Assert.Equal(exists, Fp2.EqualMask(square, x) != 0);
        squares += exists ? 1 : 0;
        return exists;
    }

    [Fact]
    public void Constants_follow_from_p()
    {
        (BigInteger, BigInteger) one = (1, 1);
        for (int k = 1; k <= 5; k++)
        {
            Assert.Equal(Reference.Power(one, (Reference.P - 1) / 6 * k), Reference.Of(FieldConstants.FrobeniusOfW[k - 1]));
            (BigInteger real, BigInteger imaginary) = Reference.Power(one, ((Reference.P * Reference.P) - 1) / 6 * k);
            Assert.Equal(0, imaginary);
            Assert.Equal(real, Reference.Of(FieldConstants.FrobeniusSquaredOfW[k - 1]));
        }

        Assert.Equal(Reference.Inverse(Reference.Power(one, (Reference.P - 1) / 3)), Reference.Of(G2Curve.PsiX));
        Assert.Equal(Reference.Inverse(Reference.Power(one, (Reference.P - 1) / 2)), Reference.Of(G2Curve.PsiY));
        BigInteger beta = Reference.Of(G1Curve.Beta);
        Assert.Equal(0, ((beta * beta) + beta + 1) % Reference.P);
        Assert.Equal((BigInteger.One << 256) % Reference.P, Reference.Of(FieldConstants.TwoTo256));
        BigInteger z = -(BigInteger)CurveParameter.Absolute;
        Assert.Equal(Reference.R, BigInteger.Pow(z, 4) - BigInteger.Pow(z, 2) + 1);
        Assert.Equal(Reference.P, ((z - 1) * (z - 1) * Reference.R / 3) + z);
    }

    [Fact]
    public void No_curve_point_has_order_two()
    {
        // x³ = -b has no root: -b is no cube.
        Assert.NotEqual(1, BigInteger.ModPow(Reference.P - 4, (Reference.P - 1) / 3, Reference.P));
        Assert.NotEqual((1, 0), Reference.Power((Reference.P - 4, Reference.P - 4), ((Reference.P * Reference.P) - 1) / 3));
    }

    [Fact]
    public void The_tower_is_a_field()
    {
        Reference.Element12.Array[3].Sample(f =>
        {
            Fp12.Multiply(f[0], f[1], out Fp12 ab);
            Fp12.Multiply(f[1], f[0], out Fp12 ba);
            Assert.True(Fp12.AreEqual(ab, ba));
            Fp12.Multiply(ab, f[2], out Fp12 left);
            Fp12.Multiply(f[1], f[2], out Fp12 bc);
            Fp12.Multiply(f[0], bc, out Fp12 right);
            Assert.True(Fp12.AreEqual(left, right));
            Fp12.Square(f[0], out Fp12 square);
            Fp12.Multiply(f[0], f[0], out Fp12 product);
            Assert.True(Fp12.AreEqual(square, product));
            Fp12.Invert(f[0], out Fp12 inverse);
            Fp12.Multiply(f[0], inverse, out Fp12 one);
            Assert.True(Fp12.AreEqual(one, Fp12.One));
            Fp12 line = new() { C0 = new Fp6 { C0 = f[1].C0.C0, C1 = f[1].C0.C1 }, C1 = new Fp6 { C1 = f[1].C1.C1 } };
            Fp12.Multiply(f[0], line, out product);
            Fp12.MultiplyByLine(f[0], line.C0.C0, line.C0.C1, line.C1.C1, out Fp12 sparse);
            Assert.True(Fp12.AreEqual(product, sparse));
        }, iter: 30);
    }

    [Fact]
    public void Frobenius_is_the_power_by_p()
    {
        Reference.Element12.Sample(f =>
        {
            Fp12.Frobenius(f, out Fp12 once);
            Assert.True(Fp12.AreEqual(once, Reference.Power(f, Reference.P)));
            Fp12.Frobenius(once, out Fp12 twice);
            Fp12.FrobeniusSquared(f, out Fp12 square);
            Assert.True(Fp12.AreEqual(twice, square));
            Fp12 six = f;
            for (int i = 0; i < 3; i++)
            {
                Fp12.FrobeniusSquared(six, out six);
            }

            Fp12.Conjugate(f, out Fp12 conjugate);
            Assert.True(Fp12.AreEqual(six, conjugate));
        }, iter: 3);
    }

    [Fact]
    public void Cyclotomic_squares_are_squares()
    {
        Reference.Element12.Sample(f =>
        {
            FinalExponentiation.Raise(f, out Fp12 g);
            Fp12.Square(g, out Fp12 square);
            Fp12.CyclotomicSquare(g, out Fp12 cyclotomic);
            Assert.True(Fp12.AreEqual(square, cyclotomic));
            Assert.True(Fp12.AreEqual(Fp12.One, Reference.Power(g, Reference.R)));
            Assert.False(Fp12.AreEqual(Fp12.One, g));
        }, iter: 5);
    }
}
