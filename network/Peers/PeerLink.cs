using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Bft.Engine;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bft.Network.Peers;

/// <summary>Our way to one peer: dials it for ever, and while the stream stands drains its outbox into it.</summary>
internal sealed class PeerLink(PeerHostOptions options, CommitteePins pins, Peer peer, LogThrottle throttle, ILogger logger)
{
    private readonly PeerLimits _limits = options.Limits;
    private readonly TimeProvider _time = options.Time;
    private readonly Backoff _backoff = new(options.Limits, unchecked((options.Seed * 31) + (options.Self.Value * 257) + peer.Id.Value));
    private string? _certificateError;

    /// <summary>Runs until stopped; never throws.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Task seen = peer.NextSign();
            long began = _time.GetTimestamp();
            string address = "an unknown address";
            string reason;
            try
            {
                address = options.AddressOf(peer.Id) ?? throw new IOException("its address is not known yet");
                reason = await ConnectAsync(address, stop);
            }
            catch (Exception exception)
            {
                // Whatever a network, a peer or an address can cause ends one attempt, not the link.
                reason = _certificateError ?? Describe(exception);
            }

            if (stop.IsCancellationRequested)
            {
                break;
            }

            if (peer.Connected)
            {
                _backoff.Held(_time.GetElapsedTime(began));
            }

            peer.WentDown(reason);
            if (throttle.Permits(peer.Id.Value, 3))
            {
                PeerLog.Disconnected(logger, peer.Id, address, reason);
            }

            await PauseAsync(_backoff.Next(), seen, stop);
        }

        peer.WentDown("we are stopping");
    }

    // One connection from dialling to its end; gives the reason for the end.
    private async Task<string> ConnectAsync(string address, CancellationToken stop)
    {
        _certificateError = null;
        using SocketsHttpHandler handler = CreateHandler();
        using GrpcChannel channel = GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            LoggerFactory = NullLoggerFactory.Instance,
            MaxReceiveMessageSize = PeerContract.MaxHelloBytes,
            MaxSendMessageSize = null,
        });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using AsyncDuplexStreamingCall<PeerFrame, PeerFrame> call =
            channel.CreateCallInvoker().AsyncDuplexStreamingCall(PeerContract.Open, null, new CallOptions(cancellationToken: ended.Token));

        if (await GreetAsync(call, stop) is { } refusal)
        {
            return refusal;
        }

        peer.WentUp();
        PeerLog.Connected(logger, peer.Id, address);
        Task<string> watch = WatchAsync(call, ended);
        try
        {
            await DrainAsync(call.RequestStream, ended.Token);
        }
        catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // The stream broke or was closed; the other direction knows why.
            await ended.CancelAsync();
        }

        return await watch;
    }

    private async Task<string?> GreetAsync(AsyncDuplexStreamingCall<PeerFrame, PeerFrame> call, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(_limits.HandshakeTimeout + _limits.HelloTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            var hello = new Hello(options.FormatVersion, options.ChainId, options.Self, PeerRole.Validator);
            var frame = new PeerFrame();
            frame.Add(hello.Encode());
            await call.RequestStream.WriteAsync(frame, either.Token);
            if (!await call.ResponseStream.MoveNext(either.Token))
            {
                return "the peer ended the stream without a hello";
            }

            return PeerService.SingleMessage(call.ResponseStream.Current) is { } answer ? hello.Mismatch(answer, peer.Id) : "the answer is no hello";
        }
        catch (Exception exception) when (late.IsCancellationRequested && exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return "no answer within the hello's time limit";
        }
    }

    // The accepting side says nothing after its hello: whatever comes next is the end.
    private static async Task<string> WatchAsync(AsyncDuplexStreamingCall<PeerFrame, PeerFrame> call, CancellationTokenSource ended)
    {
        try
        {
            return await call.ResponseStream.MoveNext(ended.Token) ? "the peer spoke on a stream that is ours to speak on" : "the peer closed the stream";
        }
        catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException)
        {
            return Describe(exception);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task DrainAsync(IClientStreamWriter<PeerFrame> stream, CancellationToken ended)
    {
        var frame = new PeerFrame();
        while (true)
        {
            // Before the wait: what a broken connection left behind has had its signal.
            while (peer.Outbox.Fill(frame))
            {
                try
                {
                    await stream.WriteAsync(frame, ended);
                }
                catch
                {
                    peer.CountLost(frame);
                    throw;
                }

                peer.CountSent(frame);
                frame.Clear();
            }

            await peer.Outbox.WaitAsync(ended);
        }
    }

    private async Task PauseAsync(TimeSpan pause, Task seen, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await Task.Delay(_limits.MinBackoff, _time, stop);
            if (pause > _limits.MinBackoff)
            {
                // A peer that dials us is up: no need to wait the pause out.
                await Task.WhenAny(seen, Task.Delay(pause - _limits.MinBackoff, _time, over.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: the loop sees it.
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = _limits.HandshakeTimeout,
        ConnectCallback = DialAsync,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = _limits.PingDelay,
        KeepAlivePingTimeout = _limits.PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = SslStreamCertificateContext.Create(options.Certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsPeer(certificate),
            CertificateChainPolicy = PeerTls.OfflinePolicy(),
            AllowTlsResume = false,
            AllowRenegotiation = false,
        },
    };

    // Our own, because a channel that may use its default one puts a load balancer with reconnection of its own in between.
    private static async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsPeer(X509Certificate? certificate)
    {
        ReplicaId? holder = pins.Find(certificate);
        _certificateError = holder == peer.Id ? null
            : holder is { } other ? $"validator {other}'s TLS key answers at its address: compare the addresses in genesis"
            : "the TLS key that answers at its address is not the one pinned in genesis";
        return _certificateError is null;
    }

    private static string Describe(Exception exception) => exception switch
    {
        RpcException { StatusCode: StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.Aborted or StatusCode.ResourceExhausted } refused =>
            $"the peer refused: {refused.Status.Detail}",
        RpcException failed => (failed.Status.DebugException ?? failed.InnerException)?.GetBaseException().Message ?? failed.Status.Detail,
        _ => exception.GetBaseException().Message,
    };
}
