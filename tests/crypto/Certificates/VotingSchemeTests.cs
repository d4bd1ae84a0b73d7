using Bft.Crypto.Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Certificates;

/// <summary>Votes of every certificate scheme: signed by a key out of a key store, checked as the scheme's own.</summary>
public sealed class VotingSchemeTests
{
    public static TheoryData<string> Names => [.. CertificateSchemes.Names];

    [Fact]
    public void The_schemes_are_these_and_none_but_ed25519_is_for_clients()
    {
        Assert.Equal(["ed25519", "bls", "bls-threshold", "mldsa"], CertificateSchemes.Names.ToArray());
        foreach (string name in CertificateSchemes.Names.Skip(1))
        {
            Assert.Null(SignatureSchemes.Find(name));
            Assert.Null(SignatureSchemes.Find(CertificateSchemes.VotingScheme(name)!.Code));
            Assert.True(CertificateSchemes.VotingScheme(name)!.Code >= 0x80);
        }

        Assert.Equal(4, CertificateSchemes.Names.Select(name => CertificateSchemes.VotingScheme(name)!.Code).Distinct().Count());
        Assert.Null(CertificateSchemes.VotingScheme("BLS"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_key_of_the_scheme_survives_the_key_store_and_signs_the_same(string name)
    {
        ISignatureScheme voting = CertificateSchemes.VotingScheme(name)!;
        Assert.Equal(name, voting.Name);
        using SecretKey key = SecretKey.Generate("consensus", voting);
        byte[] sealedStore = KeyStoreFile.Seal([key], "secret", KeyDerivationCost.Light);
        using SecretKey opened = KeyStoreFile.Unseal(sealedStore, "secret", "test").Single();
        using ISigner first = key.CreateSigner(), second = opened.CreateSigner();
        byte[] one = new byte[voting.SignatureBytes], two = new byte[voting.SignatureBytes];
        first.Sign("m"u8, one);
        second.Sign("m"u8, two);
        Assert.Equal(one, two);
        Assert.Equal(voting.PublicKeyBytes, first.PublicKey.Length);
        Assert.True(voting.IsValidPublicKey(first.PublicKey.Span));
        Assert.True(voting.Verify(first.PublicKey.Span, "m"u8, one));
        Assert.True(voting.CreateVerifier(first.PublicKey.Span)!.Verify("m"u8, one));
        Assert.False(voting.Verify(first.PublicKey.Span, "n"u8, one));
        Assert.Throws<ArgumentException>(() => first.Sign("m"u8, new byte[voting.SignatureBytes - 1]));
        Assert.Throws<ArgumentException>(() => voting.CreateSigner(new byte[31]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Malformed_keys_and_signatures_are_false_and_no_exception(string name)
    {
        ISignatureScheme voting = CertificateSchemes.VotingScheme(name)!;
        using ISigner signer = Keys.GenerateSigner(voting);
        byte[] good = new byte[voting.SignatureBytes];
        signer.Sign("m"u8, good);
        var random = new Random(5);
        for (int round = 0; round < 50; round++)
        {
            byte[] flipped = [.. good], noise = new byte[random.Next(4) == 0 ? random.Next(4000) : good.Length];
            flipped[random.Next(good.Length)] ^= (byte)(1 << random.Next(8));
            random.NextBytes(noise);
            Assert.False(voting.Verify(signer.PublicKey.Span, "m"u8, flipped), $"round {round}");
            Assert.False(voting.Verify(signer.PublicKey.Span, "m"u8, noise), $"round {round}");
            byte[] key = new byte[random.Next(4) == 0 ? random.Next(4000) : voting.PublicKeyBytes];
            random.NextBytes(key);
            Assert.False(voting.Verify(key, "m"u8, good), $"round {round}");
        }
    }

    [Fact]
    public void A_list_of_ML_DSA_signatures_is_a_certificate_like_one_of_Ed25519()
    {
        ISigner[] signers = [.. Enumerable.Range(0, 4).Select(_ => Keys.GenerateSigner(MlDsaScheme.Instance))];
        ICertificateScheme scheme = CertificateSchemes.Create("mldsa", [.. signers.Select(signer => signer.PublicKey)]);
        Assert.Equal((true, true, false, 3 * 3309), (scheme.IsList, scheme.CombinesInline, scheme.ChecksVotesTogether, scheme.CertificateBytes(3)));
        ReadOnlyMemory<byte>[] votes = [.. new[] { 0, 1, 3 }.Select(i => (ReadOnlyMemory<byte>)Sign(signers[i]))];
        byte[] certificate = scheme.Combine([0, 1, 3], votes);
        Assert.True(scheme.VerifyCertificate([0, 1, 3], "m"u8, certificate));
        Assert.False(scheme.VerifyCertificate([0, 1, 2], "m"u8, certificate));
        Assert.False(scheme.VerifyCertificate([0, 1, 3], "n"u8, certificate));
        Assert.Equal([1], scheme.TryCombine([0, 1, 3], "m"u8, [votes[0], votes[0], votes[2]]).Liars.ToArray());
        Assert.Equal(0, CertificateSchemes.TryCreate("mldsa", new CommitteeKeys([new byte[1951]], 1), null, out KeyRefusal? refusal) is null ? refusal!.Replica : -1);

        static byte[] Sign(ISigner signer)
        {
            var signature = new byte[MlDsaScheme.SignatureSize];
            signer.Sign("m"u8, signature);
            return signature;
        }
    }

    [Fact]
    public void No_share_is_zero_or_as_large_as_the_order()
    {
        byte[] order = Convert.FromHexString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
        Assert.Contains("not a number", Assert.Throws<ArgumentException>(() => BlsVoting.Shared.CreateSigner(order)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BlsVoting.Shared.CreateSigner(new byte[32]));
    }
}
