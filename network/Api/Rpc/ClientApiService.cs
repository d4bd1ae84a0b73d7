using System.Net;
using System.Net.Sockets;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Api.Rpc;

/// <summary>
/// The client API over gRPC. Everything a client sends is hostile until checked: each refusal is a gRPC status with a reason, and
/// nothing a client does ends anything but its own call.
/// </summary>
public sealed partial class ClientApiService : ClientApiMethods.ServiceBase
{
    private readonly IValidatorGateway _gateway;
    private readonly ApiLimits _limits;
    private readonly StreamGate _streams;
    private readonly WatchGate _watchers;
    private readonly ReadGate _reads;
    private readonly ResponseBudget _responses;
    private readonly CancellationToken _stopping;
    private readonly ILogger<ClientApiService> _log;

    /// <summary>Made by the host.</summary>
    public ClientApiService(
        IValidatorGateway gateway, ApiLimits limits, StreamGate streams, WatchGate watchers, ReadGate reads, ResponseBudget responses, IHostApplicationLifetime lifetime, ILogger<ClientApiService> log)
    {
        _gateway = gateway;
        _limits = limits;
        _streams = streams;
        _watchers = watchers;
        _reads = reads;
        _responses = responses;
        _stopping = lifetime.ApplicationStopping;
        _log = log;
    }

    /// <inheritdoc/>
    public override Task Submit(IAsyncStreamReader<RawFrame> requestStream, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context) =>
        GuardAsync(context, async cancellation =>
        {
            using StreamPlace? place = TryEnter(context, out string? refusal);

            // Also before a refusal: one that crosses the client's first frame would reach it as a broken stream without a reason.
            HelloFrame hello = await ReadHelloAsync(requestStream, cancellation);
            if (place is null)
            {
                throw Refusals.Exhausted(refusal!);
            }

            await WithinAsync(place, inPlace => ServeAsync(requestStream, responseStream, hello, inPlace), cancellation);
        });

    /// <inheritdoc/>
    public override Task Receipts(RawFrame request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context) =>
        GuardAsync(context, async cancellation =>
        {
            using StreamPlace place = Enter(context);
            using var outbound = new ReceiptStream(_gateway, _limits);
            Follow(outbound, CheckHello(request));
            await WithinAsync(
                place,
                async inPlace =>
                {
                    await responseStream.WriteAsync(Welcome(), inPlace);
                    await outbound.WriteAsync(responseStream, inPlace);
                },
                cancellation);
        });

    /// <inheritdoc/>
    public override Task Watch(WatchRequest request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context) =>
        GuardAsync(context, async cancellation =>
        {
            using StreamPlace place = Enter(context);
            using StreamPlace watcher = _watchers.TryEnter(AddressOf(context), out string? refusal) ?? throw Refusals.Exhausted(refusal!);
            var from = new Height(Math.Max(1, request.FromHeight));
            await WithinAsync(place, ofStreams => WithinAsync(watcher, inPlace => WatchAsync(from, responseStream, inPlace), ofStreams), cancellation);
        });

    /// <inheritdoc/>
    public override Task<SignedAnswer> Query(QueryRequest request, ServerCallContext context) => GuardAsync(context, async cancellation =>
    {
        CheckNonce(request.Nonce);
        CheckKey(request.Key);
        Height floor = default;
        switch (request.Freshness)
        {
            case Freshness.Stale:
                break;
            case Freshness.ReadIndex:
                floor = await ReadIndexAsync(cancellation);
                break;
            case Freshness.AtLeast:
                floor = new Height(request.AtLeast);
                break;
            default:
                throw Refusals.Malformed($"freshness: {(int)request.Freshness} is none of STALE, READ_INDEX, AT_LEAST.");
        }

        await WaitAsync(floor, cancellation);
        QueryAnswer answer = _gateway.Query(request.Key.Memory);
        var content = new SignedQuery(
            _gateway.Self, request.Nonce.Memory, request.Key.Memory, floor, answer.Height, answer.Found, answer.Found ? answer.Value : default);
        return Sign(content.Encode());
    });

    /// <inheritdoc/>
    public override Task<SignedAnswer> ReadIndex(ReadIndexRequest request, ServerCallContext context) => GuardAsync(context, async cancellation =>
    {
        CheckNonce(request.Nonce);
        Height height = await ReadIndexAsync(cancellation);
        return Sign(new SignedReadIndex(_gateway.Self, request.Nonce.Memory, height).Encode());
    });

    /// <inheritdoc/>
    public override Task<ProveReply> Prove(ProveRequest request, ServerCallContext context) => GuardAsync(context, _ =>
    {
        CheckKey(request.Key);
        ProofAnswer answer = _gateway.Prove(request.Key.Memory);
        if (answer.Proof is not { } proof)
        {
            throw Refusals.Precondition(answer.Refusal ?? "There is no certified state yet: ask again after the next blocks.");
        }

        var header = new CanonicalWriter(BlockHeader.EncodedBytes);
        proof.Header.Encode(header);
        var certificate = new CanonicalWriter(512);
        proof.Certificate.Encode(certificate);
        return Task.FromResult(new ProveReply
        {
            Found = proof.Found,
            Value = ByteString.CopyFrom(proof.Value.Span),
            StateProof = ByteString.CopyFrom(proof.StateProof.Span),
            Header = ByteString.CopyFrom(header.Span),
            Certificate = ByteString.CopyFrom(certificate.Span),
        });
    });

