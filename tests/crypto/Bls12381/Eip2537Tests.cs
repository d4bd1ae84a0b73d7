using System.Text.Json;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>The operations of EIP-2537, in its own encoding: coordinates padded to 64 bytes, infinity all zeros.</summary>
public sealed class Eip2537Tests
{
    private const int Padded = 64;
    private const int G1Bytes = 2 * Padded;
    private const int G2Bytes = 4 * Padded;

    private delegate byte[]? Operation(byte[] input);

    private static readonly Dictionary<string, Operation> Operations = new()
    {
        ["blsG1Add"] = AddG1,
        ["blsG1Mul"] = input => input.Length == G1Bytes + 32 ? SumG1(input) : null,
        ["blsG1MultiExp"] = SumG1,
        ["blsG2Add"] = AddG2,
        ["blsG2Mul"] = input => input.Length == G2Bytes + 32 ? SumG2(input) : null,
        ["blsG2MultiExp"] = SumG2,
        ["blsMapG1"] = input => input.Length == Padded && ReadFp(input, out Fp u) ? Write(HashToCurve.MapToG1(u)) : null,
        ["blsMapG2"] = input => input.Length == 2 * Padded && ReadFp2(input, out Fp2 u) ? Write(HashToCurve.MapToG2(u)) : null,
        ["blsPairing"] = Check,
    };

    public static TheoryData<string, int> Good => All("");

    public static TheoryData<string, int> Bad => All("fail-");

