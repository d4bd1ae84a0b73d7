using System.Text;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;

namespace Bft.Network.Tests.Api;

/// <summary>What hostile and careless clients send to the gRPC port: each gets its reason, and nobody else notices.</summary>
public sealed class SubmitEdgeTests
{
    [Fact]
    public async Task Any_grpc_client_can_speak_it_with_generated_protobuf_messages()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        Run run = MakeRun(network.Chain, 1, "a=1");
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = new ClientApi.ClientApiClient(channel).Submit();
        await call.RequestStream.WriteAsync(Frame(Hello(network.Chain)));
        WelcomeFrame welcome = WelcomeFrame.Decode((await NextAsync(call)).Memory)!;
        Assert.Equal((network.Chain.Id, new ReplicaId(0)), (welcome.Chain, welcome.Validator));
        await call.RequestStream.WriteAsync(Frame(new RunsFrame(7, [run.Encoded]).Encode()));
        AcknowledgementFrame? acknowledgement = null;
        SignedReceipts? receipts = null;
        while (acknowledgement is null || receipts is null)
        {
            ByteString content = await NextAsync(call);
            acknowledgement ??= AcknowledgementFrame.Decode(content.Memory);
            receipts ??= SignedReceipts.Decode(content.Memory);
        }

        Assert.Equal((7ul, SubmitVerdict.Accepted), (acknowledgement.Number, acknowledgement.Answers[0].Verdict));
        Assert.Equal((run.Client, 1ul, new Height(1)), (receipts.Receipts[0].Client, receipts.Receipts[0].First, receipts.Receipts[0].Height));
        var keys = new ValidatorKeys(network.Genesis, network.Chain);
        Assert.True(keys.IsSigned(new ReplicaId(0), receipts.SignedContent.Span, receipts.Signature.Span));
        Assert.False(keys.IsSigned(new ReplicaId(1), receipts.SignedContent.Span, receipts.Signature.Span));
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    public static TheoryData<string, byte[]> BadFrames => new()
    {
        { "empty", [] },
        { "unknown kind", [0x7f, 1, 2] },
        { "a validator's kind", [0x83, 0, 0] },
        { "truncated runs", [0x02, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 1] },
        { "more runs than bytes", [0x02, 1, 0, 0, 0, 0, 0, 0, 0, 255, 255] },
        { "a length beyond the frame", [0x02, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 255, 255, 255, 255] },
        { "trailing bytes", [0x02, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
        { "truncated subscribe", [0x03, 4, 0, 1] },
        { "second hello", Hello(FakeNetwork.MakeGenesis().ToChain()) },
    };

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task A_malformed_frame_ends_its_stream_with_a_reason_and_nothing_else(string what, byte[] frame)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        Status status = await SendAsync(network, channel, Frame(frame));
        Assert.True(status.StatusCode == StatusCode.InvalidArgument, $"{what}: {status}");
        Assert.NotEmpty(status.Detail);
        await AssertServesAsync(network, channel);
    }

    [Fact]
    public async Task A_run_that_is_garbage_is_rejected_alone()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        Run good = MakeRun(network.Chain, 1, "a=1");
        byte[] forged = good.Encoded.ToArray();
        forged[^1] ^= 1;
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = await OpenAsync(network, channel);
        await call.RequestStream.WriteAsync(Frame(new RunsFrame(1, [new byte[] { 1, 2, 3 }, forged, new byte[network.Chain.Limits.MaxRunBytes + 1], good.Encoded, good.Encoded]).Encode()));
        AcknowledgementFrame? answer = null;
        while (answer is null)
        {
            answer = AcknowledgementFrame.Decode((await NextAsync(call)).Memory);
        }

        Assert.Equal(
            [SubmitVerdict.Rejected, SubmitVerdict.Rejected, SubmitVerdict.Rejected, SubmitVerdict.Accepted, SubmitVerdict.Executed],
            answer.Answers.Select(one => one.Verdict));
        Assert.Contains("malformed", answer.Answers[0].Reason, StringComparison.Ordinal);
        Assert.Contains("signature", answer.Answers[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_beyond_the_limit_is_refused_before_it_is_parsed()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxFrameBytes = 1024 });
        using GrpcChannel channel = network.Channel(0);
        Status status = await SendAsync(network, channel, Frame(new byte[(1 << 20) + 1]));
        Assert.Equal(StatusCode.ResourceExhausted, status.StatusCode);
        await AssertServesAsync(network, channel);
    }