    /// <inheritdoc/>
    public override Task<StatusReply> Status(StatusRequest request, ServerCallContext context) =>
        GuardAsync(context, _ => Task.FromResult(StatusReplies.Of(_gateway)));

    /// <inheritdoc/>
    public override Task<BlockReply> GetBlock(BlockRequest request, ServerCallContext context) => GuardAsync(context, cancellation => ReadAsync(() =>
    {
        CommittedBlock? block = request.WhichCase switch
        {
            BlockRequest.WhichOneofCase.Height => _gateway.Block(new Height(request.Height)),
            BlockRequest.WhichOneofCase.Digest when request.Digest.Length == Digest.Size => _gateway.Block(new Digest(request.Digest.Span)),
            _ => throw Refusals.Malformed($"which: name a height or a digest of {Digest.Size} bytes."),
        };
        if (block is null)
        {
            throw Refusals.NotFound($"No committed block of that {request.WhichCase} here; the last height is {_gateway.CommittedHeight}.");
        }

        // The message and, until the client reads, its copy in the transport.
        byte[] encoded = Encode(block);
        return _responses.TryTake(context.GetHttpContext(), 2L * encoded.Length)
            ? new BlockReply { CommittedBlock = UnsafeByteOperations.UnsafeWrap(encoded) }
            : throw Refusals.Exhausted(_responses.Refusal);
    }, cancellation));

    /// <inheritdoc/>
    public override Task<TransactionReply> GetTransaction(TransactionRequest request, ServerCallContext context) => GuardAsync(context, cancellation => ReadAsync(() =>
    {
        if (request.Client.Length != Digest.Size || request.Sequence == 0)
        {
            throw Refusals.Malformed($"A transaction is named by a client id of {Digest.Size} bytes and a sequence of at least 1.");
        }

        var id = new TransactionId(new Digest(request.Client.Span), request.Sequence);
        return _gateway.Transaction(id) is { } transaction
            ? new TransactionReply
            {
                Height = transaction.Height.Value,
                Code = transaction.Code,
                Run = ByteString.CopyFrom(transaction.Run.Encoded.Span),
            }
            : throw Refusals.NotFound($"Transaction {id} is not committed here: it may be waiting, or this validator may be behind.");
    }, cancellation));

    private async Task<T> ReadAsync<T>(Func<T> read, CancellationToken cancellation) =>
        await _reads.ReadAsync(read, cancellation) is { Done: true } answer ? answer.Result! : throw Refusals.Exhausted(_reads.Refusal);

    private static byte[] Encode(CommittedBlock block)
    {
        var writer = new CanonicalWriter(block.Block.Encoded.Length + 1024);
        block.Encode(writer);
        return writer.ToArray();
    }

    private SignedAnswer Sign(byte[] content) => new()
    {
        SignedContent = UnsafeByteOperations.UnsafeWrap(content),
        Signature = UnsafeByteOperations.UnsafeWrap(SignedQuery.Sign(_gateway.Chain, _gateway.Identity, content)),
    };

