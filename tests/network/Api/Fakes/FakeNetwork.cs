using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bft.Client;
using Bft.Crypto;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Tls;
using Bft.Engine;
using Bft.Network.Api;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Tests.Api.Fakes;

/// <summary>Validators on free loopback ports, each with its gRPC and its HTTP listener, over one <see cref="FakeLedger"/>.</summary>
internal sealed class FakeNetwork : IAsyncDisposable
{
    private readonly WebApplication?[] _hosts;
    private readonly List<IAsyncDisposable> _owned = [];

    private FakeNetwork(Genesis genesis, FakeLedger ledger, FakeValidator[] validators, WebApplication[] hosts)
    {
        Genesis = genesis;
        Ledger = ledger;
        Validators = validators;
        _hosts = hosts;
    }

    public Genesis Genesis { get; }

    public FakeLedger Ledger { get; }

    public Chain Chain => Ledger.Chain;

    public FakeValidator[] Validators { get; }

    public static ISigner Key(string name) => SignatureSchemes.Ed25519.CreateSigner(HashFunction.Sha256.Hash(Encoding.UTF8.GetBytes(name)).ToArray());

    /// <summary>A genesis of validators whose keys follow from <paramref name="salt"/>; addresses are filled in once ports are known.</summary>
    public static Genesis MakeGenesis(int n = 4, string salt = "test") => new(
        "fake", "ed25519", "sha256", FaultModel.Byzantine, "kv", AcceptUnsigned: true, Development: true, CreatedAt: 1, new ChainLimits(),
        [
            .. Enumerable.Range(0, n).Select(i => new GenesisValidator(
                $"org-{i}", [.. Key($"{salt} consensus {i}").PublicKey.Span], [.. Key($"{salt} identity {i}").PublicKey.Span],
                HashFunction.Sha256.Hash(Encoding.UTF8.GetBytes($"{salt} tls {i}")), string.Empty, string.Empty, string.Empty)),
        ]);

    public static async Task<FakeNetwork> StartAsync(ApiLimits? limits = null, string salt = "test", int n = 4, bool tls = false)
    {
        limits ??= new ApiLimits();
        Genesis genesis = MakeGenesis(n, salt);
        X509Certificate2?[] certificates = [.. Enumerable.Range(0, n).Select(i => tls ? MakeCertificate(i) : null)];
        if (tls)
        {
            genesis = genesis with { Validators = [.. genesis.Validators.Select((validator, i) => validator with { TlsPin = TlsPin.Of(certificates[i]!) })] };
        }

        var ledger = new FakeLedger(genesis, [.. Enumerable.Range(0, n).Select(i => Key($"{salt} consensus {i}"))]);
        FakeValidator[] validators = [.. Enumerable.Range(0, n).Select(i => new FakeValidator(ledger, genesis, i, Key($"{salt} identity {i}"), limits))];
        WebApplication[] hosts = await Task.WhenAll(validators.Select((validator, i) => HostAsync(validator, limits, certificates[i])));
        genesis = genesis with
        {
            Validators = [.. genesis.Validators.Select((validator, i) => validator with { ClientAddress = Address(hosts[i], 0), HttpAddress = Address(hosts[i], 1) })],
        };
        foreach (FakeValidator validator in validators)
        {
            validator.Genesis = genesis;
        }

        return new FakeNetwork(genesis, ledger, validators, hosts);
    }

    /// <summary>A client of all validators, with a key of its own and short waits.</summary>
    public BftClient Client(Func<BftClientOptions, BftClientOptions>? change = null)
    {
        var options = new BftClientOptions
        {
            Genesis = Genesis,
            Signer = Key("client"),
            Sequences = new MemorySequences(),
            CommitRule = FakeLedger.Rule,
            StateProofCheck = FakeLedger.CheckProof,
            Barrier = () => "!"u8.ToArray(),
            RetryAfter = TimeSpan.FromMilliseconds(100),
            // No test waits for these to run out; a busy machine must not make them.
            CallTimeout = TimeSpan.FromMinutes(2),
            ConnectTimeout = TimeSpan.FromMinutes(2),
        };
        var client = new BftClient(change?.Invoke(options) ?? options);
        _owned.Add(client);
        return client;
    }

    public GrpcChannel Channel(int validator, SocketsHttpHandler? handler = null) =>
        GrpcChannel.ForAddress("http://" + Genesis.Validators[validator].ClientAddress, new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = null });

    /// <summary>A connection that speaks for itself, byte by byte.</summary>
    public Task<RawConnection> RawAsync(int validator, bool grpc) =>
        RawConnection.OpenAsync(IPEndPoint.Parse(grpc ? Genesis.Validators[validator].ClientAddress : Genesis.Validators[validator].HttpAddress));

    public HttpClient Http(int validator) => new() { BaseAddress = new Uri("http://" + Genesis.Validators[validator].HttpAddress) };

    public T Service<T>(int validator)
        where T : notnull => _hosts[validator]!.Services.GetRequiredService<T>();

    public async Task KillAsync(int validator)
    {
        WebApplication host = _hosts[validator]!;
        _hosts[validator] = null;
        await host.StopAsync();
        await host.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable owned in _owned)
        {
            await owned.DisposeAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, _hosts.Length).Where(i => _hosts[i] is not null).Select(KillAsync));
    }

    private static async Task<WebApplication> HostAsync(FakeValidator validator, ApiLimits limits, X509Certificate2? certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.ApplyBftLimits(limits);
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseBftGate();
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseBftGate();
            });
        });
        builder.Services.AddBftApi(validator, limits);
        WebApplication host = builder.Build();
        host.MapBftGrpc();
        host.MapBftHttp();
        await host.StartAsync();
        return host;
    }

    private static X509Certificate2 MakeCertificate(int validator)
    {
        using SecretKey key = TlsCertificate.GenerateKey();
        return TlsCertificate.Create(key, validator, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200), ["127.0.0.1"]);
    }

    private static string Address(WebApplication host, int listener) =>
        new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(listener)).Authority;
}

/// <summary>Sequences that live as long as the test.</summary>
internal sealed class MemorySequences(ulong first = 1) : ISequenceSource
{
    private readonly Lock _gate = new();
    private ulong _next = first;

    public ulong Reserve(int count)
    {
        lock (_gate)
        {
            ulong reserved = _next;
            _next += (ulong)count;
            return reserved;
        }
    }
}
