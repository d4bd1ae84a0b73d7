using System.Net;
using System.Net.Sockets;
using Bft.Network.Api;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bft.Network.Tests.Api;

/// <summary>Streams that fill a validator from one address give way to those of another.</summary>
public sealed class StreamShareTests
{
    private static readonly IPAddress Elsewhere = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task A_submit_stream_from_another_address_displaces_one_of_the_crowd_which_is_told_why()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxStreams = 3 });
        using GrpcChannel crowd = network.Channel(0);
        var streams = new List<AsyncDuplexStreamingCall<ClientFrame, ClientFrame>>();
        for (int i = 0; i < 3; i++)
        {
            streams.Add(await SubmitEdgeTests.OpenAsync(network, crowd));
        }

        using GrpcChannel elsewhere = network.Channel(0, From(Elsewhere));
        using AsyncDuplexStreamingCall<ClientFrame, ClientFrame> newcomer = await SubmitEdgeTests.OpenAsync(network, elsewhere);

        await AssertDisplacedAsync(streams[0].ResponseStream);
        await streams[1].RequestStream.WriteAsync(SubmitEdgeTests.Frame(new Network.Api.Frames.RunsFrame(1, [SubmitEdgeTests.MakeRun(network.Chain, 1, "a=1").Encoded]).Encode()));
        Assert.NotNull(Network.Api.Frames.AcknowledgementFrame.Decode((await SubmitEdgeTests.NextAsync(streams[1])).Memory));
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task A_watcher_from_another_address_displaces_one_of_the_crowd_over_grpc_and_http()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxWatchers = 2 });
        using HttpClient http = network.Http(0);
        using HttpResponseMessage first = await http.GetAsync("/v1/watch", HttpCompletionOption.ResponseHeadersRead);
        using GrpcChannel crowd = network.Channel(0);
        using AsyncServerStreamingCall<ClientFrame> second = new ClientApi.ClientApiClient(crowd).Watch(new WatchRequest());
        WatchGate gate = network.Service<WatchGate>(0);
        await Client.SubmitTests.UntilAsync(() => gate.Open == 2);

        using GrpcChannel elsewhere = network.Channel(0, From(Elsewhere));
        using AsyncServerStreamingCall<ClientFrame> third = new ClientApi.ClientApiClient(elsewhere).Watch(new WatchRequest());
        Task<bool> served = third.ResponseStream.MoveNext(default);

        // The oldest goes: its stream just ends, and is resumed elsewhere.
        Stream body = await first.Content.ReadAsStreamAsync();
        Assert.Equal(0, await body.ReadAsync(new byte[16]));
        network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, 1, "a=1"));
        Assert.True(await served);
        Assert.True(await second.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task A_grpc_watcher_that_gives_way_is_told_why()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxWatchers = 2 });
        using GrpcChannel crowd = network.Channel(0);
        using AsyncServerStreamingCall<ClientFrame> first = new ClientApi.ClientApiClient(crowd).Watch(new WatchRequest());
        WatchGate gate = network.Service<WatchGate>(0);
        await Client.SubmitTests.UntilAsync(() => gate.Open == 1);
        using AsyncServerStreamingCall<ClientFrame> second = new ClientApi.ClientApiClient(crowd).Watch(new WatchRequest());
        await Client.SubmitTests.UntilAsync(() => gate.Open == 2);
        using GrpcChannel elsewhere = network.Channel(0, From(Elsewhere));
        using AsyncServerStreamingCall<ClientFrame> third = new ClientApi.ClientApiClient(elsewhere).Watch(new WatchRequest());

        await AssertDisplacedAsync(first.ResponseStream);
    }

    private static async Task AssertDisplacedAsync(IAsyncStreamReader<ClientFrame> stream)
    {
        RpcException displaced = await Assert.ThrowsAsync<RpcException>(() => stream.MoveNext(default));
        Assert.Equal(StatusCode.ResourceExhausted, displaced.StatusCode);
        Assert.Contains("gave way", displaced.Status.Detail, StringComparison.Ordinal);
    }

    private static SocketsHttpHandler From(IPAddress address) => new()
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(address.MapToIPv6(), 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
