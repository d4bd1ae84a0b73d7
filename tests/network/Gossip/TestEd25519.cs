using Bft.Crypto.Signatures;
using NSec.Cryptography;

namespace Bft.Network.Tests.Gossip;

/// <summary>Ed25519 by libsodium, as thin as it goes.</summary>
internal sealed class TestEd25519 : ISignatureScheme
{
    public static TestEd25519 Scheme { get; } = new();

    public string Name => "ed25519";

    public byte Code => 1;

    public int PublicKeyBytes => 32;

    public int SignatureBytes => 64;

    /// <summary>How many signatures were verified, on all threads.</summary>
    public int Verified;

    public static ISigner NewSigner(byte seed) => Scheme.CreateSigner(Enumerable.Repeat(seed, 32).ToArray());

    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out _);

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Interlocked.Increment(ref Verified);
        return SignatureAlgorithm.Ed25519.Verify(PublicKey.Import(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey), message, signature);
    }

    public ISigner CreateSigner(ReadOnlySpan<byte> seed) => new Signer(Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey));

    private sealed class Signer(Key key) : ISigner
    {
        public ISignatureScheme Scheme => TestEd25519.Scheme;

        public ReadOnlyMemory<byte> PublicKey { get; } = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature) => SignatureAlgorithm.Ed25519.Sign(key, message, signature);

        public void Dispose() => key.Dispose();
    }
}
