using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bft.Crypto.Tls;

/// <summary>
/// What genesis says about a validator's TLS key: SHA-256 over the certificate's SubjectPublicKeyInfo (DER), as in RFC 7469 §2.4.
/// The certificate around the key may be renewed; the pin stays.
/// </summary>
public static class TlsPin
{
    /// <summary>The pin of a certificate's key.</summary>
    /// <exception cref="CryptographicException">The certificate's public key has no encoding.</exception>
    public static Digest Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>The pin of a SubjectPublicKeyInfo in DER, for example the public key of a key store's TLS entry.</summary>
    public static Digest Of(ReadOnlySpan<byte> subjectPublicKeyInfo) => HashFunction.Sha256.Hash(subjectPublicKeyInfo);

    /// <summary>True when the certificate's key has this pin. For the handshake: false for no certificate or a malformed key, never an exception.</summary>
    public static bool Matches(X509Certificate2? certificate, Digest pin)
    {
        if (certificate is null || pin.IsNone)
        {
            return false;
        }

        try
        {
            return Of(certificate) == pin;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
