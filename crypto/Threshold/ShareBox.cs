using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Bft.Crypto.Threshold;

/// <summary>
/// A receiver's key of one generation, and how shares are sealed to it: X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439), with who deals what to whom as
/// associated data. Disposing erases the key.
/// </summary>
public sealed class ShareBox : IDisposable
{
    /// <summary>Length of a public key.</summary>
    public const int PublicKeyBytes = 32;

    /// <summary>Length of a sealed share.</summary>
    public const int SealedBytes = PedersenShare.Bytes + 16;

    private const int SeedBytes = 32;

    private static readonly byte[] Nonce = new byte[AeadAlgorithm.ChaCha20Poly1305.NonceSize];

    private readonly Key _key;

    private ShareBox(Key key)
    {
        _key = key;
        PublicKey = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }

    /// <summary>The public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The key that receives, derived from the seed of a generation.</summary>
    /// <param name="seed">32 secret, uniform bytes that are used for one generation only.</param>
    public static ShareBox ToReceive(ReadOnlySpan<byte> seed) => Derive(seed, "bft keygen box");

    /// <summary>The ephemeral key that seals, derived from the seed of a generation.</summary>
    /// <param name="seed">As above; the shares it seals must follow from it as well, or one key would seal two texts.</param>
    public static ShareBox ToSeal(ReadOnlySpan<byte> seed) => Derive(seed, "bft keygen ephemeral");

    /// <summary>Whether these bytes can be a receiver's key: 32 of them, and not of small order.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey)
    {
        if (!NSec.Cryptography.PublicKey.TryImport(KeyAgreementAlgorithm.X25519, publicKey, KeyBlobFormat.RawPublicKey, out PublicKey? key))
        {
            return false;
        }

        // A key of small order agrees on nothing with anybody; any other key of ours shows it.
        using ShareBox probe = Derive(stackalloc byte[SeedBytes], "bft keygen probe");
        using SharedSecret? agreed = KeyAgreementAlgorithm.X25519.Agree(probe._key, key!);
        return agreed is not null;
    }

    /// <summary>Seals a share with an ephemeral key.</summary>
    /// <param name="receiver">The receiver's public key.</param>
    /// <param name="context">Chain, generation, dealer and receiver: bound, not hidden.</param>
    /// <param name="share">The share.</param>
    /// <exception cref="ArgumentException">The receiver's key was not checked.</exception>
    public byte[] Seal(ReadOnlySpan<byte> receiver, ReadOnlySpan<byte> context, in PedersenShare share)
    {
        Span<byte> plain = stackalloc byte[PedersenShare.Bytes];
        share.Write(plain);
        try
        {
            using Key key = Agree(receiver, context, PublicKey.Span, receiver) ?? throw new ArgumentException("The receiver's key is none: check it with IsPublicKey first.", nameof(receiver));
            return AeadAlgorithm.ChaCha20Poly1305.Encrypt(key, Nonce, context, plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>Opens a sealed share; false when it was not sealed for this key and context, or is no share.</summary>
    public bool TryOpen(ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> context, ReadOnlySpan<byte> sealedShare, out PedersenShare share)
    {
        share = default;
        if (sealedShare.Length != SealedBytes)
        {
            return false;
        }

        using Key? key = Agree(ephemeral, context, ephemeral, PublicKey.Span);
        Span<byte> plain = stackalloc byte[PedersenShare.Bytes];
        try
        {
            return key is not null && AeadAlgorithm.ChaCha20Poly1305.Decrypt(key, Nonce, context, sealedShare, plain) && PedersenShare.TryRead(plain, out share);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static ShareBox Derive(ReadOnlySpan<byte> seed, string purpose)
    {
        if (seed.Length != SeedBytes)
        {
            throw new ArgumentException($"A seed has {SeedBytes} bytes, got {seed.Length}.", nameof(seed));
        }

        Span<byte> secret = stackalloc byte[32];
        HKDF.Expand(HashAlgorithmName.SHA256, seed, secret, Encoding.ASCII.GetBytes(purpose));
        try
        {
            return new ShareBox(Key.Import(KeyAgreementAlgorithm.X25519, secret, KeyBlobFormat.RawPrivateKey));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    // The key is used once: both public keys and the context go into it, so the nonce may be constant.
    private Key? Agree(ReadOnlySpan<byte> other, ReadOnlySpan<byte> context, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> receiver)
    {
        if (!NSec.Cryptography.PublicKey.TryImport(KeyAgreementAlgorithm.X25519, other, KeyBlobFormat.RawPublicKey, out PublicKey? key))
        {
            return null;
        }

        using SharedSecret? agreed = KeyAgreementAlgorithm.X25519.Agree(_key, key!);
        return agreed is null ? null : KeyDerivationAlgorithm.HkdfSha256.DeriveKey(agreed, context, [.. ephemeral, .. receiver], AeadAlgorithm.ChaCha20Poly1305);
    }
}