    private async ValueTask<Height> ReadIndexAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_limits.ReadTimeout);
        try
        {
            ReadIndexAnswer answer = await _gateway.ReadIndexAsync(timeout.Token);
            return answer.Refusal is { } refusal
                ? throw Refusals.Precondition($"No linearizable read here now ({refusal}): ask another validator.")
                : answer.AtLeast;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refusals.TooLate($"The read index was not known within {_limits.ReadTimeout}: ask another validator.");
        }
    }

    private async ValueTask WaitAsync(Height floor, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_limits.ReadTimeout);
        try
        {
            await _gateway.WaitExecutedAsync(floor, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refusals.TooLate($"Height {floor} was not executed here within {_limits.ReadTimeout}: this validator is behind, ask another.");
        }
    }

    private static void CheckNonce(ByteString nonce)
    {
        if (nonce.Length > ApiLimits.MaxNonceBytes)
        {
            throw Refusals.Malformed($"nonce: {nonce.Length} bytes, at most {ApiLimits.MaxNonceBytes} are taken.");
        }
    }

    private void CheckKey(ByteString key)
    {
        if (key.Length > _limits.MaxKeyBytes)
        {
            throw Refusals.Malformed($"key: {key.Length} bytes, at most {_limits.MaxKeyBytes} are looked up (MaxKeyBytes).");
        }
    }

    private StreamPlace Enter(ServerCallContext context) => TryEnter(context, out string? refusal) ?? throw Refusals.Exhausted(refusal!);

    private StreamPlace? TryEnter(ServerCallContext context, out string? refusal) =>
        _streams.TryEnter(context.GetHttpContext().Connection.Id, AddressOf(context), out refusal);

    private static IPAddress? AddressOf(ServerCallContext context) => context.GetHttpContext().Connection.RemoteIpAddress;

    // Serves a stream as long as its place is its own.
    private static async Task WithinAsync(StreamPlace place, Func<CancellationToken, Task> serve, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, place.Displaced);
        try
        {
            await serve(either.Token);
        }
        catch (OperationCanceledException) when (place.Displaced.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Refusals.Exhausted(StreamPlace.Displacement);
        }
    }

    private async Task WatchAsync(Height from, IServerStreamWriter<RawFrame> responses, CancellationToken cancellation)
    {
        await foreach (CommittedBlock block in _gateway.Watch(from, cancellation))
        {
            await responses.WriteAsync(new RawFrame(Encode(block)), cancellation);
        }
    }

    private async Task ServeAsync(IAsyncStreamReader<RawFrame> requests, IServerStreamWriter<RawFrame> responses, HelloFrame hello, CancellationToken cancellation)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var outbound = new ReceiptStream(_gateway, _limits);
        Follow(outbound, hello);
        await responses.WriteAsync(Welcome(), both.Token);
        Task writing = outbound.WriteAsync(responses, both.Token);
        Task reading = new SubmitStream(_gateway, _limits, outbound).ReadAsync(requests, both.Token);

        // The client's end of sending ends the stream once its acknowledgements are written; a failure on one side ends the other.
        if (await Task.WhenAny(reading, writing) == reading && reading.IsCompletedSuccessfully)
        {
            outbound.Complete();
        }
        else
        {
            await both.CancelAsync();
        }

        await FirstErrorAsync(reading, writing);
    }

    private RawFrame Welcome() => new(new WelcomeFrame(
        HelloFrame.CurrentVersion, _gateway.Chain.Id, _gateway.Self, _limits.FrameBytesOn(_gateway.Chain), _limits.MaxSubscribedClients).Encode());

    private async Task<HelloFrame> ReadHelloAsync(IAsyncStreamReader<RawFrame> frames, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_limits.HelloTimeout);
        try
        {
            return await frames.MoveNext(timeout.Token)
                ? CheckHello(frames.Current)
                : throw Refusals.Malformed("The stream ended before its Hello frame.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refusals.TooLate($"No Hello frame within {_limits.HelloTimeout}: it must be the first frame of a stream.");
        }
    }

    private HelloFrame CheckHello(RawFrame frame)
    {
        HelloFrame? hello = SubmitStream.Kind(frame) == FrameKind.Hello ? HelloFrame.Decode(frame.Content, _limits.MaxSubscribedClients) : null;
        if (hello is null)
        {
            throw Refusals.Malformed($"The first frame is not a Hello as client.proto describes it, or names more than {_limits.MaxSubscribedClients} clients.");
        }

        if (hello.Version != HelloFrame.CurrentVersion)
        {
            throw Refusals.Precondition($"This validator speaks version {HelloFrame.CurrentVersion}, the Hello asks for {hello.Version}.");
        }

        return hello.Chain == _gateway.Chain.Id
            ? hello
            : throw Refusals.Precondition($"This validator serves chain {_gateway.Chain.Id}, the Hello names {hello.Chain}: use this chain's genesis or that chain's endpoints.");
    }

    private static void Follow(ReceiptStream outbound, HelloFrame hello)
    {
        foreach (Digest client in hello.Clients)
        {
            outbound.Follow(client);
        }
    }

    // The refusal that ended one half is the answer; that the other half was cancelled for it is not.
    private static async Task FirstErrorAsync(Task reading, Task writing)
    {
        try
        {
            await Task.WhenAll(reading, writing);
        }
        catch (Exception) when (reading.Exception?.InnerException is RpcException || writing.Exception?.InnerException is RpcException)
        {
            throw (RpcException)(reading.Exception?.InnerException as RpcException ?? writing.Exception!.InnerException!);
        }
    }

    private Task GuardAsync(ServerCallContext context, Func<CancellationToken, Task> call) => GuardAsync(context, async cancellation =>
    {
        await call(cancellation);
        return true;
    });

    private async Task<T> GuardAsync<T>(ServerCallContext context, Func<CancellationToken, Task<T>> call)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _stopping);
        try
        {
            return await call(ended.Token);
        }
        catch (RpcException)
        {
            throw;
        }
        catch (Exception gone) when (context.CancellationToken.IsCancellationRequested || gone is IOException or SocketException)
        {
            // The client went away: nobody reads the answer.
            throw new RpcException(new Status(StatusCode.Cancelled, "The client ended the call."));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw Refusals.Stopping();
        }
        catch (Exception bug)
        {
            Failed(_log, bug, context.Method);
            throw Refusals.Internal();
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Method} failed")]
    private static partial void Failed(ILogger log, Exception error, string method);
}