    [Fact]
    public async Task Random_bytes_in_place_of_messages_never_hurt_the_validator()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxStreamsPerConnection = 1000 });
        using GrpcChannel channel = network.Channel(0);
        var raw = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
        int seed = Environment.TickCount;
        var random = new Random(seed);
        foreach (string method in ClientApi.Descriptor.Methods.Select(method => method.Name))
        {
            for (int i = 0; i < 20; i++)
            {
                var garbage = new byte[random.Next(200)];
                random.NextBytes(garbage);
                using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
                    new Method<byte[], byte[]>(MethodType.DuplexStreaming, "bft.v1.ClientApi", method, raw, raw), null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(3)));
                StatusCode status = StatusCode.OK;
                try
                {
                    await call.RequestStream.WriteAsync(garbage);
                    await call.RequestStream.CompleteAsync();
                    // Random bytes may happen to be a valid question, even a watch of blocks that never come: then the call is just ended.
                    await call.ResponseStream.MoveNext(default);
                }
                catch (RpcException refused)
                {
                    status = refused.StatusCode;
                }

                Assert.True(status is not (StatusCode.Unavailable or StatusCode.Unknown or StatusCode.Internal), $"{method} answered {status} (seed {seed})");
            }
        }

        await AssertServesAsync(network, channel);
    }

    [Fact]
    public async Task An_unknown_operation_is_unimplemented()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        var raw = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, "bft.v1.ClientApi", "Overthrow", raw, raw), null, default, []));
        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
    }

    [Fact]
    public async Task A_stream_that_stays_silent_is_ended()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { HelloTimeout = TimeSpan.FromMilliseconds(50) });
        using GrpcChannel channel = network.Channel(0);
        Assert.Equal(StatusCode.DeadlineExceeded, (await GreetAsync(channel, null)).StatusCode);
    }

    [Fact]
    public async Task A_stream_must_greet_first_with_this_chain_and_version()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        Chain other = FakeNetwork.MakeGenesis(salt: "other").ToChain();
        Assert.Equal(StatusCode.FailedPrecondition, (await GreetAsync(channel, Hello(other))).StatusCode);
        Assert.Contains(other.Id.ToString(), (await GreetAsync(channel, Hello(other))).Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, (await GreetAsync(channel, new HelloFrame(2, network.Chain.Id, []).Encode())).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await GreetAsync(channel, new SubscribeFrame([]).Encode())).StatusCode);
    }

    [Fact]
    public async Task Streams_of_one_connection_are_limited_and_a_place_is_given_back()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxStreamsPerConnection = 2 });
        using GrpcChannel channel = network.Channel(0);
        AsyncDuplexStreamingCall<ClientFrame, ClientFrame> first = await OpenAsync(network, channel);
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> second = await OpenAsync(network, channel);
        Status refused = await GreetAsync(channel, Hello(network.Chain));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("MaxStreamsPerConnection", refused.Detail, StringComparison.Ordinal);
        using GrpcChannel another = network.Channel(0);
        (await OpenAsync(network, another)).Dispose();
        await first.RequestStream.CompleteAsync();
        Assert.False(await first.ResponseStream.MoveNext(default));
        StreamGate gate = network.Service<StreamGate>(0);
        await Client.SubmitTests.UntilAsync(() => gate.Open <= 1);
        (await OpenAsync(network, channel)).Dispose();
    }

    [Fact]
    public async Task Following_too_many_clients_ends_the_stream_with_the_limits_name()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxSubscribedClients = 2 });
        using GrpcChannel channel = network.Channel(0);
        Digest[] clients = [.. Enumerable.Range(0, 2).Select(i => HashFunction.Sha256.Hash([(byte)i]))];
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = await OpenAsync(network, channel);
        await call.RequestStream.WriteAsync(Frame(new SubscribeFrame([.. clients]).Encode()));
        await call.RequestStream.WriteAsync(Frame(new RunsFrame(1, [MakeRun(network.Chain, 1, "a=1").Encoded]).Encode()));
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("MaxSubscribedClients", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_validator_answers_internal_without_details()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        network.Validators[0].Lie = _ => throw new InvalidOperationException("secret path /etc/keys");
        using GrpcChannel channel = network.Channel(0);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await new ClientApi.ClientApiClient(channel).QueryAsync(new QueryRequest()));
        Assert.Equal(StatusCode.Internal, refused.StatusCode);
        Assert.DoesNotContain("secret", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Questions_beyond_their_limits_are_refused_with_the_field()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { ReadTimeout = TimeSpan.FromMilliseconds(100) });
        using GrpcChannel channel = network.Channel(0);
        var api = new ClientApi.ClientApiClient(channel);
        await RefusedAsync(() => api.QueryAsync(new QueryRequest { Nonce = ByteString.CopyFrom(new byte[65]) }), StatusCode.InvalidArgument, "nonce");
        await RefusedAsync(() => api.QueryAsync(new QueryRequest { Key = ByteString.CopyFrom(new byte[5000]) }), StatusCode.InvalidArgument, "key");
        await RefusedAsync(() => api.QueryAsync(new QueryRequest { Freshness = (Freshness)9 }), StatusCode.InvalidArgument, "freshness");
        await RefusedAsync(() => api.QueryAsync(new QueryRequest { Freshness = Freshness.AtLeast, AtLeast = 5 }), StatusCode.DeadlineExceeded, "behind");
        await RefusedAsync(() => api.ProveAsync(new ProveRequest()), StatusCode.FailedPrecondition, "no block yet");
        await RefusedAsync(() => api.GetBlockAsync(new BlockRequest()), StatusCode.InvalidArgument, "height");
        await RefusedAsync(() => api.GetBlockAsync(new BlockRequest { Digest = ByteString.CopyFrom(1) }), StatusCode.InvalidArgument, "digest");
        await RefusedAsync(() => api.GetBlockAsync(new BlockRequest { Height = 1 }), StatusCode.NotFound, "last height");
        await RefusedAsync(() => api.GetTransactionAsync(new TransactionRequest()), StatusCode.InvalidArgument, "client id");
    }

    [Fact]
    public async Task A_read_index_is_signed_over_the_askers_nonce()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(1);
        SignedAnswer answer = await new ClientApi.ClientApiClient(channel).ReadIndexAsync(new ReadIndexRequest { Nonce = ByteString.CopyFromUtf8("fresh") });
        SignedReadIndex content = SignedReadIndex.Decode(answer.SignedContent.Memory)!;
        Assert.Equal((new ReplicaId(1), "fresh"), (content.Validator, Encoding.UTF8.GetString(content.Nonce.Span)));
        Assert.True(new ValidatorKeys(network.Genesis, network.Chain).IsSigned(content.Validator, answer.SignedContent.Span, answer.Signature.Span));
        Assert.Null(SignedQuery.Decode(answer.SignedContent.Memory));
    }

    [Fact]
    public async Task Reflection_describes_the_service_and_health_says_whether_it_serves()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using GrpcChannel channel = network.Channel(0);
        HealthCheckResponse health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        network.Validators[0].OutOfService = "a flush failed";
        health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, health.Status);
        using var reflection = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
        await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = "bft.v1.ClientApi" });
        Assert.True(await reflection.ResponseStream.MoveNext(default));
        Assert.Contains(
            reflection.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto,
            file => file.ToStringUtf8().Contains("ClientFrame", StringComparison.Ordinal));
    }

    internal static byte[] Hello(Chain chain, params Digest[] clients) => new HelloFrame(HelloFrame.CurrentVersion, chain.Id, [.. clients]).Encode();

    internal static ClientFrame Frame(ReadOnlySpan<byte> content) => new() { Content = ByteString.CopyFrom(content) };

    internal static Run MakeRun(Chain chain, ulong first, params string[] commands) =>
        Run.Sign(chain, FakeNetwork.Key("client"), first, [.. commands.Select(command => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(command))]);

    internal static async Task<AsyncDuplexStreamingCall<ClientFrame, ClientFrame>> OpenAsync(FakeNetwork network, GrpcChannel channel)
    {
        AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = new ClientApi.ClientApiClient(channel).Submit();
        await call.RequestStream.WriteAsync(Frame(Hello(network.Chain)));
        Assert.NotNull(WelcomeFrame.Decode((await NextAsync(call)).Memory));
        return call;
    }

    internal static async Task<ByteString> NextAsync(AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(default), "the stream ended early");
        return call.ResponseStream.Current.Content;
    }

    private static async Task<Status> SendAsync(FakeNetwork network, GrpcChannel channel, ClientFrame frame)
    {
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = await OpenAsync(network, channel);
        try
        {
            await call.RequestStream.WriteAsync(frame);
        }
        catch (RpcException)
        {
            // Refused before it was written whole: the status comes with the response.
        }

        try
        {
            while (await call.ResponseStream.MoveNext(default))
            {
            }

            return call.GetStatus();
        }
        catch (RpcException refused)
        {
            return refused.Status;
        }
    }

    private static async Task<Status> GreetAsync(GrpcChannel channel, byte[]? first)
    {
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> call = new ClientApi.ClientApiClient(channel).Submit();
        try
        {
            if (first is not null)
            {
                await call.RequestStream.WriteAsync(Frame(first));
            }

            await call.ResponseStream.MoveNext(default);
            return Status.DefaultSuccess;
        }
        catch (RpcException refused)
        {
            return refused.Status;
        }
    }

    private static async Task RefusedAsync<T>(Func<AsyncUnaryCall<T>> call, StatusCode code, string reason)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await call());
        Assert.Equal(code, refused.StatusCode);
        Assert.Contains(reason, refused.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task AssertServesAsync(FakeNetwork network, GrpcChannel channel)
    {
        StatusReply status = await new ClientApi.ClientApiClient(channel).StatusAsync(new StatusRequest());
        Assert.Equal(network.Chain.Id.ToArray(), status.ChainId.ToByteArray());
    }
}
