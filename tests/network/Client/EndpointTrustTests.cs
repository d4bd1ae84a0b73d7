using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Client;
using Bft.Crypto;
using Bft.Crypto.Tls;
using Bft.Engine;
using Bft.Network.Tests.Api.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Tests.Client;

/// <summary>Which TLS key an endpoint must show: that of its own validator, not that of any.</summary>
public sealed class EndpointTrustTests : IAsyncLifetime
{
    private readonly X509Certificate2 _zero = Certificate("zero");
    private readonly X509Certificate2 _one = Certificate("one");
    private readonly List<WebApplication> _hosts = [];
    private Uri _relayed = null!;
    private Uri _honest = null!;

    public async Task InitializeAsync()
    {
        // Validator 1's key at both addresses: that of validator 0 is played by it.
        _relayed = await ListenAsync(_one);
        _honest = await ListenAsync(_one);
    }

    public async Task DisposeAsync()
    {
        foreach (WebApplication host in _hosts)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }

        _zero.Dispose();
        _one.Dispose();
    }

    [Fact]
    public async Task A_validator_of_genesis_cannot_answer_at_the_address_of_another()
    {
        Genesis genesis = Pinned(_relayed.Authority, _honest.Authority);
        await AssertTrustsOnlyTheSecondAsync(new BftClientOptions { Genesis = genesis, Endpoints = [_relayed, _honest] });
    }

    [Fact]
    public async Task Pins_that_are_given_belong_to_the_endpoints_in_their_order()
    {
        Genesis genesis = Pinned("elsewhere.example:1", "elsewhere.example:2");
        await AssertTrustsOnlyTheSecondAsync(new BftClientOptions
        {
            Genesis = genesis,
            Endpoints = [_relayed, _honest],
            TlsPins = [TlsPin.Of(_zero), TlsPin.Of(_one)],
        });
    }

    [Fact]
    public async Task An_endpoint_that_nobody_gave_a_pin_for_is_not_trusted()
    {
        await using var client = new BftClient(new BftClientOptions { Genesis = Pinned("elsewhere.example:1", "elsewhere.example:2"), Endpoints = [_honest] });
        EndpointStatus status = Assert.Single(await client.StatusAsync());
        Assert.DoesNotContain("Unimplemented", status.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:7300", "http")]
    [InlineData("localhost:7300", "http")]
    [InlineData("[::1]:7300", "http")]
    [InlineData("10.0.0.7:7300", "https")]
    [InlineData("bft.example:7300", "https")]
    public async Task The_addresses_of_genesis_are_reached_in_clear_text_on_loopback_only(string address, string scheme)
    {
        Genesis genesis = FakeNetwork.MakeGenesis();
        genesis = genesis with { Validators = [.. genesis.Validators.Select(validator => validator with { ClientAddress = address })] };
        await using var client = new BftClient(new BftClientOptions { Genesis = genesis, CallTimeout = TimeSpan.Zero });
        Assert.Equal(new Uri($"{scheme}://{address}"), Assert.Single(await client.StatusAsync()).Endpoint);
    }

    private static async Task AssertTrustsOnlyTheSecondAsync(BftClientOptions options)
    {
        await using var client = new BftClient(options);
        IReadOnlyList<EndpointStatus> status = await client.StatusAsync();
        // A listener without the service: a handshake that succeeds ends with Unimplemented.
        Assert.Contains("Unimplemented", status[1].Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unimplemented", status[0].Error, StringComparison.Ordinal);
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(120));
    }

    private Genesis Pinned(params string[] addresses)
    {
        Genesis genesis = FakeNetwork.MakeGenesis();
        Digest[] pins = [TlsPin.Of(_zero), TlsPin.Of(_one)];
        return genesis with
        {
            Validators =
            [
                .. genesis.Validators.Select((validator, i) => i < 2 ? validator with { ClientAddress = addresses[i], TlsPin = pins[i] } : validator),
            ],
        };
    }

    private async Task<Uri> ListenAsync(X509Certificate2 certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(certificate);
        }));
        WebApplication host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }
}
