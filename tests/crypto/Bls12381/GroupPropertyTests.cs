using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using CsCheck;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>What a pairing-friendly pair of groups has to satisfy, for random and for edge scalars.</summary>
public sealed class GroupPropertyTests
{
    private static readonly Gen<Scalar> AnyScalar = Gen.Frequency(
        (6, Gen.Byte.Array[Scalar.WideBytes].Select(bytes => Scalar.FromWideBytes(bytes))),
        (1, Gen.ULong[0, 40].Select(Scalar.FromInteger)),
        (1, Gen.ULong[0, 40].Select(number => -Scalar.FromInteger(number))),
        (1, Gen.Int[0, 254].Select(PowerOfTwo)),
        (1, Gen.Int[1, 3].Select(PowerOfZ)));

    private static Scalar PowerOfTwo(int exponent)
    {
        Scalar result = Scalar.One;
        for (int i = 0; i < exponent; i++)
        {
            result += result;
        }

        return result;
    }

    /// <summary>Where the digits of the decomposition carry over.</summary>
    private static Scalar PowerOfZ(int exponent)
    {
        Scalar result = Scalar.One;
        for (int i = 0; i < exponent; i++)
        {
            result *= Scalar.FromInteger(CurveParameter.Absolute);
        }

        return result - Scalar.One;
    }

    [Fact]
    public void Scalars_are_a_field() => Gen.Select(AnyScalar, AnyScalar, AnyScalar).Sample((a, b, c) =>
    {
        Assert.Equal(a * (b + c), (a * b) + (a * c));
        Assert.Equal(a, a - b + b);
        Assert.Equal(Scalar.Zero, a + -a);
        Assert.True(a.IsZero || a * Scalar.Invert(a) == Scalar.One);
        var bytes = new byte[Scalar.Bytes];
        a.Write(bytes);
        Assert.True(Scalar.TryRead(bytes, out Scalar read));
        Assert.Equal(a, read);
        Assert.Equal(a, Scalar.FromWideBytes([.. new byte[16], .. bytes]));
    }, iter: 300);

    [Fact]
    public void Wide_numbers_are_reduced_by_the_order() => Gen.Byte.Array[Scalar.WideBytes].Sample(wide =>
    {
        var bytes = new byte[Scalar.Bytes];
        Scalar.FromWideBytes(wide).Write(bytes);
        Assert.Equal(Reference.Bytes(new System.Numerics.BigInteger(wide, isUnsigned: true, isBigEndian: true) % Reference.R, 32), bytes);
    }, iter: 300);

    [Fact]
    public void The_order_and_above_are_no_scalars()
    {
        Assert.False(Scalar.TryRead(Reference.Bytes(Reference.R, 32), out _));
        Assert.False(Scalar.TryRead([.. Enumerable.Repeat((byte)0xff, 32)], out _));
        Assert.False(Scalar.TryRead(new byte[31], out _));
        Assert.True(Scalar.TryRead(Reference.Bytes(Reference.R - 1, 32), out Scalar last));
        Assert.Equal(-Scalar.One, last);
    }

    [Fact]
    public void Points_of_G1_are_a_module_over_the_scalars() => Gen.Select(AnyScalar, AnyScalar).Sample((a, b) => CheckModule<G1Point>(a, b), iter: 40);

    [Fact]
    public void Points_of_G2_are_a_module_over_the_scalars() => Gen.Select(AnyScalar, AnyScalar).Sample((a, b) => CheckModule<G2Point>(a, b), iter: 30);

    private static void CheckModule<TPoint>(Scalar a, Scalar b)
        where TPoint : struct, IBlsGroup<TPoint>
    {
        TPoint g = TPoint.Generator;
        TPoint ag = TPoint.Multiply(g, a), bg = TPoint.Multiply(g, b);
        Assert.Equal(TPoint.Multiply(g, a + b), TPoint.Add(ag, bg));
        Assert.Equal(TPoint.Multiply(g, a * b), TPoint.Multiply(ag, b));
        Assert.Equal(TPoint.Add(ag, bg), TPoint.Add(bg, ag));
        Assert.Equal(TPoint.Multiply(g, -a), TPoint.Negate(ag));
        Assert.Equal(TPoint.Identity, TPoint.Add(ag, TPoint.Negate(ag)));
        Assert.Equal(ag, TPoint.Add(ag, TPoint.Identity));
        Assert.Equal(TPoint.Multiply(g, a + a), TPoint.Add(ag, ag));
        Assert.Equal(TPoint.Add(ag, bg), TPoint.MultiplySum([g, g], [a, b]));
        Assert.Equal(TPoint.Add(TPoint.Add(ag, bg), g), TPoint.Sum([ag, TPoint.Identity, g, bg]));
        Assert.Equal(TPoint.Identity, TPoint.Sum([]));
        Assert.Equal(TPoint.Add(g, g), TPoint.Sum([g, g]));
        Assert.Equal(a.IsZero, ag.IsIdentity);
        var bytes = new byte[TPoint.CompressedBytes];
        ag.Write(bytes);
        Assert.Equal(BlsRefusal.None, TPoint.Read(bytes, out TPoint read));
        Assert.Equal(ag, read);
        Assert.Equal(ag.GetHashCode(), read.GetHashCode());
    }

