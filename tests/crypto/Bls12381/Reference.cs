using System.Globalization;
using System.Numerics;
using Bft.Crypto.Bls12381.Fields;
using CsCheck;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>The same fields in arbitrary-precision integers, and generators that like the edges.</summary>
internal static class Reference
{
    public static BigInteger P { get; } = BigInteger.Parse(
        "01a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
        NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static BigInteger R { get; } = BigInteger.Parse(
        "073eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static Gen<BigInteger> Number { get; } = Gen.Frequency(
        (8, Gen.Byte.Array[48].Select(bytes => new BigInteger(bytes, isUnsigned: true) % P)),
        (1, Gen.Int[0, 3].Select(i => (BigInteger)i)),
        (1, Gen.Int[1, 3].Select(i => P - i)),
        (1, Gen.Int[0, 380].Select(i => BigInteger.Pow(2, i))),
        (1, Gen.Int[0, 1].Select(i => ((P - 1) / 2) + i)));

    public static Gen<Fp12> Element12 { get; } = Number.Array[12].Select(n => new Fp12
    {
        C0 = new Fp6 { C0 = Fp2(n[0], n[1]), C1 = Fp2(n[2], n[3]), C2 = Fp2(n[4], n[5]) },
        C1 = new Fp6 { C0 = Fp2(n[6], n[7]), C1 = Fp2(n[8], n[9]), C2 = Fp2(n[10], n[11]) },
    });

    public static BigInteger Mod(BigInteger a) => ((a % P) + P) % P;

    public static byte[] Bytes(BigInteger a, int length = 48)
    {
        byte[] little = a.ToByteArray(isUnsigned: true);
        Array.Resize(ref little, length);
        Array.Reverse(little);
        return little;
    }

    public static Fp Fp(BigInteger a)
    {
        Assert.True(Crypto.Bls12381.Fields.Fp.TryRead(Bytes(a), 0, out Fp value));
        return value;
    }

    public static Fp2 Fp2(BigInteger a, BigInteger b) => new() { C0 = Fp(a), C1 = Fp(b) };

    public static BigInteger Of(Fp a)
    {
        var bytes = new byte[48];
        Crypto.Bls12381.Fields.Fp.Write(a, bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    public static (BigInteger Real, BigInteger Imaginary) Of(Fp2 a) => (Of(a.C0), Of(a.C1));

    public static (BigInteger, BigInteger) Multiply((BigInteger, BigInteger) a, (BigInteger, BigInteger) b) =>
        (Mod((a.Item1 * b.Item1) - (a.Item2 * b.Item2)), Mod((a.Item1 * b.Item2) + (a.Item2 * b.Item1)));

    public static (BigInteger, BigInteger) Power((BigInteger, BigInteger) a, BigInteger exponent)
    {
        (BigInteger, BigInteger) result = (1, 0);
        for (long bit = exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = Multiply(result, result);
            if (!(exponent >> (int)bit).IsEven)
            {
                result = Multiply(result, a);
            }
        }

        return result;
    }

    public static (BigInteger, BigInteger) Inverse((BigInteger, BigInteger) a) => Power(a, (P * P) - 2);

    public static Fp12 Power(Fp12 a, BigInteger exponent)
    {
        Fp12 result = Fp12.One;
        for (long bit = exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            Fp12.Square(result, out result);
            if (!(exponent >> (int)bit).IsEven)
            {
                Fp12.Multiply(result, a, out result);
            }
        }

        return result;
    }
}
