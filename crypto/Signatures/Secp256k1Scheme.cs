using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using ECPoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace Bft.Crypto.Signatures;

/// <summary>
/// ECDSA over secp256k1 (SEC 2) with SHA-256, through BouncyCastle: the scheme of blockchain wallets, for client transactions.
/// </summary>
/// <remarks>
/// <para>Keys are 33-byte compressed points (SEC 1 §2.3.3, first byte 02 or 03), signatures 64 bytes <c>r || s</c>, big-endian.
/// Signing is deterministic (RFC 6979 with HMAC-SHA-256).</para>
/// <para>ECDSA is malleable: with (r, s) also (r, n-s) satisfies the equation. So there is one signature per message and nonce here:
/// s must be in [1, n/2] (low-S, as in BIP 62 and BIP 146), r in [1, n-1]; anything else is refused.</para>
/// <para>BouncyCastle's scalar arithmetic is not constant-time, and its big integers cannot be erased: meant for client keys, not
/// for a validator that signs beside a hostile process.</para>
/// </remarks>
public sealed class Secp256k1Scheme : ISignatureScheme
{
    /// <summary>Length of a compressed public key in bytes.</summary>
    public const int PublicKeySize = 33;

    /// <summary>Length of a compact signature in bytes.</summary>
    public const int SignatureSize = 64;

    private const int ScalarSize = 32;

    private static readonly ECDomainParameters Domain = LoadDomain();

    /// <summary>The largest s that is accepted: (n-1)/2.</summary>
    private static readonly BigInteger HalfOrder = Domain.N.ShiftRight(1);

    private Secp256k1Scheme()
    {
    }

    /// <summary>The one instance.</summary>
    public static Secp256k1Scheme Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "secp256k1";

    /// <inheritdoc/>
    public byte Code => 2;

    /// <inheritdoc/>
    public int PublicKeyBytes => PublicKeySize;

    /// <inheritdoc/>
    public int SignatureBytes => SignatureSize;

    /// <summary>True for a 33-byte compressed point on the curve with x below the field prime; infinity has no such encoding.</summary>
    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => TryDecode(publicKey, out _);

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && TryDecode(publicKey, out ECPublicKeyParameters? key) && Verify(key, message, signature);

    /// <summary>Decodes a key once (a square root in the field) for many verifications; null when it is malformed or off the curve.</summary>
    public IVerifier? CreateVerifier(ReadOnlySpan<byte> publicKey) =>
        TryDecode(publicKey, out ECPublicKeyParameters? key) ? new Verifier(key, publicKey.ToArray()) : null;

    /// <inheritdoc/>
    /// <remarks>The seed is the secret scalar itself, big-endian, in [1, n-1].</remarks>
    public ISigner CreateSigner(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != Keys.SeedBytes)
        {
            throw new ArgumentException($"A secp256k1 secret has {Keys.SeedBytes} bytes, got {seed.Length}.", nameof(seed));
        }

        var scalar = new BigInteger(1, seed);
        if (!IsScalar(scalar))
        {
            throw new ArgumentException("A secp256k1 secret is a number from 1 to n-1; make another one.", nameof(seed));
        }

        return new Signer(new ECPrivateKeyParameters(scalar, Domain));
    }

    private static ECDomainParameters LoadDomain()
    {
        X9ECParameters curve = CustomNamedCurves.GetByName("secp256k1");
        return new ECDomainParameters(curve.Curve, curve.G, curve.N, curve.H);
    }

    private static bool IsScalar(BigInteger value) => value.SignValue > 0 && value.CompareTo(Domain.N) < 0;

    private static bool Verify(ECPublicKeyParameters key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }

        var r = new BigInteger(1, signature[..ScalarSize]);
        var s = new BigInteger(1, signature[ScalarSize..]);
        if (!IsScalar(r) || s.SignValue == 0 || s.CompareTo(HalfOrder) > 0)
        {
            return false;
        }

        var verifier = new ECDsaSigner();
        verifier.Init(false, key);
        return verifier.VerifySignature(SHA256.HashData(message), r, s);
    }

    private static bool TryDecode(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out ECPublicKeyParameters? key)
    {
        key = null;
        if (publicKey.Length != PublicKeySize || publicKey[0] is not (2 or 3))
        {
            return false;
        }

        try
        {
            // Decoding checks x < p and that x lies on the curve; the parameters check order and not-infinity again.
            ECPoint point = Domain.Curve.DecodePoint(publicKey);
            key = new ECPublicKeyParameters(point, Domain);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private sealed class Verifier(ECPublicKeyParameters key, byte[] encoded) : IVerifier
    {
        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => encoded;

        public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Secp256k1Scheme.Verify(key, message, signature);
    }

    private sealed class Signer : ISigner
    {
        private readonly byte[] _publicKey;
        private ECPrivateKeyParameters? _secret;

        public Signer(ECPrivateKeyParameters secret)
        {
            _secret = secret;
            _publicKey = Domain.G.Multiply(secret.D).Normalize().GetEncoded(compressed: true);
        }

        public ISignatureScheme Scheme => Instance;

        public ReadOnlyMemory<byte> PublicKey => _publicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            ECPrivateKeyParameters? secret = _secret;
            ObjectDisposedException.ThrowIf(secret is null, this);
            if (signature.Length != SignatureSize)
            {
                throw new ArgumentException($"A secp256k1 signature has {SignatureSize} bytes, the destination has {signature.Length}.", nameof(signature));
            }

            var signer = new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest()));
            signer.Init(true, secret);
            BigInteger[] pair = signer.GenerateSignature(SHA256.HashData(message));
            BigInteger s = pair[1].CompareTo(HalfOrder) > 0 ? Domain.N.Subtract(pair[1]) : pair[1];
            WriteScalar(pair[0], signature[..ScalarSize]);
            WriteScalar(s, signature[ScalarSize..]);
        }

        public void Dispose() => _secret = null;

        private static void WriteScalar(BigInteger value, Span<byte> destination)
        {
            destination.Clear();
            int length = value.GetLengthofByteArrayUnsigned();
            value.ToByteArrayUnsigned(destination[(ScalarSize - length)..]);
        }
    }
}
