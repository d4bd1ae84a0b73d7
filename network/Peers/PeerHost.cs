using System.Net;
using System.Net.Sockets;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bft.Network.Peers;

/// <summary>
/// One validator's end of the network among validators: a gRPC server of its own for the streams that peers dial, and a link to each
/// peer. Disposing closes all of it.
/// </summary>
/// <remarks>
/// The server reads no configuration, environment variable or file (so nothing is watched for changes), takes no signal, and writes no
/// log but this assembly's own lines: what the framework would say of a hostile connection is said here once a peer and minute.
/// </remarks>
public sealed class PeerHost : IAsyncDisposable
{
    private static TimeSpan GraceOnStop { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The name of the <c>System.Diagnostics.Metrics</c> meter.</summary>
    public const string MeterName = "Bft.Network";

    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stopping;
    private readonly PeerMetrics _metrics;
    private readonly PeerAdmission _admission;
    private readonly Task _links;
    private int _disposed;

    private PeerHost(WebApplication server, CancellationTokenSource stopping, PeerTransport transport, PeerAdmission admission, IPEndPoint endpoint, PeerHostOptions options, Func<Task> startLinks)
    {
        _server = server;
        _stopping = stopping;
        _admission = admission;
        _metrics = new PeerMetrics(transport, admission, options.Self.Value);
        Transport = transport;
        Endpoint = endpoint;
        _links = startLinks();
    }

    /// <summary>Sends to the other validators and tells how it stands with them.</summary>
    public PeerTransport Transport { get; }

    /// <summary>Where we really listen.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>How many connections ended before a committee member was known.</summary>
    public long HandshakesRefused => _admission.Refused;

    /// <summary>How many connections are in their handshake now; at most <see cref="PeerLimits.MaxHandshakes"/>.</summary>
    public int Handshaking => _admission.Handshaking;

    /// <summary>Listens, and begins to dial the peers; returns once we listen.</summary>
    /// <param name="options">Who we and the others are.</param>
    /// <param name="handler">Takes what arrives; called from now on.</param>
    /// <param name="loggers">Where lines go; null for nowhere.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <exception cref="PeerAddressException">The address cannot be listened on, for example because it is in use.</exception>
    /// <exception cref="ArgumentException">Certificate, pins and our own number do not fit together.</exception>
    public static async Task<PeerHost> StartAsync(PeerHostOptions options, IPeerHandler handler, ILoggerFactory? loggers = null, CancellationToken cancellation = default)
    {
        var pins = new CommitteePins(options.Pins);
        Check(options, pins);
        ILogger logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Bft.Network.Peers");
        var throttle = new LogThrottle(options.Time);
        var transport = new PeerTransport(options, handler, throttle, logger);
        var admission = new PeerAdmission(options, pins, throttle, logger);
        var stopping = new CancellationTokenSource();
        var service = new PeerService(options, pins, transport, handler, throttle, logger, stopping.Token);
        WebApplication server = Build(options, admission, service);
        try
        {
            await server.StartAsync(cancellation);
        }
        catch (Exception exception)
        {
            await server.DisposeAsync();
            stopping.Dispose();
            if (Explain(options.Listen, exception) is { } explained)
            {
                throw explained;
            }

            throw;
        }

        string address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var endpoint = new IPEndPoint(options.Listen.Address, BindingAddress.Parse(address).Port);
        PeerLog.Listening(logger, endpoint);
        return new PeerHost(server, stopping, transport, admission, endpoint, options, () => Task.WhenAll(
            transport.Others.Select(peer => Task.Run(() => new PeerLink(options, pins, peer, throttle, logger).RunAsync(stopping.Token), CancellationToken.None))));
    }

    /// <summary>Hangs up on everyone, stops listening and waits for the handler calls that are running, 2 s at most.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _links;
        using (var grace = new CancellationTokenSource(GraceOnStop))
        {
            await _server.StopAsync(grace.Token);
        }

        await _server.DisposeAsync();
        _metrics.Dispose();
        _stopping.Dispose();
    }

    private static void Check(PeerHostOptions options, CommitteePins pins)
    {
        if ((uint)options.Self.Value >= (uint)pins.Count)
        {
            throw new ArgumentException($"Validator {options.Self} is not in a committee of {pins.Count}.", nameof(options));
        }

        if (!options.Certificate.HasPrivateKey)
        {
            throw new ArgumentException("The TLS certificate came without its private key: load both.", nameof(options));
        }

        if (pins.Find(options.Certificate) != options.Self)
        {
            throw new ArgumentException(
                $"The TLS certificate's key has pin {CommitteePins.PinOf(options.Certificate)}, genesis has {options.Pins[options.Self.Value]} for validator {options.Self}: use the certificate made with that genesis.",
                nameof(options));
        }
    }

    private static WebApplication Build(PeerHostOptions options, PeerAdmission admission, PeerService service)
    {
        PeerLimits limits = options.Limits;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // One number for everybody would let strangers take the places of members: the gate counts.
            kestrel.Limits.MaxConcurrentConnections = null;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 << 10;
            kestrel.Limits.MaxRequestHeaderCount = 32;
            kestrel.Limits.RequestHeadersTimeout = limits.HelloTimeout;
            kestrel.Limits.KeepAliveTimeout = limits.HelloTimeout;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 16, gracePeriod: limits.HelloTimeout + TimeSpan.FromSeconds(2));
            kestrel.Limits.Http2.MaxStreamsPerConnection = 2;
            kestrel.Limits.Http2.InitialConnectionWindowSize = limits.WindowBytes;
            kestrel.Limits.Http2.InitialStreamWindowSize = limits.WindowBytes;
            kestrel.Limits.Http2.KeepAlivePingDelay = limits.PingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = limits.PingTimeout;
            kestrel.Listen(options.Listen, admission.Guard);
        });
        builder.Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.AddSingleton(service);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<PeerService>, PeerContract>());
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = limits.MaxFrameBytes + PeerContract.EnvelopeBytes;
            grpc.EnableDetailedErrors = false;
        });

        // A compressed frame would be as large as it likes once it is unpacked.
        builder.Services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        WebApplication server = builder.Build();
        server.UseRouting();
        server.MapGrpcService<PeerService>();
        return server;
    }

    private static PeerAddressException? Explain(IPEndPoint endpoint, Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressInUseException)
            {
                return new PeerAddressException(endpoint, "another process uses it. Stop that process (perhaps this validator is running already) or choose another port.", exception);
            }

            if (cause is SocketException socket)
            {
                return new PeerAddressException(endpoint, $"{socket.Message}. Choose an address of this machine and a port this user may open.", exception);
            }
        }

        return null;
    }
}
