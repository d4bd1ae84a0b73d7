using Bft.Network.Api.Http;
using Bft.Network.Api.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bft.Network.Api;

/// <summary>
/// Puts the client API into a host: <see cref="AddBftApi"/> among the services, <see cref="ApplyBftLimits"/> on Kestrel,
/// <see cref="UseBftGate"/> on each listener (before TLS), <see cref="MapBftGrpc"/> and <see cref="MapBftHttp"/> on the routes. Where both listen on ports of one host, map each on a
/// group that requires its port: <c>app.MapGroup("").RequireLocalPort(7300).MapBftGrpc()</c>.
/// </summary>
public static class BftApi
{
    // What protobuf and gRPC put around the content of a frame.
    private const int EnvelopeBytes = 64;

    // Connections that gave way and are not gone yet: a few milliseconds' worth of a flood.
    private const int HangingUp = 2048;

    /// <summary>Registers the API over a running validator.</summary>
    public static IServiceCollection AddBftApi(this IServiceCollection services, IValidatorGateway gateway, ApiLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        limits ??= new ApiLimits();
        services.AddSingleton(gateway).AddSingleton(limits);
        services.AddSingleton(_ => new ClientGate(limits)).AddSingleton<IStartupFilter>(provider => provider.GetRequiredService<ClientGate>());
        services.AddSingleton<StreamGate>().AddSingleton<WatchGate>().AddSingleton<ReadGate>().AddSingleton<ResponseBudget>().AddSingleton<ClientApiService>();
        services.AddSingleton<HttpEdge>().AddSingleton<HttpOperations>().AddSingleton<HttpWatch>().AddSingleton<StatusPage>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, LocalPortPolicy>());
        services.AddGrpc().AddServiceOptions<ClientApiService>(options =>
        {
            options.MaxReceiveMessageSize = limits.FrameBytesOn(gateway.Chain) + EnvelopeBytes;
            options.MaxSendMessageSize = null;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck("validator", () => gateway.OutOfService is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
        services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Bft validator";
            document.Info.Description = "One validator of a Byzantine fault-tolerant chain. One validator's word never counts: see proofs, receipts and certificates.";
            return Task.CompletedTask;
        }));
        return services;
    }

    /// <summary>Sets the limits of the client-facing listeners: windows, heads, and how slow a request may be. Connections are counted by <see cref="UseBftGate"/>.</summary>
    public static void ApplyBftLimits(this KestrelServerLimits kestrel, ApiLimits limits)
    {
        // The gate decides who gives way; this number knows nobody, and counts those too that are being hung up on.
        kestrel.MaxConcurrentConnections = limits.MaxConnections + HangingUp;
        kestrel.RequestHeadersTimeout = limits.HeadTimeout;
        kestrel.KeepAliveTimeout = limits.KeepAliveTimeout;
        kestrel.MaxRequestHeadersTotalSize = limits.MaxHeadBytes;
        kestrel.MaxRequestHeaderCount = limits.MaxHeaderFields;
        kestrel.MinRequestBodyDataRate = new MinDataRate(limits.MinBytesPerSecond, limits.SlowBodyGrace);
        kestrel.MinResponseDataRate = new MinDataRate(limits.MinBytesPerSecond, limits.SlowBodyGrace);
        kestrel.MaxRequestBodySize = limits.MaxHttpBodyBytes;
        kestrel.Http2.InitialConnectionWindowSize = limits.ConnectionWindowBytes;
        kestrel.Http2.InitialStreamWindowSize = Math.Min(limits.ConnectionWindowBytes, 1 << 20);
        kestrel.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    /// <summary>
    /// Counts the listener's connections among the <see cref="ApiLimits.MaxConnections"/>, and hangs up on those that bring no request in time.
    /// Comes before <c>UseHttps</c>.
    /// </summary>
    public static void UseBftGate(this ListenOptions listen) => listen.ApplicationServices.GetRequiredService<ClientGate>().Guard(listen);

    /// <summary>Keeps endpoints to connections that came in at that port, whatever host the request claims; others get 404.</summary>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="port">The port that the server listens on.</param>
    public static TBuilder RequireLocalPort<TBuilder>(this TBuilder endpoints, int port)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new LocalPort(port));

    /// <summary>Maps the gRPC API with reflection and health checks. The listener must speak HTTP/2.</summary>
    public static void MapBftGrpc(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<ClientApiService>();
        endpoints.MapGrpcReflectionService();
        endpoints.MapGrpcHealthChecksService();
    }

    /// <summary>Maps the HTTP API under <c>/v1</c>, its OpenAPI document at <c>/openapi/v1.json</c>, and the page at <c>/</c>.</summary>
    public static void MapBftHttp(this IEndpointRouteBuilder endpoints) => HttpRoutes.Map(endpoints);
}
