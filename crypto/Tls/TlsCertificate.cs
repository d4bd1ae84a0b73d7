using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto.KeyStore;

namespace Bft.Crypto.Tls;

/// <summary>
/// A validator's TLS identity: a P-256 key in the key store and a self-signed certificate over it. Peers trust the key that
/// genesis pins (<see cref="TlsPin"/>), not the signature or the names of the certificate.
/// </summary>
/// <remarks>
/// The private key goes into the same Argon2id key store as the other secrets. A PKCS#8 file of its own under the same passphrase
/// would be guarded by the much cheaper PBKDF2, and whoever found the passphrase there would have all keys.
/// </remarks>
public static class TlsCertificate
{
    /// <summary>The purpose of the key in the key store.</summary>
    public const string KeyPurpose = "tls";

    /// <summary>The scheme name of the key in the key store. Its seed is the private scalar, its public key the SubjectPublicKeyInfo in DER (91 bytes).</summary>
    public const string KeyScheme = "p256";

    private const int SerialNumberBytes = 16;

    // RFC 5280 §4.2.1.12: both ends of a mutual handshake use the one certificate.
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Makes a new P-256 key for the key store.</summary>
    public static SecretKey GenerateKey()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: true);
        try
        {
            return new SecretKey(KeyPurpose, KeyScheme, key.ExportSubjectPublicKeyInfo(), parameters.D);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }

    /// <summary>Makes the self-signed certificate of a validator, with its private key attached.</summary>
    /// <param name="key">A key from <see cref="GenerateKey"/>.</param>
    /// <param name="validator">The validator's number; the subject is <c>CN=validator-N</c>.</param>
    /// <param name="notBefore">Start of the validity; X.509 knows whole seconds.</param>
    /// <param name="notAfter">End of the validity.</param>
    /// <param name="hosts">DNS names and IP addresses for the subject alternative name; at least one.</param>
    /// <exception cref="ArgumentException">Another kind of key, a negative number, an empty validity, no host or a malformed one.</exception>
    public static X509Certificate2 Create(SecretKey key, int validator, DateTimeOffset notBefore, DateTimeOffset notAfter, IReadOnlyList<string> hosts)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNegative(validator);
        if (notAfter <= notBefore)
        {
            throw new ArgumentException($"The certificate would end ({notAfter:O}) before it begins ({notBefore:O}).", nameof(notAfter));
        }

        using ECDsa ecdsa = Import(key);
        var request = new CertificateRequest($"CN=validator-{validator}", ecdsa, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication, ClientAuthentication], critical: false));
        request.CertificateExtensions.Add(AlternativeNames(hosts));
        byte[] serialNumber = RandomNumberGenerator.GetBytes(SerialNumberBytes);
        serialNumber[0] = (byte)((serialNumber[0] & 0x7f) | 0x40);
        using X509Certificate2 bare = request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(ecdsa), notBefore, notAfter, serialNumber);
        return Attach(bare, ecdsa);
    }

    /// <summary>The certificate without its private key, as PEM (RFC 7468): what goes into a file in clear.</summary>
    public static string ExportPem(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.ExportCertificatePem() + "\n";
    }

    /// <summary>Reads a certificate from PEM and attaches its private key from the key store.</summary>
    /// <exception cref="ArgumentException">Not the PEM of a certificate, another kind of key, or a key that is not the certificate's.</exception>
    public static X509Certificate2 Load(ReadOnlySpan<char> pem, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        X509Certificate2 bare;
        try
        {
            bare = X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException("This is not the PEM of a certificate; restore the file, or make the certificate anew from the key.", nameof(pem), e);
        }

        using (bare)
        {
            using ECDsa ecdsa = Import(key);
            if (!TlsPin.Matches(bare, TlsPin.Of(key.PublicKey.Span)))
            {
                throw new ArgumentException("The certificate is not over the TLS key of the key store; make it anew from the key.", nameof(pem));
            }

            return Attach(bare, ecdsa);
        }
    }

    private static ECDsa Import(SecretKey key)
    {
        if (key.Scheme != KeyScheme)
        {
            throw new ArgumentException($"The key '{key.Purpose}' is of scheme '{key.Scheme}'; a TLS certificate needs '{KeyScheme}'.", nameof(key));
        }

        var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = key.Seed.ToArray() };
        try
        {
            ECDsa ecdsa = ECDsa.Create(parameters);
            if (!ecdsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.PublicKey.Span))
            {
                ecdsa.Dispose();
                throw new ArgumentException($"The secret of key '{key.Purpose}' does not make its public key; restore the key store from a backup.", nameof(key));
            }

            return ecdsa;
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException($"The secret of key '{key.Purpose}' is not a P-256 scalar; restore the key store from a backup.", nameof(key), e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }

    private static X509Certificate2 Attach(X509Certificate2 bare, ECDsa key)
    {
        X509Certificate2 certificate = bare.CopyWithPrivateKey(key);
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // Windows' TLS cannot use a key that lives in this process only; a detour through PKCS#12 gives it one.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static X509Extension AlternativeNames(IReadOnlyList<string> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        if (hosts.Count == 0)
        {
            throw new ArgumentException("A certificate needs at least one DNS name or IP address.", nameof(hosts));
        }

        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else if (Uri.CheckHostName(host) == UriHostNameType.Dns && host.All(char.IsAscii))
            {
                names.AddDnsName(host);
            }
            else
            {
                throw new ArgumentException($"'{host}' is neither an IP address nor a DNS name in ASCII.", nameof(hosts));
            }
        }

        return names.Build();
    }
}
