using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;
using BouncyEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;
using NSecAlgorithm = NSec.Cryptography.SignatureAlgorithm;

namespace Bft.Crypto.Signatures;

/// <summary>
/// Ed25519 (RFC 8032) through NSec, that is libsodium: the scheme of consensus and identity.
/// </summary>
/// <remarks>
/// Ed25519 verifiers disagree on crafted input (cofactor, small order, non-canonical encodings), and replicas that disagree on
/// one signature disagree on a certificate. So NSec's verdict is <em>the</em> rule on every replica, client and audit: cofactorless
/// equation, S below the group order, keys and R of small order refused, the key's encoding canonical. The tests pin it case by case.
/// </remarks>
public sealed class Ed25519Scheme : ISignatureScheme
{
    /// <summary>Length of a public key in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Length of a signature in bytes.</summary>
    public const int SignatureSize = 64;

    private Ed25519Scheme()
    {
    }

    /// <summary>The one instance.</summary>
    public static Ed25519Scheme Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "ed25519";

    /// <inheritdoc/>
    public string Backend => "libsodium";

    /// <inheritdoc/>
    public byte Code => 1;

    /// <inheritdoc/>
    public int PublicKeyBytes => PublicKeySize;

    /// <inheritdoc/>
    public int SignatureBytes => SignatureSize;

    /// <summary>True for 32 bytes that are the canonical encoding of a curve point not of small order.</summary>
    /// <remarks>
    /// NSec imports any 32 bytes and refuses bad points only when it verifies. This says so at the door (genesis, registration):
    /// a key refused here is a key under which <see cref="Verify"/> accepts nothing, so it never changes a verdict.
    /// </remarks>
    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize && BouncyEd25519.ValidatePublicKeyPartial(publicKey.ToArray(), 0);

    /// <inheritdoc/>
    /// <remarks>Allocates 56 bytes for the imported key; <see cref="CreateVerifier"/> does that once per key.</remarks>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        TryImport(publicKey, out PublicKey? key) && NSecAlgorithm.Ed25519.Verify(key, message, signature);

    /// <summary>Decodes a key once for many verifications, which then allocate nothing; null when <see cref="IsValidPublicKey"/> refuses it.</summary>
    public IVerifier? CreateVerifier(ReadOnlySpan<byte> publicKey) =>
        IsValidPublicKey(publicKey) && TryImport(publicKey, out PublicKey? key) ? new Verifier(key, publicKey.ToArray()) : null;

    /// <inheritdoc/>
    public ISigner CreateSigner(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != Keys.SeedBytes)
        {
            throw new ArgumentException($"An Ed25519 seed has {Keys.SeedBytes} bytes, got {seed.Length}.", nameof(seed));
        }

        return new Signer(Key.Import(NSecAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey));
    }

    private static bool TryImport(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out PublicKey? key) =>
        PublicKey.TryImport(NSecAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out key);

    private sealed class Verifier(PublicKey key, byte[] encoded) : IVerifier
    {
        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => encoded;

        public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => NSecAlgorithm.Ed25519.Verify(key, message, signature);
    }

    /// <summary>The secret lives in libsodium's guarded memory and is erased on dispose.</summary>
    private sealed class Signer(Key key) : ISigner
    {
        private readonly byte[] _publicKey = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);

        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => _publicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            if (signature.Length != SignatureSize)
            {
                throw new ArgumentException($"An Ed25519 signature has {SignatureSize} bytes, the destination has {signature.Length}.", nameof(signature));
            }

            NSecAlgorithm.Ed25519.Sign(key, message, signature);
        }

        public void Dispose() => key.Dispose();
    }
}
