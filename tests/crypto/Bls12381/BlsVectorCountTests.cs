namespace Bft.Crypto.Tests.Bls12381;

/// <summary>No case is lost on the way: the counts of the README.</summary>
public sealed class BlsVectorCountTests
{
    [Theory]
    [InlineData("rfc9380/BLS12381G1_XMD_SHA-256_SSWU_RO_", "vectors", 3)]
    [InlineData("rfc9380/BLS12381G1_XMD_SHA-256_SSWU_NU_", "vectors", 3)]
    [InlineData("rfc9380/BLS12381G2_XMD_SHA-256_SSWU_RO_", "vectors", 3)]
    [InlineData("rfc9380/BLS12381G2_XMD_SHA-256_SSWU_NU_", "vectors", 3)]
    [InlineData("rfc9380/expand_message_xmd_SHA256_38", "tests", 7)]
    [InlineData("rfc9380/expand_message_xmd_SHA256_256", "tests", 7)]
    [InlineData("eth-bls/aggregate", "", 4)]
    [InlineData("eth-bls/aggregate_verify", "", 3)]
    [InlineData("eth-bls/batch_verify", "", 3)]
    [InlineData("eth-bls/deserialization_G1", "", 11)]
    [InlineData("eth-bls/deserialization_G2", "", 12)]
    [InlineData("eth-bls/fast_aggregate_verify", "", 8)]
    [InlineData("eth-bls/hash_to_G2", "", 3)]
    [InlineData("eth-bls/sign", "", 7)]
    [InlineData("eth-bls/verify", "", 19)]
    [InlineData("zkcrypto/g1_multiples_serialization", "", 217)]
    [InlineData("zkcrypto/g2_multiples_serialization", "", 217)]
    [InlineData("eip2537/blsG1Add", "", 75)]
    [InlineData("eip2537/fail-blsG1Add", "", 4)]
    [InlineData("eip2537/blsG1Mul", "", 7)]
    [InlineData("eip2537/fail-blsG1Mul", "", 5)]
    [InlineData("eip2537/blsG1MultiExp", "", 101)]
    [InlineData("eip2537/fail-blsG1MultiExp", "", 5)]
    [InlineData("eip2537/blsG2Add", "", 75)]
    [InlineData("eip2537/fail-blsG2Add", "", 4)]
    [InlineData("eip2537/blsG2Mul", "", 7)]
    [InlineData("eip2537/fail-blsG2Mul", "", 5)]
    [InlineData("eip2537/blsG2MultiExp", "", 26)]
    [InlineData("eip2537/fail-blsG2MultiExp", "", 5)]
    [InlineData("eip2537/blsMapG1", "", 70)]
    [InlineData("eip2537/fail-blsMapG1", "", 3)]
    [InlineData("eip2537/blsMapG2", "", 70)]
    [InlineData("eip2537/fail-blsMapG2", "", 3)]
    [InlineData("eip2537/blsPairing", "", 71)]
    [InlineData("eip2537/fail-blsPairing", "", 6)]
    [InlineData("pairing/gt_go_pairing", "", 120)]
    [InlineData("eip2333/eip2333", "", 3)]
    [InlineData("drand/beacons", "", 3)]
    [InlineData("sign/min_sig_g1_sign_vectors", "vectors", 85)]
    [InlineData("sign/min_pk_g2_sign_vectors", "vectors", 160)]
    [InlineData("threshold/threshold_min_pk", "", 10)]
    [InlineData("wycheproof/bls_hash_to_g2_test", "testGroups/*/tests", 23)]
    [InlineData("wycheproof/bls_sig_g2_aggregate_verify_test", "testGroups/*/tests", 13)]
    [InlineData("wycheproof/bls_sig_g2_basic_verify_test", "testGroups/*/tests", 59)]
    [InlineData("wycheproof/bls_sig_g2_pop_verify_test", "testGroups/*/tests", 17)]
    public void Every_published_case_is_there(string file, string path, int cases) => Assert.Equal(cases, BlsVectors.Cases(file, path).Length);

    [Fact]
    public void Every_file_is_counted()
    {
        var counted = typeof(BlsVectorCountTests).GetMethod(nameof(Every_published_case_is_there))!
            .GetCustomAttributesData().Where(one => one.AttributeType == typeof(InlineDataAttribute))
            .Select(one => ((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)one.ConstructorArguments[0].Value!)[0].Value + ".json").ToHashSet();
        string folder = Path.Combine(AppContext.BaseDirectory, "vectors", "bls");
        var present = Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
            .Select(one => Path.GetRelativePath(folder, one).Replace('\\', '/')).ToHashSet();
        Assert.Equal(counted.Order(), present.Order());
    }
}
