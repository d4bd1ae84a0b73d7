using System.Buffers.Binary;
using Bft.Engine;
using Bft.Engine.Transport;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Peers;

/// <summary>The accepting side: who opens a stream is known by its TLS key; its hello is checked, then its messages go to the handler.</summary>
internal sealed class PeerService(
    PeerHostOptions options, CommitteePins pins, PeerTransport transport, IPeerHandler handler, LogThrottle throttle, ILogger logger, CancellationToken stopping)
{
    private readonly PeerLimits _limits = options.Limits;
    private readonly Incoming?[] _incoming = new Incoming?[options.Pins.Length];
    private readonly Lock _lock = new();

    /// <summary>The one message of a first frame, which holds exactly one; null for any other frame.</summary>
    public static ReadOnlyMemory<byte>? SingleMessage(PeerFrame frame)
    {
        int length = frame.Content.Length - sizeof(uint);
        return frame.Defect is null && length is > 0 and <= PeerContract.MaxHelloBytes &&
            BinaryPrimitives.ReadUInt32LittleEndian(frame.Content.Span) == (uint)length
            ? frame.Content[sizeof(uint)..]
            : null;
    }

    /// <summary>Serves one stream to its end.</summary>
    /// <exception cref="RpcException">The stream is refused or closed; the status says why.</exception>
    public async Task OpenAsync(IAsyncStreamReader<PeerFrame> requests, IServerStreamWriter<PeerFrame> responses, ServerCallContext call)
    {
        // The handshake admitted members only; asked again here because the answer is also who this is.
        if (pins.Find(call.GetHttpContext().Connection.ClientCertificate) is not { } sender || sender == options.Self)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "not a peer's TLS key"));
        }

        Peer peer = transport.Of(sender);
        var incoming = new Incoming();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, stopping, incoming.Replaced);
        await GreetAsync(peer, requests, responses, ended.Token);
        call.GetHttpContext().Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = null;

        try
        {
            await ReplaceAsync(sender, incoming);
            peer.Arrived();
            PeerLog.Accepted(logger, sender);
            await ReceiveAsync(peer, requests, ended.Token);
        }
        finally
        {
            Depart(peer, incoming);
        }
    }

    private async Task GreetAsync(Peer peer, IAsyncStreamReader<PeerFrame> requests, IServerStreamWriter<PeerFrame> responses, CancellationToken ended)
    {
        using var late = new CancellationTokenSource(_limits.HelloTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, late.Token);
        var ours = new Hello(options.FormatVersion, options.ChainId, options.Self, PeerRole.Validator);
        try
        {
            ReadOnlyMemory<byte>? theirs = await requests.MoveNext(either.Token) ? SingleMessage(requests.Current) : null;
            if ((theirs is { } hello ? ours.Mismatch(hello, peer.Id) : "the first frame is no hello") is { } mismatch)
            {
                throw Refuse(peer, StatusCode.FailedPrecondition, mismatch);
            }

            var answer = new PeerFrame();
            answer.Add(ours.Encode());
            await responses.WriteAsync(answer, either.Token);
        }
        catch (RpcException exception) when (IsMalformed(exception.StatusCode))
        {
            peer.CountMalformed();
            throw Refuse(peer, exception.StatusCode, $"malformed gRPC message: {exception.Status.Detail}");
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            throw late.IsCancellationRequested
                ? Refuse(peer, StatusCode.DeadlineExceeded, "no hello within the time limit")
                : new RpcException(new Status(StatusCode.Cancelled, "the stream ended before the hello"));
        }
    }

    private async Task ReceiveAsync(Peer peer, IAsyncStreamReader<PeerFrame> requests, CancellationToken ended)
    {
        try
        {
            while (await requests.MoveNext(ended))
            {
                PeerFrame frame = requests.Current;
                if ((frame.Defect ?? FrameReader.Defect(frame.Content.Span, _limits)) is { } defect)
                {
                    peer.CountMalformed();
                    throw Refuse(peer, StatusCode.InvalidArgument, $"malformed frame: {defect}");
                }

                int messages = Deliver(peer, frame.Content);
                TimeSpan debt = peer.Rate.Take(frame.Content.Length + ((long)messages * PeerLimits.MessageOverheadBytes));
                if (debt > TimeSpan.Zero)
                {
                    await Task.Delay(debt, options.Time, ended);
                }

                await peer.Inflow.WaitAsync(ended);
            }
        }
        catch (RpcException exception) when (IsMalformed(exception.StatusCode))
        {
            peer.CountMalformed();
            throw Refuse(peer, exception.StatusCode, $"malformed gRPC message: {exception.Status.Detail}");
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The connection broke, the peer went, it opened another stream, or we are stopping.
            throw new RpcException(new Status(StatusCode.Aborted, stopping.IsCancellationRequested ? "the validator is stopping" : "the stream was broken or replaced"));
        }
    }

    private int Deliver(Peer peer, ReadOnlyMemory<byte> content)
    {
        int messages = 0;
        var reader = new FrameReader(content);
        while (reader.MoveNext())
        {
            messages++;
            ReadOnlyMemory<byte> message = reader.Current;
            byte first = message.Span[0];
            if (!Traffic.IsKnown(first))
            {
                peer.CountUnknown();
                if (throttle.Permits(peer.Id.Value, 9))
                {
                    PeerLog.UnknownClass(logger, peer.Id, first);
                }

                continue;
            }

            var traffic = (TrafficClass)first;
            peer.CountReceived(traffic, message.Length);
            try
            {
                handler.OnMessage(peer.Id, traffic, message);
            }
            catch (Exception exception)
            {
                // A fault of the handler that one message brings to light must cost that message and nothing else.
                if (throttle.Permits(peer.Id.Value, 7))
                {
                    PeerLog.HandlerFailed(logger, exception, peer.Id, traffic);
                }
            }
        }

        return messages;
    }

    // The latest stream counts: an earlier one may be the half-open rest of a connection that the peer lost. The earlier reader ends
    // before the later one begins, so that the peer's messages stay in order.
    private async Task ReplaceAsync(ReplicaId sender, Incoming incoming)
    {
        Incoming? earlier;
        lock (_lock)
        {
            (earlier, _incoming[sender.Value]) = (_incoming[sender.Value], incoming);
        }

        if (earlier is not null)
        {
            earlier.Replace();
            await earlier.Ended;
        }
    }

    private void Depart(Peer peer, Incoming incoming)
    {
        bool last;
        lock (_lock)
        {
            last = _incoming[peer.Id.Value] == incoming;
            if (last)
            {
                _incoming[peer.Id.Value] = null;
            }
        }

        if (last)
        {
            peer.Left();
        }

        incoming.End();
    }

    // What gRPC itself says of a message that is too large, compressed or cut off. Our own refusals have other codes.
    private static bool IsMalformed(StatusCode code) => code is StatusCode.ResourceExhausted or StatusCode.Unimplemented or StatusCode.Internal;

    private RpcException Refuse(Peer peer, StatusCode code, string reason)
    {
        peer.Failed(reason);
        if (throttle.Permits(peer.Id.Value, 5))
        {
            PeerLog.Refused(logger, peer.Id, reason);
        }

        return new RpcException(new Status(code, reason));
    }

    /// <summary>A stream that is being read.</summary>
    // CA1001: the source is never disposed. It has no timer, and the stream that replaces this one may cancel it at any time.
#pragma warning disable CA1001
    private sealed class Incoming
#pragma warning restore CA1001
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly CancellationTokenSource _replaced = new();

        public CancellationToken Replaced => _replaced.Token;

        public Task Ended => _ended.Task;

        public void Replace() => _replaced.Cancel();

        public void End() => _ended.SetResult();
    }
}
