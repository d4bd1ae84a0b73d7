using System.Text.Json;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>Encodings of multiples of the generators, GT values of pairings, and what must not be decoded.</summary>
public sealed class GroupVectorTests
{
    public static TheoryData<int> MultiplesOfG1 => BlsVectors.Rows("zkcrypto/g1_multiples_serialization");

    [Theory]
    [MemberData(nameof(MultiplesOfG1))]
    public void Multiples_of_the_generator_of_G1(int index)
    {
        JsonElement one = BlsVectors.Cases("zkcrypto/g1_multiples_serialization")[index];
        var scalar = Scalar.FromInteger(one.GetProperty("k").GetUInt64());
        G1Point point = scalar * G1Point.Generator;
        Assert.Equal(one.Hex("compressed"), point.ToBytes());
        var uncompressed = new byte[G1Point.UncompressedLength];
        point.WriteUncompressed(uncompressed);
        Assert.Equal(one.Hex("uncompressed"), uncompressed);
        Assert.Equal(BlsRefusal.None, G1Point.Read(one.Hex("compressed"), out G1Point read));
        Assert.Equal(point, read);
        Assert.Equal(BlsRefusal.None, G1Point.ReadUncompressed(uncompressed, out read));
        Assert.Equal(point, read);
        Assert.Equal(point, G1Point.MultiplySum([G1Point.Generator], [scalar]));
    }

    public static TheoryData<int> MultiplesOfG2 => BlsVectors.Rows("zkcrypto/g2_multiples_serialization");

    [Theory]
    [MemberData(nameof(MultiplesOfG2))]
    public void Multiples_of_the_generator_of_G2(int index)
    {
        JsonElement one = BlsVectors.Cases("zkcrypto/g2_multiples_serialization")[index];
        var scalar = Scalar.FromInteger(one.GetProperty("k").GetUInt64());
        G2Point point = scalar * G2Point.Generator;
        Assert.Equal(one.Hex("compressed"), point.ToBytes());
        var uncompressed = new byte[G2Point.UncompressedLength];
        point.WriteUncompressed(uncompressed);
        Assert.Equal(one.Hex("uncompressed"), uncompressed);
        Assert.Equal(BlsRefusal.None, G2Point.Read(one.Hex("compressed"), out G2Point read));
        Assert.Equal(point, read);
        Assert.Equal(BlsRefusal.None, G2Point.ReadUncompressed(uncompressed, out read));
        Assert.Equal(point, read);
        Assert.Equal(point, G2Point.MultiplySum([G2Point.Generator], [scalar]));
    }

    public static TheoryData<int> Pairings => BlsVectors.Rows("pairing/gt_go_pairing");

    [Theory]
    [MemberData(nameof(Pairings))]
    public void Pairings_of_multiples_of_the_generators(int index)
    {
        JsonElement one = BlsVectors.Cases("pairing/gt_go_pairing")[index];
        var scalar = Scalar.FromInteger(one.GetProperty("i").GetUInt64() + 1);
        Pairing.Product([scalar * G1Point.Generator], [scalar * G2Point.Generator], out Fp12 gt);
        var bytes = new byte[12 * Fp.Bytes];
        Fp2[] parts = [gt.C1.C2, gt.C1.C1, gt.C1.C0, gt.C0.C2, gt.C0.C1, gt.C0.C0];
        for (int i = 0; i < parts.Length; i++)
        {
            Fp2.Write(parts[i], bytes.AsSpan(i * Fp2.Bytes, Fp2.Bytes));
        }

        Assert.Equal(one.Hex("gt"), bytes);
    }

    public static TheoryData<int> DecodingsOfG1 => BlsVectors.Rows("eth-bls/deserialization_G1");

    [Theory]
    [MemberData(nameof(DecodingsOfG1))]
    public void Decodings_of_G1_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/deserialization_G1")[index];
        BlsRefusal refusal = G1Point.Read(one.GetProperty("input").Hex("pubkey"), out G1Point point);
        Assert.Equal(one.GetProperty("output").GetBoolean(), refusal == BlsRefusal.None);
        Assert.True(refusal == BlsRefusal.None || point.IsIdentity);
    }

    public static TheoryData<int> DecodingsOfG2 => BlsVectors.Rows("eth-bls/deserialization_G2");

    [Theory]
    [MemberData(nameof(DecodingsOfG2))]
    public void Decodings_of_G2_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/deserialization_G2")[index];
        BlsRefusal refusal = G2Point.Read(one.GetProperty("input").Hex("signature"), out G2Point point);
        Assert.Equal(one.GetProperty("output").GetBoolean(), refusal == BlsRefusal.None);
        Assert.True(refusal == BlsRefusal.None || point.IsIdentity);
    }
}