    [Fact]
    public void The_endomorphisms_have_their_eigenvalues()
    {
        var z = Scalar.FromInteger(CurveParameter.Absolute);
        G1Point p = HashToCurve.ToG1("p"u8, "tag"u8);
        G1Curve.MultiplyByEigenvalue(p.Coordinates, out var image1);
        Assert.Equal(z * (z * p), new G1Point(image1));
        G2Point q = HashToCurve.ToG2("q"u8, "tag"u8);
        G2Curve.MultiplyByEigenvalue(q.Coordinates, out var image2);
        Assert.Equal(z * q, new G2Point(image2));
    }

    [Fact]
    public void The_pairing_is_bilinear_and_not_degenerate() => Gen.Select(AnyScalar, AnyScalar).Sample((a, b) =>
    {
        G1Point p = HashToCurve.ToG1("p"u8, "tag"u8);
        G2Point q = HashToCurve.ToG2("q"u8, "tag"u8);
        Pairing.Product([a * p], [b * q], out Fp12 left);
        Pairing.Product([p], [(a * b) * q], out Fp12 right);
        Assert.True(Fp12.AreEqual(left, right));
        Assert.Equal((a * b).IsZero, Fp12.AreEqual(left, Fp12.One));
        Assert.True(Pairing.ProductIsOne([a * p, -p], [b * q, (a * b) * q]));
        Assert.False(Pairing.ProductIsOne([a * p, -p], [b * q, (a * b + Scalar.One) * q]));
        Pairing.Product([p, a * p], [b * q, q], out Fp12 product);
        Pairing.Product([p], [(a + b) * q], out Fp12 single);
        Assert.True(Fp12.AreEqual(product, single));
    }, iter: 15);

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(40)]
    public void A_product_of_many_pairings_is_the_pairing_of_the_sum(int pairs)
    {
        Scalar[] scalars = [.. Enumerable.Range(1, pairs).Select(i => Scalar.FromInteger((ulong)(i * i)))];
        G1Point[] p = [.. scalars.Select(s => s * G1Point.Generator), G1Point.Identity];
        G2Point[] q = [.. scalars.Select((_, i) => Scalar.FromInteger((ulong)i + 3) * G2Point.Generator), G2Point.Generator];
        Scalar sum = scalars.Select((s, i) => s * Scalar.FromInteger((ulong)i + 3)).Aggregate((x, y) => x + y);
        Assert.True(Pairing.ProductIsOne([.. p, -(sum * G1Point.Generator)], [.. q, G2Point.Generator]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(67)]
    [InlineData(300)]
    public void Sums_of_multiples_are_what_one_by_one_gives(int points)
    {
        Scalar[] scalars = [.. Enumerable.Range(0, points).Select(i => i % 7 == 0 ? Scalar.Zero : Scalar.Random())];
        G1Point[] bases = [.. scalars.Select((_, i) => Scalar.FromInteger((ulong)i + 1) * G1Point.Generator)];
        G1Point expected = scalars.Select((s, i) => s * bases[i]).Aggregate(G1Point.Identity, (x, y) => x + y);
        Assert.Equal(expected, G1Point.MultiplySum(bases, scalars));
        Assert.Throws<ArgumentException>(() => G1Point.MultiplySum(bases, [.. scalars, Scalar.One]));
    }

    [Fact]
    public void Random_bytes_are_never_a_point_by_accident_and_never_throw()
    {
        // A random x is on the curve half of the time, but in the subgroup once in 2^125.
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            Assert.NotEqual(BlsRefusal.None, G1Point.Read(bytes, out G1Point g1));
            Assert.True(g1.IsIdentity);
            Assert.NotEqual(BlsRefusal.None, G2Point.Read(bytes, out G2Point g2));
            Assert.True(g2.IsIdentity);
            Assert.NotEqual(BlsRefusal.None, G1Point.ReadUncompressed(bytes, out _));
            Assert.NotEqual(BlsRefusal.None, G2Point.ReadUncompressed(bytes, out _));
        }, iter: 300);
        Gen.Byte.Array[48].Sample(bytes =>
        {
            bytes[0] = (byte)(0x80 | (bytes[0] & 0x2f));
            Assert.NotEqual(BlsRefusal.None, G1Point.Read(bytes, out _));
        }, iter: 200);
        Gen.Byte.Array[96].Sample(bytes =>
        {
            bytes[0] = (byte)(0x80 | (bytes[0] & 0x2f));
            Assert.NotEqual(BlsRefusal.None, G2Point.Read(bytes, out _));
        }, iter: 200);
    }

    [Fact]
    public void A_changed_bit_is_refused_or_another_point()
    {
        byte[] original = (Scalar.FromInteger(7) * G1Point.Generator).ToBytes();
        for (int bit = 0; bit < original.Length * 8; bit++)
        {
            byte[] changed = [.. original];
            changed[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            if (G1Point.Read(changed, out G1Point point) == BlsRefusal.None)
            {
                // Only the sign gives a point of the subgroup again.
                Assert.Equal(2, bit);
                Assert.Equal(-(Scalar.FromInteger(7) * G1Point.Generator), point);
            }
        }
    }

    [Theory]
    [InlineData("c0", 48, BlsRefusal.None)]
    [InlineData("e0", 48, BlsRefusal.WrongFlags)]
    [InlineData("40", 48, BlsRefusal.WrongFlags)]
    [InlineData("80", 48, BlsRefusal.NotInSubgroup)]
    [InlineData("00", 48, BlsRefusal.WrongFlags)]
    [InlineData("c0", 47, BlsRefusal.WrongLength)]
    [InlineData("c0", 49, BlsRefusal.WrongLength)]
    [InlineData("c0", 0, BlsRefusal.WrongLength)]
    [InlineData("9f", 48, BlsRefusal.NotCanonical)]
    [InlineData("c1", 48, BlsRefusal.WrongFlags)]
    public void Each_bad_encoding_of_G1_has_its_reason(string firstByte, int length, BlsRefusal reason)
    {
        var bytes = new byte[length];
        if (length > 0)
        {
            bytes[0] = Convert.FromHexString(firstByte)[0];
        }

        Assert.Equal(reason, G1Point.Read(bytes, out G1Point point));
        Assert.True(point.IsIdentity);
    }

    [Fact]
    public void Uncompressed_encodings_have_their_reasons_too()
    {
        var bytes = new byte[G1Point.UncompressedLength];
        Assert.Equal(BlsRefusal.NotOnCurve, G1Point.ReadUncompressed(bytes, out _));
        bytes[0] = 0x40;
        Assert.Equal(BlsRefusal.None, G1Point.ReadUncompressed(bytes, out G1Point identity));
        Assert.True(identity.IsIdentity);
        bytes[95] = 1;
        Assert.Equal(BlsRefusal.WrongFlags, G1Point.ReadUncompressed(bytes, out _));
        G1Point.Generator.WriteUncompressed(bytes);
        bytes[0] |= 0x20;
        Assert.Equal(BlsRefusal.WrongFlags, G1Point.ReadUncompressed(bytes, out _));
        bytes[0] ^= 0xa0;
        Assert.Equal(BlsRefusal.WrongFlags, G1Point.ReadUncompressed(bytes, out _));
        Assert.Equal(BlsRefusal.WrongLength, G1Point.ReadUncompressed(bytes.AsSpan(1), out _));
        // (0, 2) is on the curve, and of order three.
        Array.Clear(bytes);
        bytes[95] = 2;
        Assert.Equal(BlsRefusal.NotInSubgroup, G1Point.ReadUncompressed(bytes, out _));
        // y + p instead of y.
        G1Point.Generator.WriteUncompressed(bytes);
        Reference.Bytes(new System.Numerics.BigInteger(bytes.AsSpan(48), isUnsigned: true, isBigEndian: true) + Reference.P).CopyTo(bytes, 48);
        Assert.Equal(BlsRefusal.NotCanonical, G1Point.ReadUncompressed(bytes, out _));
    }

    [Fact]
    public void Complete_formulas_hold_outside_the_subgroup_as_well()
    {
        // (0, ±2) of order three: the affine formulas would divide by zero.
        Fp two = Fp.FromInteger(2);
        var p = new Projective<Fp, G1Curve> { X = default, Y = two, Z = Fp.One };
        Projective<Fp, G1Curve>.Double(p, out var twice);
        Projective<Fp, G1Curve>.Negate(p, out var negative);
        Assert.True(Projective<Fp, G1Curve>.EqualMask(twice, negative) != 0);
        Projective<Fp, G1Curve>.Add(twice, p, out var zero);
        Assert.True(Projective<Fp, G1Curve>.IdentityMask(zero) != 0);
        Projective<Fp, G1Curve>.Double(zero, out zero);
        Assert.True(Projective<Fp, G1Curve>.IdentityMask(zero) != 0);
        Projective<Fp, G1Curve>.AddAffine(zero, p.X, p.Y, out var again);
        Assert.True(Projective<Fp, G1Curve>.EqualMask(again, p) != 0);
        Assert.Equal(0ul, G1Curve.SubgroupMask(p));
        G1Curve.ClearCofactor(p, out var cleared);
        Assert.NotEqual(0ul, Projective<Fp, G1Curve>.IdentityMask(cleared));
    }
}