    private static TheoryData<string, int> All(string prefix)
    {
        var rows = new TheoryData<string, int>();
        foreach (string operation in Operations.Keys)
        {
            for (int i = 0; i < BlsVectors.Cases($"eip2537/{prefix}{operation}").Length; i++)
            {
                rows.Add(operation, i);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void Results_are_as_published(string operation, int index)
    {
        JsonElement one = BlsVectors.Cases("eip2537/" + operation)[index];
        Assert.Equal(one.Text("Expected"), Convert.ToHexStringLower(Operations[operation](one.Hex("Input"))!));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Bad_inputs_are_refused(string operation, int index)
    {
        JsonElement one = BlsVectors.Cases("eip2537/fail-" + operation)[index];
        Assert.Null(Operations[operation](one.Hex("Input")));
    }

    private static bool ReadFp(ReadOnlySpan<byte> input, out Fp value)
    {
        value = default;
        return !input[..16].ContainsAnyExcept((byte)0) && Fp.TryRead(input[16..Padded], 0, out value);
    }

    private static bool ReadFp2(ReadOnlySpan<byte> input, out Fp2 value)
    {
        value = default;
        return ReadFp(input, out value.C0) && ReadFp(input[Padded..], out value.C1);
    }

    private static bool ReadG1(ReadOnlySpan<byte> input, out Projective<Fp, G1Curve> point)
    {
        point = Projective<Fp, G1Curve>.Identity;
        if (!input.ContainsAnyExcept((byte)0))
        {
            return true;
        }

        if (!ReadFp(input[..Padded], out Fp x) || !ReadFp(input[Padded..], out Fp y))
        {
            return false;
        }

        point = new() { X = x, Y = y, Z = Fp.One };
        return Projective<Fp, G1Curve>.OnCurveMask(point) != 0;
    }

    private static bool ReadG2(ReadOnlySpan<byte> input, out Projective<Fp2, G2Curve> point)
    {
        point = Projective<Fp2, G2Curve>.Identity;
        if (!input.ContainsAnyExcept((byte)0))
        {
            return true;
        }

        if (!ReadFp2(input[..(2 * Padded)], out Fp2 x) || !ReadFp2(input[(2 * Padded)..], out Fp2 y))
        {
            return false;
        }

        point = new() { X = x, Y = y, Z = Fp2.One };
        return Projective<Fp2, G2Curve>.OnCurveMask(point) != 0;
    }

    private static byte[] Write(G1Point point)
    {
        var plain = new byte[G1Point.UncompressedLength];
        point.WriteUncompressed(plain);
        plain[0] &= 0x1f;
        return [.. new byte[16], .. plain[..48], .. new byte[16], .. plain[48..]];
    }

    private static byte[] Write(G2Point point)
    {
        var plain = new byte[G2Point.UncompressedLength];
        point.WriteUncompressed(plain);
        plain[0] &= 0x1f;
        return
        [
            .. new byte[16], .. plain[48..96], .. new byte[16], .. plain[..48],
            .. new byte[16], .. plain[144..], .. new byte[16], .. plain[96..144],
        ];
    }

    /// <summary>Addition of EIP-2537 takes any points of the curve.</summary>
    private static byte[]? AddG1(byte[] input)
    {
        if (input.Length != 2 * G1Bytes || !ReadG1(input.AsSpan(0, G1Bytes), out var a) || !ReadG1(input.AsSpan(G1Bytes), out var b))
        {
            return null;
        }

        Projective<Fp, G1Curve>.Add(a, b, out var sum);
        if (Projective<Fp, G1Curve>.IdentityMask(b) == 0)
        {
            Projective<Fp, G1Curve>.AddAffine(a, b.X, b.Y, out var mixed);
            Assert.True(Projective<Fp, G1Curve>.EqualMask(sum, mixed) != 0);
        }

        return Write(new G1Point(sum));
    }

    private static byte[]? AddG2(byte[] input)
    {
        if (input.Length != 2 * G2Bytes || !ReadG2(input.AsSpan(0, G2Bytes), out var a) || !ReadG2(input.AsSpan(G2Bytes), out var b))
        {
            return null;
        }

        Projective<Fp2, G2Curve>.Add(a, b, out var sum);
        if (Projective<Fp2, G2Curve>.IdentityMask(b) == 0)
        {
            Projective<Fp2, G2Curve>.AddAffine(a, b.X, b.Y, out var mixed);
            Assert.True(Projective<Fp2, G2Curve>.EqualMask(sum, mixed) != 0);
        }

        return Write(new G2Point(sum));
    }

    private static byte[]? SumG1(byte[] input)
    {
        const int Size = G1Bytes + 32;
        if (input.Length == 0 || input.Length % Size != 0)
        {
            return null;
        }

        var points = new G1Point[input.Length / Size];
        var scalars = new Scalar[points.Length];
        G1Point separately = G1Point.Identity;
        for (int i = 0; i < points.Length; i++)
        {
            if (!ReadG1(input.AsSpan(i * Size, G1Bytes), out var point) || G1Curve.SubgroupMask(point) == 0)
            {
                return null;
            }

            points[i] = new G1Point(point);
            scalars[i] = Scalar.FromBytesReduced(input.AsSpan((i * Size) + G1Bytes, 32));
            separately += scalars[i] * points[i];
        }

        G1Point sum = G1Point.MultiplySum(points, scalars);
        Assert.Equal(separately, sum);
        return Write(sum);
    }

    private static byte[]? SumG2(byte[] input)
    {
        const int Size = G2Bytes + 32;
        if (input.Length == 0 || input.Length % Size != 0)
        {
            return null;
        }

        var points = new G2Point[input.Length / Size];
        var scalars = new Scalar[points.Length];
        G2Point separately = G2Point.Identity;
        for (int i = 0; i < points.Length; i++)
        {
            if (!ReadG2(input.AsSpan(i * Size, G2Bytes), out var point) || G2Curve.SubgroupMask(point) == 0)
            {
                return null;
            }

            points[i] = new G2Point(point);
            scalars[i] = Scalar.FromBytesReduced(input.AsSpan((i * Size) + G2Bytes, 32));
            separately += scalars[i] * points[i];
        }

        G2Point sum = G2Point.MultiplySum(points, scalars);
        Assert.Equal(separately, sum);
        return Write(sum);
    }

    private static byte[]? Check(byte[] input)
    {
        const int Size = G1Bytes + G2Bytes;
        if (input.Length == 0 || input.Length % Size != 0)
        {
            return null;
        }

        var left = new G1Point[input.Length / Size];
        var right = new G2Point[left.Length];
        for (int i = 0; i < left.Length; i++)
        {
            if (!ReadG1(input.AsSpan(i * Size, G1Bytes), out var p) || G1Curve.SubgroupMask(p) == 0
                || !ReadG2(input.AsSpan((i * Size) + G1Bytes, G2Bytes), out var q) || G2Curve.SubgroupMask(q) == 0)
            {
                return null;
            }

            left[i] = new G1Point(p);
            right[i] = new G2Point(q);
        }

        var result = new byte[32];
        result[31] = Pairing.ProductIsOne(left, right) ? (byte)1 : (byte)0;
        return result;
    }
}
