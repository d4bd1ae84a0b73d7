using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Bft.Crypto.Signatures;

/// <summary>
/// ML-DSA-65 (FIPS 204) through BouncyCastle, for consensus after elliptic curves: keys of 1952 bytes, signatures of 3309, without context, deterministic.
/// </summary>
/// <remarks>
/// Not for transactions; its code is above those of the wire. BouncyCastle's arrays of secret polynomials cannot be erased.
/// </remarks>
public sealed class MlDsaScheme : ISignatureScheme
{
    /// <summary>Length of a public key in bytes.</summary>
    public const int PublicKeySize = 1952;

    /// <summary>Length of a signature in bytes.</summary>
    public const int SignatureSize = 3309;

    private MlDsaScheme()
    {
    }

    /// <summary>The one instance.</summary>
    public static MlDsaScheme Instance { get; } = new();

    private static MLDsaParameters Parameters => MLDsaParameters.ml_dsa_65;

    /// <inheritdoc/>
    public string Name => "mldsa";

    /// <inheritdoc/>
    public byte Code => 0x83;

    /// <inheritdoc/>
    public int PublicKeyBytes => PublicKeySize;

    /// <inheritdoc/>
    public int SignatureBytes => SignatureSize;

    /// <summary>True for <see cref="PublicKeySize"/> bytes: every string of that length is the encoding of exactly one key (FIPS 204, algorithm 23).</summary>
    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => publicKey.Length == PublicKeySize;

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        IsValidPublicKey(publicKey) && Verify(MLDsaPublicKeyParameters.FromEncoding(Parameters, publicKey.ToArray()), message, signature);

    /// <inheritdoc/>
    public IVerifier? CreateVerifier(ReadOnlySpan<byte> publicKey) =>
        IsValidPublicKey(publicKey) ? new Verifier(MLDsaPublicKeyParameters.FromEncoding(Parameters, publicKey.ToArray()), publicKey.ToArray()) : null;

    /// <inheritdoc/>
    public ISigner CreateSigner(ReadOnlySpan<byte> seed) => seed.Length == Keys.SeedBytes
        ? new Signer(MLDsaPrivateKeyParameters.FromSeed(Parameters, seed.ToArray()))
        : throw new ArgumentException($"An ML-DSA seed has {Keys.SeedBytes} bytes, got {seed.Length}.", nameof(seed));

    private static bool Verify(MLDsaPublicKeyParameters key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }

        var verifier = new MLDsaSigner(Parameters, deterministic: true);
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(message);
        return verifier.VerifySignature(signature.ToArray());
    }

    private sealed class Verifier(MLDsaPublicKeyParameters key, byte[] encoded) : IVerifier
    {
        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => encoded;

        public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => MlDsaScheme.Verify(key, message, signature);
    }

    private sealed class Signer(MLDsaPrivateKeyParameters key) : ISigner
    {
        private readonly byte[] _publicKey = key.GetPublicKeyEncoded();
        private MLDsaPrivateKeyParameters? _key = key;

        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => _publicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            if (signature.Length != SignatureSize)
            {
                throw new ArgumentException($"An ML-DSA signature has {SignatureSize} bytes, the destination has {signature.Length}.", nameof(signature));
            }

            MLDsaPrivateKeyParameters secret = _key ?? throw new ObjectDisposedException(nameof(ISigner), "The key was disposed of.");
            var signer = new MLDsaSigner(Parameters, deterministic: true);
            signer.Init(forSigning: true, secret);
            signer.BlockUpdate(message);
            signer.GenerateSignature().CopyTo(signature);
        }

        public void Dispose() => _key = null;
    }
}
