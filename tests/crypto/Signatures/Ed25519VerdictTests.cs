using Bft.Crypto.Signatures;
using CsCheck;

namespace Bft.Crypto.Tests.Signatures;

/// <summary>NSec's verdict is the rule of the chain. These tests notice when a new version of it, or of ours, would change the rule.</summary>
public sealed class Ed25519VerdictTests
{
    private const int SpecCheckCases = 8;
    private const int Zip215Cases = 131;
    private const int WycheproofCases = 101;

    private static readonly ISignatureScheme Scheme = SignatureSchemes.Ed25519;

    [Fact]
    public void Every_published_case_is_there()
    {
        Assert.Equal(SpecCheckCases, Ed25519Vectors.SpecCheck.Count);
        Assert.Equal(Zip215Cases, Ed25519Vectors.Zip215.Count);
        Assert.Equal(WycheproofCases, Ed25519Vectors.Wycheproof.Count);
        Assert.Equal(Ed25519Vectors.All.Count, Ed25519Vectors.All.Select(one => one.Id).Distinct().Count());
    }

    [Fact]
    public void Every_verdict_is_the_one_in_the_golden_file()
    {
        string[] golden = File.ReadAllLines(Path.Combine(Ed25519Vectors.FolderPath, "golden", "ed25519-verdicts.txt"));
        string[] actual = [.. Ed25519Vectors.All.Select(one => $"{one.Id} {(Verdict(one) ? "accepted" : "refused")}")];

        Assert.Equal(SpecCheckCases + Zip215Cases + WycheproofCases, golden.Length);
        Assert.Equal(golden, actual);
    }

    [Fact]
    public void A_decoded_key_gives_the_same_verdicts()
    {
        foreach (Ed25519Case one in Ed25519Vectors.All)
        {
            // A key that is refused at the door may never be one that verifies: then the door would be a second rule.
            IVerifier? verifier = Scheme.CreateVerifier(one.PublicKey);
            Assert.True(Verdict(one) == (verifier?.Verify(one.Message, one.Signature) ?? false), one.Id);
        }
    }

    [Fact]
    public void Wycheproof_agrees_in_every_case()
    {
        Assert.All(Ed25519Vectors.Wycheproof, one => Assert.True(one.Expected == Verdict(one), one.Id));
    }

    [Fact]
    public void No_zip215_case_is_accepted_though_the_old_rule_accepts_two()
    {
        // All of them have a key or an R of small order, which libsodium refuses outright. ZIP 215 accepts them all; "legacy" is the
        // rule of Zcash before it (an older libsodium), which let two through.
        Assert.All(Ed25519Vectors.Zip215, one => Assert.False(Verdict(one), one.Id));
        Assert.Equal(2, Ed25519Vectors.Zip215.Count(one => one.Expected == true));
    }

    [Fact]
    public void Only_the_speccheck_case_without_small_order_is_accepted()
    {
        // Case 3 has mixed order in A and R and satisfies the cofactorless equation. Cases 0-2 have small order in A or R, 4 holds
        // only with the cofactor, 7 has S beyond the group order, 8 a non-canonical R, 10 a non-canonical A.
        Assert.Equal(["speccheck/3"], Ed25519Vectors.SpecCheck.Where(Verdict).Select(one => one.Id));
    }

    [Fact]
    public void Rubbish_of_any_length_is_refused_and_never_throws()
    {
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Byte.Array[0, 80], Gen.Byte.Array[0, 140]).Sample((key, message, signature) =>
        {
            Assert.False(Scheme.Verify(key, message, signature));
            Assert.False(Scheme.CreateVerifier(key)?.Verify(message, signature) ?? false);
        });
    }

    [Fact]
    public void S_beyond_the_group_order_is_refused_though_the_equation_holds()
    {
        using ISigner signer = Keys.GenerateSigner(Scheme);
        byte[] message = "block"u8.ToArray();
        var signature = new byte[64];
        signer.Sign(message, signature);
        Assert.True(Scheme.Verify(signer.PublicKey.Span, message, signature));

        // L = 2^252 + 27742317777372353535851937790883648493, little-endian.
        byte[] order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        int carry = 0;
        for (int i = 0; i < order.Length; i++)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = (byte)carry;
            carry >>= 8;
        }

        Assert.False(Scheme.Verify(signer.PublicKey.Span, message, signature));
    }

    private static bool Verdict(Ed25519Case one) => Scheme.Verify(one.PublicKey, one.Message, one.Signature);
}
