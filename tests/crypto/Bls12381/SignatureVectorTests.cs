using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>Published signatures: Ethereum's suite, Wycheproof, drand's live network, noble-curves, EIP-2333, and shares of a threshold key.</summary>
public sealed class SignatureVectorTests
{
    private static readonly BlsScheme<G1Point, G2Point> MinimalKeys = BlsSchemes.MinimalKeys;

    public static TheoryData<int> EthereumSign => BlsVectors.Rows("eth-bls/sign");

    [Theory]
    [MemberData(nameof(EthereumSign))]
    public void Signatures_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/sign")[index];
        BlsRefusal refusal = BlsSecretKey.Read(one.GetProperty("input").Hex("privkey"), out BlsSecretKey? secret);
        if (one.GetProperty("output").ValueKind == JsonValueKind.Null)
        {
            Assert.Equal(BlsRefusal.SecretOutOfRange, refusal);
            return;
        }

        Assert.Equal(one.Hex("output"), MinimalKeys.Sign(secret!, one.GetProperty("input").Hex("message")).ToBytes());
    }

    public static TheoryData<int> EthereumVerify => BlsVectors.Rows("eth-bls/verify");

    [Theory]
    [MemberData(nameof(EthereumVerify))]
    public void Verdicts_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/verify")[index];
        JsonElement input = one.GetProperty("input");
        Assert.Equal(
            one.GetProperty("output").GetBoolean(),
            MinimalKeys.Verify(input.Hex("pubkey"), input.Hex("message"), input.Hex("signature")) == BlsRefusal.None);
    }

    public static TheoryData<int> EthereumAggregate => BlsVectors.Rows("eth-bls/aggregate");

    [Theory]
    [MemberData(nameof(EthereumAggregate))]
    public void Aggregates_of_Ethereum(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/aggregate")[index];
        G2Point[] signatures =
        [
            .. one.GetProperty("input").EnumerateArray().Select(bytes =>
            {
                Assert.Equal(BlsRefusal.None, G2Point.Read(BlsVectors.FromHex(bytes.GetString()!), out G2Point point));
                return point;
            }),
        ];
        if (one.GetProperty("output").ValueKind == JsonValueKind.Null)
        {
            Assert.Empty(signatures);
            return;
        }

        Assert.Equal(one.Hex("output"), MinimalKeys.Aggregate(signatures).ToBytes());
    }

    public static TheoryData<int> EthereumAggregateVerify => BlsVectors.Rows("eth-bls/aggregate_verify");

    [Theory]
    [MemberData(nameof(EthereumAggregateVerify))]
    public void Verdicts_of_Ethereum_on_aggregates(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/aggregate_verify")[index];
        JsonElement input = one.GetProperty("input");
        Assert.Equal(
            one.GetProperty("output").GetBoolean(),
            AggregateVerify(MinimalKeys, input.HexArray("pubkeys"), input.HexArray("messages"), input.Hex("signature")));
    }

    public static TheoryData<int> EthereumFastAggregateVerify => BlsVectors.Rows("eth-bls/fast_aggregate_verify");

    [Theory]
    [MemberData(nameof(EthereumFastAggregateVerify))]
    public void Verdicts_of_Ethereum_on_aggregates_over_one_message(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/fast_aggregate_verify")[index];
        JsonElement input = one.GetProperty("input");
        bool verdict = ReadKeys(MinimalKeys, input.HexArray("pubkeys"), out G1Point[] keys)
            && MinimalKeys.ReadSignature(input.Hex("signature"), out G2Point signature) == BlsRefusal.None
            && MinimalKeys.FastAggregateVerify(keys, input.Hex("message"), signature) == BlsRefusal.None;
        Assert.Equal(one.GetProperty("output").GetBoolean(), verdict);
    }

    public static TheoryData<int> EthereumBatchVerify => BlsVectors.Rows("eth-bls/batch_verify");

    [Theory]
    [MemberData(nameof(EthereumBatchVerify))]
    public void Verdicts_of_Ethereum_on_batches(int index)
    {
        JsonElement one = BlsVectors.Cases("eth-bls/batch_verify")[index];
        JsonElement input = one.GetProperty("input");
        ReadOnlyMemory<byte>[] messages = [.. input.HexArray("messages").Select(bytes => new ReadOnlyMemory<byte>(bytes))];
        var signatures = new G2Point[messages.Length];
        bool verdict = ReadKeys(MinimalKeys, input.HexArray("pubkeys"), out G1Point[] keys)
            && input.HexArray("signatures").Select((bytes, i) => MinimalKeys.ReadSignature(bytes, out signatures[i])).ToArray().All(one => one == BlsRefusal.None)
            && MinimalKeys.BatchVerify(keys, messages, signatures) == BlsRefusal.None;
        Assert.Equal(one.GetProperty("output").GetBoolean(), verdict);
    }

    public static TheoryData<string, int> WycheproofVerify
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (string file in (string[])["wycheproof/bls_sig_g2_basic_verify_test", "wycheproof/bls_sig_g2_pop_verify_test"])
            {
                for (int i = 0; i < BlsVectors.Cases(file, "testGroups/*/tests").Length; i++)
                {
                    rows.Add(file, i);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(WycheproofVerify))]
    public void Verdicts_of_Wycheproof(string file, int index)
    {
        (JsonElement group, JsonElement one) = InGroup(file, index);
        BlsScheme<G1Point, G2Point> scheme = Suite(group);
        BlsRefusal refusal = scheme.Verify(group.GetProperty("publicKey").Hex("pk"), one.Hex("msg"), one.Hex("sig"));
        Assert.Equal(one.Text("result") == "valid", refusal == BlsRefusal.None);
        BlsRefusal[]? expected = one.GetProperty("flags").EnumerateArray().First().GetString() switch
        {
            "IdentityPoint" => [BlsRefusal.Identity],
            "NotInSubgroup" => [BlsRefusal.NotInSubgroup],
            "NotOnCurve" => [BlsRefusal.NotOnCurve],
            "TruncatedSignature" => [BlsRefusal.WrongLength],
            "InvalidFlags" => [BlsRefusal.WrongFlags],
            "WrongKey" or "WrongMessage" or "SignatureMalleability" or "WrongDST" => [BlsRefusal.WrongSignature],
            _ => null,
        };
        Assert.True(expected is null || expected.Contains(refusal), $"{one.Text("comment")}: {refusal}");
    }

    public static TheoryData<int> WycheproofAggregate => BlsVectors.Rows("wycheproof/bls_sig_g2_aggregate_verify_test", "testGroups/*/tests");

    [Theory]
    [MemberData(nameof(WycheproofAggregate))]
    public void Verdicts_of_Wycheproof_on_aggregates(int index)
    {
        (JsonElement group, JsonElement one) = InGroup("wycheproof/bls_sig_g2_aggregate_verify_test", index);
        Assert.Equal(
            one.Text("result") == "valid",
            AggregateVerify(Suite(group), one.HexArray("pubkeys"), one.HexArray("messages"), one.Hex("sig")));
    }

    public static TheoryData<int> Drand => BlsVectors.Rows("drand/beacons");

    [Theory]
    [MemberData(nameof(Drand))]
    public void Beacons_of_a_live_network(int index)
    {
        JsonElement one = BlsVectors.Cases("drand/beacons")[index];
        byte[] tag = Encoding.ASCII.GetBytes(one.Text("dst")), key = one.Hex("PubKey"), message = one.Hex("message"), signature = one.Hex("Sig");
        BlsRefusal refusal = key.Length == G1Point.CompressedLength
            ? BlsSchemes.MinimalKeysUnder(tag, "proof"u8).Verify(key, message, signature)
            : BlsSchemes.MinimalSignaturesUnder(tag, "proof"u8).Verify(key, message, signature);
        Assert.Equal(BlsRefusal.None, refusal);
        signature[^1] ^= 1;
        Assert.NotEqual(BlsRefusal.None, BlsSchemes.MinimalKeysUnder(tag, "proof"u8).Verify(key, message, signature));
    }

    public static TheoryData<int> MinimalSignatureVectors => BlsVectors.Rows("sign/min_sig_g1_sign_vectors", "vectors");

    [Theory]
    [MemberData(nameof(MinimalSignatureVectors))]
    public void Minimal_signatures(int index)
    {
        JsonElement one = BlsVectors.Cases("sign/min_sig_g1_sign_vectors", "vectors")[index];
        byte[] tag = Encoding.ASCII.GetBytes(BlsVectors.Root("sign/min_sig_g1_sign_vectors").Text("dst"));
        using var secret = new BlsSecretKey(Scalar.FromBytesReduced(one.Hex("sk")));
        BlsScheme<G2Point, G1Point> scheme = BlsSchemes.MinimalSignaturesUnder(tag, "proof"u8);
        G1Point signature = scheme.Sign(secret, one.Hex("msg"));
        Assert.Equal(one.Hex("sig"), signature.ToBytes());
        Assert.Equal(BlsRefusal.None, scheme.Verify(scheme.PublicKey(secret), one.Hex("msg"), signature));
    }

    public static TheoryData<int> MinimalKeyVectors => BlsVectors.Rows("sign/min_pk_g2_sign_vectors", "vectors");

    [Theory]
    [MemberData(nameof(MinimalKeyVectors))]
    public void Minimal_keys(int index)
    {
        JsonElement one = BlsVectors.Cases("sign/min_pk_g2_sign_vectors", "vectors")[index];
        byte[] tag = Encoding.ASCII.GetBytes(BlsVectors.Root("sign/min_pk_g2_sign_vectors").Text("dst"));
        using var secret = new BlsSecretKey(Scalar.FromBytesReduced(one.Hex("sk")));
        Assert.Equal(one.Hex("sig"), BlsSchemes.MinimalKeysUnder(tag, "proof"u8).Sign(secret, one.Hex("msg")).ToBytes());
    }

    public static TheoryData<int> Derivations => BlsVectors.Rows("eip2333/eip2333");

    [Theory]
    [MemberData(nameof(Derivations))]
    public void Keys_are_derived_as_in_EIP_2333(int index)
    {
        JsonElement one = BlsVectors.Cases("eip2333/eip2333")[index];
        using BlsSecretKey master = BlsSecretKey.FromSeed(one.Hex("seed"));
        using BlsSecretKey child = master.DeriveChild(one.GetProperty("child_index").GetUInt32());
        Assert.Equal(one.Text("master_SK"), Number(master));
        Assert.Equal(one.Text("child_SK"), Number(child));
    }

    private static string Number(BlsSecretKey key)
    {
        var bytes = new byte[BlsSecretKey.Bytes];
        key.Write(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture);
    }

    public static TheoryData<int> Thresholds => BlsVectors.Rows("threshold/threshold_min_pk");

    [Theory]
    [MemberData(nameof(Thresholds))]
    public void Shares_recombine_to_the_signature_of_the_group(int index)
    {
        JsonElement one = BlsVectors.Cases("threshold/threshold_min_pk")[index];
        byte[] message = one.Hex("message");
        var shares = new List<G2Point>();
        var indices = new List<int>();
        foreach (JsonElement signer in one.GetProperty("signers").EnumerateArray())
        {
            Assert.Equal(BlsRefusal.None, BlsSecretKey.Read(signer.Hex("share_sk"), out BlsSecretKey? secret));
            Assert.Equal(signer.Hex("share_pk"), MinimalKeys.PublicKey(secret!).ToBytes());
            G2Point share = MinimalKeys.Sign(secret!, message);
            Assert.Equal(signer.Hex("share_sig"), share.ToBytes());
            shares.Add(share);
            indices.Add(signer.GetProperty("index").GetInt32());
        }

        var coefficients = new Scalar[indices.Count];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights(indices.ToArray(), coefficients));
        byte[][] published = one.HexArray("lagrange_at_zero");
        for (int i = 0; i < coefficients.Length; i++)
        {
            var bytes = new byte[Scalar.Bytes];
            coefficients[i].Write(bytes);
            Assert.Equal(published[i], bytes);
        }

        G2Point signature = G2Point.MultiplySum(shares.ToArray(), coefficients);
        Assert.Equal(one.Hex("group_sig"), signature.ToBytes());
        Assert.Equal(BlsRefusal.None, MinimalKeys.Verify(one.Hex("group_pk"), message, signature.ToBytes()));
    }

    private static (JsonElement Group, JsonElement Case) InGroup(string file, int index)
    {
        foreach (JsonElement group in BlsVectors.Cases(file, "testGroups"))
        {
            int count = group.GetProperty("tests").GetArrayLength();
            if (index < count)
            {
                return (group, group.GetProperty("tests")[index]);
            }

            index -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(index));
    }

    private static BlsScheme<G1Point, G2Point> Suite(JsonElement group) =>
        BlsSchemes.MinimalKeysUnder(Encoding.ASCII.GetBytes(group.Text("ciphersuite")), "proof"u8);

    private static bool ReadKeys(BlsScheme<G1Point, G2Point> scheme, byte[][] encoded, out G1Point[] keys)
    {
        var read = new G1Point[encoded.Length];
        keys = read;
        return encoded.Select((bytes, i) => scheme.ReadKey(bytes, out read[i])).ToArray().All(one => one == BlsRefusal.None);
    }

    private static bool AggregateVerify(BlsScheme<G1Point, G2Point> scheme, byte[][] keys, byte[][] messages, byte[] signature) =>
        ReadKeys(scheme, keys, out G1Point[] read)
        && scheme.ReadSignature(signature, out G2Point point) == BlsRefusal.None
        && scheme.AggregateVerify(read, [.. messages.Select(bytes => new ReadOnlyMemory<byte>(bytes))], point) == BlsRefusal.None;
}
