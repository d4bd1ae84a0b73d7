using System.Globalization;
using System.Text;
using System.Text.Json;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Hashing;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>RFC 9380 appendices J and K, Ethereum's and Wycheproof's cases of hashing to the groups.</summary>
public sealed class HashToCurveVectorTests
{
    public static TheoryData<string, int> Suites
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (string suite in (string[])["G1_XMD_SHA-256_SSWU_RO_", "G1_XMD_SHA-256_SSWU_NU_", "G2_XMD_SHA-256_SSWU_RO_", "G2_XMD_SHA-256_SSWU_NU_"])
            {
                for (int i = 0; i < BlsVectors.Cases("rfc9380/BLS12381" + suite, "vectors").Length; i++)
                {
                    rows.Add(suite, i);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Hashes_of_the_RFC(string suite, int index)
    {
        byte[] domain = Encoding.ASCII.GetBytes(BlsVectors.Root("rfc9380/BLS12381" + suite).Text("dst"));
        JsonElement one = BlsVectors.Cases("rfc9380/BLS12381" + suite, "vectors")[index];
        byte[] message = Encoding.ASCII.GetBytes(one.Text("msg"));
        byte[] point = suite switch
        {
            "G1_XMD_SHA-256_SSWU_RO_" => Uncompressed(HashToCurve.ToG1(message, domain)),
            "G1_XMD_SHA-256_SSWU_NU_" => Uncompressed(HashToCurve.EncodeToG1(message, domain)),
            "G2_XMD_SHA-256_SSWU_RO_" => Uncompressed(HashToCurve.ToG2(message, domain)),
            _ => Uncompressed(HashToCurve.EncodeToG2(message, domain)),
        };
        Assert.Equal(Coordinates(one.GetProperty("P").Text("x"), one.GetProperty("P").Text("y")), point);
    }

    public static TheoryData<string, int> Expansions
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (string file in (string[])["rfc9380/expand_message_xmd_SHA256_38", "rfc9380/expand_message_xmd_SHA256_256"])
            {
                for (int i = 0; i < BlsVectors.Cases(file, "tests").Length; i++)
                {
                    rows.Add(file, i);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Expansions))]
    public void Expansions_of_the_RFC_with_short_and_oversize_tags(string file, int index)
    {
        byte[] domain = Encoding.ASCII.GetBytes(BlsVectors.Root(file).Text("DST"));
        JsonElement one = BlsVectors.Cases(file, "tests")[index];
        var uniform = new byte[int.Parse(one.Text("len_in_bytes")[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
        ExpandMessage.Xmd(Encoding.ASCII.GetBytes(one.Text("msg")), domain, uniform);
        Assert.Equal(one.Hex("uniform_bytes"), uniform);
    }

    public static TheoryData<int> Ethereum => BlsVectors.Rows("eth-bls/hash_to_G2");

    [Theory]
    [MemberData(nameof(Ethereum))]
    public void Hashes_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/hash_to_G2")[index];
        G2Point point = HashToCurve.ToG2(
            Encoding.ASCII.GetBytes(one.GetProperty("input").Text("msg")), "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"u8);
        Assert.Equal(Coordinates(one.GetProperty("output").Text("x"), one.GetProperty("output").Text("y")), Uncompressed(point));
    }

    public static TheoryData<int> Wycheproof => BlsVectors.Rows("wycheproof/bls_hash_to_g2_test", "testGroups/*/tests");

    [Theory]
    [MemberData(nameof(Wycheproof))]
    public void Hashes_of_Wycheproof(int index)
    {
        JsonElement one = BlsVectors.Cases("wycheproof/bls_hash_to_g2_test", "testGroups/*/tests")[index];
        byte[] domain = Encoding.ASCII.GetBytes(BlsVectors.Cases("wycheproof/bls_hash_to_g2_test", "testGroups").Single().Text("dst"));
        Assert.Equal("valid", one.Text("result"));
        Assert.Equal(one.Hex("expected"), HashToCurve.ToG2(one.Hex("msg"), domain).ToBytes());
    }

    [Fact]
    public void An_empty_tag_is_the_callers_bug()
    {
        Assert.Throws<ArgumentException>(() => HashToCurve.ToG1("m"u8, []));
        Assert.Throws<ArgumentException>(() => HashToCurve.EncodeToG2("m"u8, []));
    }

    private static byte[] Uncompressed(G1Point point)
    {
        var bytes = new byte[G1Point.UncompressedLength];
        point.WriteUncompressed(bytes);
        return bytes;
    }

    private static byte[] Uncompressed(G2Point point)
    {
        var bytes = new byte[G2Point.UncompressedLength];
        point.WriteUncompressed(bytes);
        return bytes;
    }

    /// <summary>"c0,c1" or "c0": the encoding has c1 first.</summary>
    private static byte[] Coordinates(string x, string y) =>
        [.. x.Split(',').Reverse().SelectMany(BlsVectors.FromHex), .. y.Split(',').Reverse().SelectMany(BlsVectors.FromHex)];
}
