using Bft.Crypto.Signatures;
using CsCheck;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Bft.Crypto.Tests.Signatures;

public sealed class Ed25519SigningTests
{
    private static readonly ISignatureScheme Scheme = SignatureSchemes.Ed25519;

    [Fact]
    public void Keys_and_signatures_are_those_of_another_implementation()
    {
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 300]).Sample((seed, message) =>
        {
            var secret = new Ed25519PrivateKeyParameters(seed);
            var oracle = new Ed25519Signer();
            oracle.Init(true, secret);
            oracle.BlockUpdate(message);

            using ISigner signer = Scheme.CreateSigner(seed);
            var signature = new byte[Scheme.SignatureBytes];
            signer.Sign(message, signature);

            Assert.Equal(secret.GeneratePublicKey().GetEncoded(), signer.PublicKey.ToArray());
            Assert.Equal(oracle.GenerateSignature(), signature);
            Assert.True(Scheme.Verify(signer.PublicKey.Span, message, signature));
        }, iter: 200);
    }

    [Fact]
    public void A_changed_bit_in_key_message_or_signature_is_refused()
    {
        using ISigner signer = Keys.GenerateSigner(Scheme);
        byte[] content = new byte[32 + 20 + 64];
        signer.PublicKey.CopyTo(content);
        signer.Sign(content.AsSpan(32, 20), content.AsSpan(52));
        Assert.True(Scheme.Verify(content.AsSpan(0, 32), content.AsSpan(32, 20), content.AsSpan(52)));

        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Scheme.Verify(content.AsSpan(0, 32), content.AsSpan(32, 20), content.AsSpan(52)), $"bit {bit}");
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000", "the neutral element")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "a point of order 4")]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", "not on the curve")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "y = p + 1")]
    [InlineData("00", "too short")]
    public void A_key_that_can_verify_nothing_is_refused_at_the_door(string key, string why)
    {
        Assert.False(Scheme.IsValidPublicKey(Convert.FromHexString(key)), why);
        Assert.Null(Scheme.CreateVerifier(Convert.FromHexString(key)));
    }

    [Fact]
    public void A_seed_or_destination_of_the_wrong_length_is_the_callers_bug()
    {
        Assert.Throws<ArgumentException>(() => Scheme.CreateSigner(new byte[31]));
        Assert.Throws<ArgumentException>(() => Scheme.CreateSigner(new byte[33]));
        using ISigner signer = Keys.GenerateSigner(Scheme);
        Assert.Throws<ArgumentException>(() => signer.Sign([], new byte[63]));
        Assert.Throws<ArgumentException>(() => signer.Sign([], new byte[65]));
    }

    [Fact]
    public void A_disposed_signer_signs_no_more()
    {
        ISigner signer = Keys.GenerateSigner(Scheme);
        signer.Dispose();
        Assert.ThrowsAny<ObjectDisposedException>(() => signer.Sign([], new byte[64]));
    }
}
