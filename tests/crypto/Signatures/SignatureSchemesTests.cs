using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Signatures;

public sealed class SignatureSchemesTests
{
    [Fact]
    public void Names_and_codes_are_those_of_the_wire()
    {
        Assert.Equal([("ed25519", 1), ("secp256k1", 2)], SignatureSchemes.All.Select(scheme => (scheme.Name, (int)scheme.Code)));
        Assert.All(SignatureSchemes.All, scheme =>
        {
            Assert.Same(scheme, SignatureSchemes.Find(scheme.Name));
            Assert.Same(scheme, SignatureSchemes.Find(scheme.Code));
        });
    }

    [Fact]
    public void Unknown_names_and_codes_find_nothing()
    {
        Assert.Null(SignatureSchemes.Find("Ed25519"));
        Assert.Null(SignatureSchemes.Find(""));
        Assert.Null(SignatureSchemes.Find(SignatureSchemes.UnsignedCode));
        Assert.Null(SignatureSchemes.Find(3));
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("secp256k1")]
    public void A_generated_key_signs_and_its_seed_makes_it_again(string name)
    {
        ISignatureScheme scheme = SignatureSchemes.Find(name)!;
        Span<byte> seed = stackalloc byte[Keys.SeedBytes];
        using ISigner signer = Keys.GenerateSigner(scheme, seed);
        using ISigner again = scheme.CreateSigner(seed);
        using ISigner another = Keys.GenerateSigner(scheme);
        Span<byte> signature = stackalloc byte[scheme.SignatureBytes];
        signer.Sign("m"u8, signature);

        Assert.Same(scheme, signer.Scheme);
        Assert.Equal(scheme.PublicKeyBytes, signer.PublicKey.Length);
        Assert.True(scheme.IsValidPublicKey(signer.PublicKey.Span));
        Assert.True(scheme.Verify(again.PublicKey.Span, "m"u8, signature));
        Assert.False(scheme.Verify(another.PublicKey.Span, "m"u8, signature));
    }

    [Fact]
    public void A_seed_needs_a_destination_of_its_length()
    {
        Assert.Throws<ArgumentException>(() => Keys.FillSeed(SignatureSchemes.Ed25519, new byte[31]));
    }

    [Fact]
    public void A_key_of_one_scheme_verifies_nothing_in_the_other()
    {
        using ISigner signer = Keys.GenerateSigner(SignatureSchemes.Secp256k1);
        var signature = new byte[64];
        signer.Sign("m"u8, signature);

        Assert.False(SignatureSchemes.Ed25519.Verify(signer.PublicKey.Span, "m"u8, signature));
        Assert.False(SignatureSchemes.Ed25519.Verify(signer.PublicKey.Span[1..], "m"u8, signature));
    }
}
