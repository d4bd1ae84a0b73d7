using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Peers;

namespace Bft.Network.Tests.Peers;

/// <summary>Validators with real certificates on free ports of this machine.</summary>
internal sealed class TestCommittee : IAsyncDisposable
{
    /// <summary>The limits of the tests: quick to try again. On a loaded machine nobody is taken for dead: who tests that sets its own limit.</summary>
    public static readonly PeerLimits Quick = new()
    {
        MinBackoff = TimeSpan.FromMilliseconds(10),
        MaxBackoff = TimeSpan.FromMilliseconds(100),
        HandshakeTimeout = TimeSpan.FromMinutes(10),
        HelloTimeout = TimeSpan.FromMinutes(10),
        PingDelay = TimeSpan.FromMinutes(10),
        PingTimeout = TimeSpan.FromMinutes(10),
    };

    private readonly ConcurrentDictionary<int, string> _addresses = new();
    private readonly List<TestValidator> _started = [];

    public TestCommittee(int size, Func<int, X509Certificate2>? certificate = null)
    {
        Certificates = [.. Enumerable.Range(0, size).Select(i => certificate?.Invoke(i) ?? NewCertificate())];
        Pins = [.. Certificates.Select(CommitteePins.PinOf)];
    }

    public ImmutableArray<X509Certificate2> Certificates { get; }

    public ImmutableArray<Digest> Pins { get; }

    public Digest ChainId { get; } = HashFunction.Sha256.Hash("a chain"u8);

    public static X509Certificate2 NewCertificate(DateTimeOffset? notAfter = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=validator", key, HashAlgorithmName.SHA256);
        DateTimeOffset end = notAfter ?? DateTimeOffset.UtcNow.AddYears(10);
        return request.CreateSelfSigned(end.AddYears(-20), end);
    }

    public void Announce(int validator, IPEndPoint endpoint) => _addresses[validator] = endpoint.ToString();

    public async Task<TestValidator> StartAsync(int self, Func<PeerHostOptions, PeerHostOptions>? change = null, Action<TestValidator>? prepare = null)
    {
        var options = new PeerHostOptions
        {
            Self = new ReplicaId(self),
            ChainId = ChainId,
            Certificate = Certificates[self],
            Pins = Pins,
            AddressOf = id => _addresses.GetValueOrDefault(id.Value),
            Limits = Quick,
            Seed = self,
        };
        var validator = new TestValidator();
        prepare?.Invoke(validator);
        await validator.StartAsync(change?.Invoke(options) ?? options);
        Announce(self, validator.Host.Endpoint);
        lock (_started)
        {
            _started.Add(validator);
        }

        return validator;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_started.Select(validator => validator.DisposeAsync().AsTask()));
        foreach (X509Certificate2 certificate in Certificates)
        {
            certificate.Dispose();
        }
    }

    /// <summary>A message of a class with a number in it.</summary>
    public static byte[] Numbered(TrafficClass traffic, int number, int bytes = 5)
    {
        var message = new byte[bytes];
        message[0] = (byte)traffic;
        BitConverter.TryWriteBytes(message.AsSpan(1), number);
        return message;
    }

    public static int NumberOf(byte[] message) => BitConverter.ToInt32(message, 1);
}
