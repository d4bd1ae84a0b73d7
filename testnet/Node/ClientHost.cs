using System.Net;
using System.Net.Sockets;
using Bft.Network;
using Bft.Network.Api;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenTelemetry.Metrics;

namespace Bft.Testnet.Node;

/// <summary>The listeners for clients: gRPC on one port, HTTP (API, page, metrics) on another.</summary>
internal sealed class ClientHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ClientHost(WebApplication application, Uri clients, Uri http)
    {
        _application = application;
        Clients = clients;
        Http = http;
    }

    /// <summary>The most series that an instrument has for each peer: direction by traffic class, rounded up.</summary>
    private const int SeriesOfAPeer = 8;

    /// <summary>Where gRPC clients connect.</summary>
    public Uri Clients { get; }

    /// <summary>Where browsers connect.</summary>
    public Uri Http { get; }

    /// <summary>Starts listening.</summary>
    /// <exception cref="HomeException">An address is in use or not ours.</exception>
    public static async Task<ClientHost> StartAsync(NodeSettings settings, IValidatorGateway gateway, IEventSink events, CancellationToken cancellation)
    {
        IPEndPoint clients = Endpoints.Parse(settings.Config.Listen.Clients);
        IPEndPoint http = Endpoints.Parse(settings.Config.Listen.Http);
        var limits = new ApiLimits();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.AddProvider(new EventLogger(events));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.AddBftApi(gateway, limits);

        // Room is taken for every series at once: a few for each peer are all there ever are, not the 2,000 of the default.
        var series = new MetricStreamConfiguration { CardinalityLimit = 64 + (SeriesOfAPeer * settings.Genesis.Validators.Length) };
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Bft.*").AddView(_ => series).AddRuntimeInstrumentation().AddPrometheusExporter());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.ApplyBftLimits(limits);
            kestrel.Listen(clients, listen => Listen(listen, settings, HttpProtocols.Http2));

            // In clear text a connection has no way to choose between the two versions.
            kestrel.Listen(http, listen => Listen(listen, settings, settings.Config.ClientTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1));
        });
        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapGroup("").RequireLocalPort(clients.Port).MapBftGrpc();
        RouteGroupBuilder pages = application.MapGroup("").RequireLocalPort(http.Port);
        pages.MapBftHttp();
        pages.MapPrometheusScrapingEndpoint();
        try
        {
            await application.StartAsync(cancellation);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw new HomeException(exception.Message.TrimEnd('.'), $"{clients} or {http}", "stop the process that holds the port, or choose another in config.json", exception);
        }

        string scheme = settings.Config.ClientTls ? "https" : "http";
        return new ClientHost(application, new Uri($"{scheme}://{clients}"), new Uri($"{scheme}://{http}"));
    }

    /// <summary>Ends all streams and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _application.DisposeAsync();
    }

    private static void Listen(ListenOptions listen, NodeSettings settings, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        listen.UseBftGate();
        if (settings.Config.ClientTls)
        {
            using var keys = ValidatorKeys.Open(settings);
            listen.UseHttps(new System.Security.Cryptography.X509Certificates.X509Certificate2(keys.Certificate));
        }
    }
}
