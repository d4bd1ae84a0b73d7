using System.Text;
using Bft.Crypto.Signatures;
using CsCheck;
using Org.BouncyCastle.Math;

namespace Bft.Crypto.Tests.Signatures;

public sealed class Secp256k1Tests
{
    private static readonly ISignatureScheme Scheme = SignatureSchemes.Secp256k1;

    /// <summary>The order of the group (SEC 2 §2.4.1).</summary>
    private static readonly BigInteger Order = new("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16);

    /// <summary>RFC 6979 has no vectors for secp256k1; these are the community's (bitcointalk.org topic 285142, used by CoreBitcoin, trezor-crypto and others), with low S.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", "Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", "All those moments will be lost in time, like tears in rain. Time to die...",
        "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "Satoshi Nakamoto",
        "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5")]
    [InlineData("f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181", "Alan Turing",
        "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea")]
    public void The_known_answers_come_out(string secret, string message, string signature)
    {
        using ISigner signer = Scheme.CreateSigner(Convert.FromHexString(secret));
        var actual = new byte[64];
        signer.Sign(Encoding.UTF8.GetBytes(message), actual);

        Assert.Equal(signature, Convert.ToHexStringLower(actual));
        Assert.True(Scheme.Verify(signer.PublicKey.Span, Encoding.UTF8.GetBytes(message), actual));
    }

    [Fact]
    public void The_key_of_secret_one_is_the_generator()
    {
        using ISigner signer = Scheme.CreateSigner(Scalar(BigInteger.One));
        Assert.Equal("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", Convert.ToHexStringLower(signer.PublicKey.Span));
    }

    [Fact]
    public void Every_signature_has_low_s_and_its_twin_with_high_s_is_refused()
    {
        Gen.Byte.Array[0, 100].Sample(message =>
        {
            using ISigner signer = Keys.GenerateSigner(Scheme);
            var signature = new byte[64];
            signer.Sign(message, signature);
            var s = new BigInteger(1, signature, 32, 32);

            Assert.True(s.CompareTo(Order.ShiftRight(1)) <= 0);
            Assert.True(Scheme.Verify(signer.PublicKey.Span, message, signature));

            byte[] twin = [.. signature[..32], .. Scalar(Order.Subtract(s))];
            Assert.False(Scheme.Verify(signer.PublicKey.Span, message, twin));
            Assert.False(Scheme.CreateVerifier(signer.PublicKey.Span)!.Verify(message, twin));
        }, iter: 50);
    }

    [Fact]
    public void R_and_s_outside_their_range_are_refused()
    {
        using ISigner signer = Keys.GenerateSigner(Scheme);
        byte[] message = "pay"u8.ToArray();
        var good = new byte[64];
        signer.Sign(message, good);
        byte[][] bad = [Scalar(BigInteger.Zero), Scalar(Order), Scalar(Order.Add(BigInteger.One)), Enumerable.Repeat((byte)0xff, 32).ToArray()];

        foreach (byte[] scalar in bad)
        {
            Assert.False(Scheme.Verify(signer.PublicKey.Span, message, [.. scalar, .. good[32..]]));
            Assert.False(Scheme.Verify(signer.PublicKey.Span, message, [.. good[..32], .. scalar]));
        }
    }

    [Theory]
    [InlineData("00", "infinity")]
    [InlineData("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", "uncompressed")]
    [InlineData("0679be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "hybrid prefix")]
    [InlineData("0079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "no prefix")]
    [InlineData("020000000000000000000000000000000000000000000000000000000000000005", "x = 5 is not on the curve")]
    [InlineData("02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30", "x = p + 1, which would be a second name of x = 1")]
    [InlineData("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817", "too short")]
    public void A_malformed_key_is_refused(string key, string why)
    {
        byte[] encoded = Convert.FromHexString(key);
        Assert.False(Scheme.IsValidPublicKey(encoded), why);
        Assert.False(Scheme.Verify(encoded, "x"u8, Enumerable.Repeat((byte)1, 64).ToArray()), why);
        Assert.Null(Scheme.CreateVerifier(encoded));
    }

    [Fact]
    public void X_one_is_on_the_curve_so_that_x_p_plus_one_is_refused_for_its_size_alone()
    {
        Assert.True(Scheme.IsValidPublicKey(Convert.FromHexString("020000000000000000000000000000000000000000000000000000000000000001")));
    }

    [Fact]
    public void Rubbish_of_any_length_is_refused_and_never_throws()
    {
        using ISigner signer = Keys.GenerateSigner(Scheme);
        byte[] goodKey = signer.PublicKey.ToArray();
        Gen.Select(Gen.Byte.Array[0, 70], Gen.Byte.Array[0, 140], Gen.Byte.Array[64], Gen.Byte.Array[32]).Sample((key, signature, signature64, x) =>
        {
            Assert.False(Scheme.Verify(key, "m"u8, signature));
            Assert.False(Scheme.Verify(goodKey, "m"u8, signature));
            Assert.False(Scheme.Verify(goodKey, "m"u8, signature64));
            Assert.False(Scheme.Verify([2, .. x], "m"u8, signature64));
        }, iter: 500);
    }

    [Fact]
    public void A_changed_bit_in_message_or_signature_is_refused()
    {
        using ISigner signer = Keys.GenerateSigner(Scheme);
        byte[] content = new byte[20 + 64];
        signer.Sign(content.AsSpan(0, 20), content.AsSpan(20));
        IVerifier verifier = Scheme.CreateVerifier(signer.PublicKey.Span)!;
        Assert.True(verifier.Verify(content.AsSpan(0, 20), content.AsSpan(20)));

        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(verifier.Verify(content.AsSpan(0, 20), content.AsSpan(20)), $"bit {bit}");
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_secret_outside_one_to_n_minus_one_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Scheme.CreateSigner(new byte[32]));
        Assert.Throws<ArgumentException>(() => Scheme.CreateSigner(Scalar(Order)));
        Assert.Throws<ArgumentException>(() => Scheme.CreateSigner(new byte[31]));
    }

    [Fact]
    public void A_disposed_signer_signs_no_more()
    {
        ISigner signer = Keys.GenerateSigner(Scheme);
        signer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => signer.Sign([], new byte[64]));
    }

    private static byte[] Scalar(BigInteger value)
    {
        var bytes = new byte[32];
        byte[] unsigned = value.ToByteArrayUnsigned();
        unsigned.CopyTo(bytes, 32 - unsigned.Length);
        return bytes;
    }
}
