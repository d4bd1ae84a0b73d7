using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Tls;

namespace Bft.Crypto.Tests.Tls;

public sealed class TlsCertificateTests : IDisposable
{
    // The handshake below checks pins, not dates: the tests hold in every year.
    private static readonly DateTimeOffset From = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2054, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SecretKey _key = TlsCertificate.GenerateKey();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_certificate_says_who_when_and_where()
    {
        using X509Certificate2 certificate = TlsCertificate.Create(_key, 3, From, To, ["validator.example.org", "127.0.0.1", "::1"]);

        Assert.Equal("CN=validator-3", certificate.Subject);
        Assert.Equal(certificate.Subject, certificate.Issuer);
        Assert.Equal((From.UtcDateTime, To.UtcDateTime), (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()));
        X509SubjectAlternativeNameExtension names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["validator.example.org"], names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], names.EnumerateIPAddresses());
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        using ECDsa publicKey = certificate.GetECDsaPublicKey()!;
        Assert.Equal("1.2.840.10045.3.1.7", publicKey.ExportParameters(false).Curve.Oid.Value);
        Assert.True(certificate.HasPrivateKey);
    }

    [Fact]
    public void The_pin_is_of_the_key_and_outlives_the_certificate()
    {
        using X509Certificate2 first = TlsCertificate.Create(_key, 0, From, To, ["localhost"]);
        using X509Certificate2 renewed = TlsCertificate.Create(_key, 0, From, To.AddYears(1), ["localhost"]);
        using SecretKey anotherKey = TlsCertificate.GenerateKey();
        using X509Certificate2 another = TlsCertificate.Create(anotherKey, 0, From, To, ["localhost"]);

        Assert.Equal(TlsPin.Of(first), TlsPin.Of(renewed));
        Assert.Equal(TlsPin.Of(_key.PublicKey.Span), TlsPin.Of(first));
        Assert.Equal(new Digest(SHA256.HashData(first.PublicKey.ExportSubjectPublicKeyInfo())), TlsPin.Of(first));
        Assert.True(TlsPin.Matches(renewed, TlsPin.Of(first)));
        Assert.False(TlsPin.Matches(another, TlsPin.Of(first)));
        Assert.False(TlsPin.Matches(null, TlsPin.Of(first)));
        Assert.False(TlsPin.Matches(first, Digest.None));
    }

    [Fact]
    public void Certificate_and_key_come_back_from_their_files()
    {
        using X509Certificate2 made = TlsCertificate.Create(_key, 1, From, To, ["localhost"]);
        string pem = TlsCertificate.ExportPem(made);
        byte[] store = KeyStoreFile.Seal([_key], "passphrase", KeyDerivationCost.Light);
        using SecretKey key = KeyStoreFile.Unseal(store, "passphrase", "memory").Single();
        using X509Certificate2 loaded = TlsCertificate.Load(pem, key);

        Assert.DoesNotContain("PRIVATE", pem, StringComparison.Ordinal);
        Assert.Equal(made.RawData, loaded.RawData);
        using ECDsa secret = loaded.GetECDsaPrivateKey()!;
        using ECDsa open = made.GetECDsaPublicKey()!;
        Assert.True(open.VerifyHash(new byte[32], secret.SignHash(new byte[32])));
    }

    [Fact]
    public void A_certificate_over_another_key_or_no_certificate_is_refused()
    {
        using X509Certificate2 certificate = TlsCertificate.Create(_key, 1, From, To, ["localhost"]);
        using SecretKey anotherKey = TlsCertificate.GenerateKey();
        using SecretKey consensus = SecretKey.Generate("consensus", SignatureSchemes.Ed25519);
        using var notAScalar = new SecretKey("tls", TlsCertificate.KeyScheme, _key.PublicKey.Span, new byte[32]);
        using var notItsPublicKey = new SecretKey("tls", TlsCertificate.KeyScheme, anotherKey.PublicKey.Span, _key.Seed);
        string pem = TlsCertificate.ExportPem(certificate);

        Assert.Contains("not over the TLS key", Assert.Throws<ArgumentException>(() => TlsCertificate.Load(pem, anotherKey)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load(pem, consensus));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load(pem, notAScalar));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load(pem, notItsPublicKey));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load("", _key));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", _key));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Load(pem.AsSpan(0, pem.Length - 60), _key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("http://host/")]
    [InlineData("host:7300")]
    [InlineData("exämple.org")]
    public void A_malformed_host_is_refused(string host)
    {
        Assert.Throws<ArgumentException>(() => TlsCertificate.Create(_key, 1, From, To, [host]));
    }

    [Fact]
    public void No_host_no_validity_or_a_negative_number_is_refused()
    {
        Assert.Throws<ArgumentException>(() => TlsCertificate.Create(_key, 1, From, To, []));
        Assert.Throws<ArgumentException>(() => TlsCertificate.Create(_key, 1, From, From, ["localhost"]));
        Assert.ThrowsAny<ArgumentException>(() => TlsCertificate.Create(_key, -1, From, To, ["localhost"]));
    }

    [Fact]
    public async Task Two_validators_shake_hands_by_their_pins()
    {
        using SecretKey otherKey = TlsCertificate.GenerateKey();
        using X509Certificate2 server = TlsCertificate.Create(_key, 0, From, To, ["localhost"]);
        using X509Certificate2 client = TlsCertificate.Create(otherKey, 1, From, To, ["localhost"]);

        Assert.True(await ShakeHands(server, client, TlsPin.Of(server), TlsPin.Of(client)));
        Assert.False(await ShakeHands(server, client, TlsPin.Of(server), TlsPin.Of(server)));
    }

    private static async Task<bool> ShakeHands(X509Certificate2 server, X509Certificate2 client, Digest serverPin, Digest clientPin)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var connection = new TcpClient();
        Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
        await connection.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient accepted = await accepting;

        await using var serverEnd = new SslStream(accepted.GetStream());
        await using var clientEnd = new SslStream(connection.GetStream());
        Task serving = serverEnd.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = server,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => TlsPin.Matches(certificate as X509Certificate2, clientPin),
        });
        Task connecting = clientEnd.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = [client],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => TlsPin.Matches(certificate as X509Certificate2, serverPin),
        });
        try
        {
            await serving;
            await connecting;
            return true;
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            return false;
        }
    }
}
