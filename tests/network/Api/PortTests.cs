using System.Net;
using System.Net.Sockets;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Tests.Api;

/// <summary>Which API is where is decided by the port of the connection, not by the host that a request claims.</summary>
public sealed class PortTests : IAsyncLifetime
{
    private WebApplication _host = null!;
    private Uri _grpc = null!;
    private Uri _http = null!;

    public async Task InitializeAsync()
    {
        Genesis genesis = FakeNetwork.MakeGenesis();
        var ledger = new FakeLedger(genesis, [.. Enumerable.Range(0, 4).Select(i => FakeNetwork.Key($"test consensus {i}"))]);
        // Bound before the host is made: the routes name the ports.
        Socket[] sockets = [Bind(), Bind()];
        int[] ports = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(transport => transport.CreateBoundListenSocket = endpoint => sockets[Array.IndexOf(ports, ((IPEndPoint)endpoint).Port)]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, ports[0], listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, ports[1], listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddBftApi(new FakeValidator(ledger, genesis, 0, FakeNetwork.Key("test identity 0"), new ApiLimits()));
        _host = builder.Build();
        _host.MapGroup("").RequireLocalPort(ports[0]).MapBftGrpc();
        _host.MapGroup("").RequireLocalPort(ports[1]).MapBftHttp();
        await _host.StartAsync();
        (_grpc, _http) = (new Uri($"http://127.0.0.1:{ports[0]}"), new Uri($"http://127.0.0.1:{ports[1]}"));
    }

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_http_api_is_not_reached_over_the_grpc_port_whatever_host_is_claimed(bool isForged)
    {
        using var client = new HttpClient();
        using HttpRequestMessage request = Get(_grpc, isForged ? _http.Authority : _grpc.Authority, HttpVersion.Version20);
        using HttpResponseMessage reply = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
    }

    [Theory]
    [InlineData("bft.example")]
    [InlineData("bft.example:8443")]
    public async Task The_http_api_is_reached_under_any_name_and_through_a_forwarded_port(string host)
    {
        using var client = new HttpClient();
        using HttpRequestMessage request = Get(_http, host, HttpVersion.Version11);
        using HttpResponseMessage reply = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task Grpc_is_served_on_its_port_through_a_forwarder_too_and_on_no_other()
    {
        using GrpcChannel served = Channel(_http.Authority, _grpc);
        Assert.Equal(0u, (await new ClientApi.ClientApiClient(served).StatusAsync(new StatusRequest())).Validator);
        using GrpcChannel other = Channel(_grpc.Authority, _http);
        await Assert.ThrowsAsync<RpcException>(async () => await new ClientApi.ClientApiClient(other).StatusAsync(new StatusRequest()));
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static HttpRequestMessage Get(Uri address, string host, Version version)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/v1/status")) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = host;
        return request;
    }

    // Claims one address and connects to another.
    private static GrpcChannel Channel(string claimed, Uri address) => GrpcChannel.ForAddress("http://" + claimed, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(address.Host, address.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
        DisposeHttpClient = true,
    });
}
