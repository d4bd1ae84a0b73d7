using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Api.Rpc;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bft.Network.Tests.Api;

public sealed class SlowReaderTests
{
    private static readonly Digest Client = HashFunction.Sha256.Hash([1]);

    [Fact]
    public void A_reader_that_keeps_up_gets_every_height_in_order()
    {
        var feed = new ReceiptFeed(maxQueuedReceipts: 4);
        using ReceiptSubscription reader = feed.Subscribe();
        for (ulong height = 1; height <= 100; height++)
        {
            feed.Publish(new Height(height), [Receipt(height)]);
            Assert.True(reader.TryRead(out ReceiptItem item));
            Assert.Equal(new Height(height), item.Executed!.Height);
        }

        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void A_slow_reader_loses_heights_is_told_which_and_then_goes_on()
    {
        var feed = new ReceiptFeed(maxQueuedReceipts: 3);
        using ReceiptSubscription slow = feed.Subscribe();
        for (ulong height = 1; height <= 7; height++)
        {
            feed.Publish(new Height(height), [Receipt(height)]);
        }

        Assert.Equal(["1", "2", "3", "lost 4-7"], Drain(slow));
        feed.Publish(new Height(8), [Receipt(8)]);
        Assert.Equal(["8"], Drain(slow));
    }

    [Fact]
    public void However_many_slow_readers_there_are_they_keep_twice_what_one_may()
    {
        const int Bound = 10;
        var feed = new ReceiptFeed(maxQueuedReceipts: Bound);
        List<ReceiptSubscription> slow = [];
        for (ulong height = 1; height <= 100; height++)
        {
            slow.Add(feed.Subscribe());
            feed.Publish(new Height(height), [Receipt(height)]);
        }

        // Each stopped reading at another height.
        List<string>[] seen = [.. slow.Select(Drain)];
        Assert.InRange(seen.SelectMany(items => items).Where(item => !item.StartsWith("lost", StringComparison.Ordinal)).Distinct().Count(), Bound, (2 * Bound) + 1);
        Assert.Equal(["lost 1-100"], seen[0]);
        Assert.Equal(["91", "92", "93", "94", "95", "96", "97", "98", "99", "100"], seen[90]);
        slow.ForEach(reader => reader.Dispose());
    }

    [Fact]
    public void A_block_larger_than_the_whole_bound_is_still_delivered_to_a_reader_that_waits()
    {
        var feed = new ReceiptFeed(maxQueuedReceipts: 2);
        using ReceiptSubscription reader = feed.Subscribe();
        feed.Publish(new Height(1), [Receipt(1), Receipt(2), Receipt(3)]);
        Assert.Equal(["1"], Drain(reader));
    }

    [Fact]
    public void What_is_kept_for_a_slow_reader_is_bounded_also_where_receipts_have_many_codes()
    {
        var feed = new ReceiptFeed(maxQueuedReceipts: 1000);
        using ReceiptSubscription slow = feed.Subscribe();
        for (ulong height = 1; height <= 100; height++)
        {
            feed.Publish(new Height(height), [Receipt(height) with { Count = 1024, Codes = new byte[1024] }]);
        }

        Assert.InRange(Drain(slow).Count, 2, 100);
    }

    [Fact]
    public async Task What_waits_for_a_client_that_does_not_read_is_bounded_in_bytes_and_goes_on_when_it_reads()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using var stream = new ReceiptStream(network.Validators[0], new ApiLimits());
        using var ended = new CancellationTokenSource();
        var acknowledgement = new byte[100_000];
        int taken = 0;
        Task last;
        do
        {
            last = stream.EnqueueAsync(acknowledgement, atLeisure: true, ended.Token).AsTask();
            taken++;
        }
        while (last.IsCompleted);
        Assert.InRange(taken, 2, 5);

        var reader = new Reader();
        Task writing = stream.WriteAsync(reader, ended.Token);
        await last;
        for (; taken < 50; taken++)
        {
            await stream.EnqueueAsync(acknowledgement, atLeisure: true, ended.Token);
        }

        stream.Complete();
        await writing;
        Assert.Equal(50, reader.Frames);
    }

    [Fact]
    public void A_subscription_that_ended_is_no_longer_fed()
    {
        var feed = new ReceiptFeed();
        ReceiptSubscription reader = feed.Subscribe();
        reader.Dispose();
        feed.Publish(new Height(1), [Receipt(1)]);
        Assert.Equal(0, feed.Subscribers);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public async Task Only_the_receipts_of_the_clients_a_stream_follows_reach_it_however_large_the_block()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxReceiptsPerFrame = 10 });
        using GrpcChannel channel = network.Channel(0);
        using AsyncServerStreamingCall<ClientFrame> call = new ClientApi.ClientApiClient(channel).Receipts(SubmitEdgeTests.Frame(SubmitEdgeTests.Hello(network.Chain, Client)));
        Assert.True(await call.ResponseStream.MoveNext(default));
        Receipt[] block = [.. Enumerable.Range(1, 100).Select(i => Receipt((ulong)i) with { Client = i % 2 == 0 ? Client : HashFunction.Sha256.Hash([2]) })];
        network.Validators[0].Receipts.Publish(new Height(5), block);
        var sequences = new List<ulong>();
        while (sequences.Count < 50)
        {
            Assert.True(await call.ResponseStream.MoveNext(default));
            SignedReceipts receipts = SignedReceipts.Decode(call.ResponseStream.Current.Content.Memory)!;
            Assert.True(receipts.Receipts.Length <= 10);
            Assert.True(new ValidatorKeys(network.Genesis, network.Chain).IsSigned(receipts.Validator, receipts.SignedContent.Span, receipts.Signature.Span));
            sequences.AddRange(receipts.Receipts.Select(receipt => receipt.First));
        }

        Assert.Equal(Enumerable.Range(1, 50).Select(i => 2ul * (ulong)i), sequences);
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_holds_up_nobody_and_is_not_read_ahead_for()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        string large = new('v', 70_000);
        for (ulong i = 1; i <= 100; i++)
        {
            network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, i, $"k={large}"));
        }

        // A fixed window: the client library's default grows to hold everything.
        using GrpcChannel channel = network.Channel(0, new SocketsHttpHandler { InitialHttp2StreamWindowSize = 65_535 });
        AppContext.SetSwitch("System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing", true);
        using AsyncServerStreamingCall<ClientFrame> watch = new ClientApi.ClientApiClient(channel).Watch(new WatchRequest { FromHeight = 1 });
        Assert.True(await watch.ResponseStream.MoveNext(default));
        await using Bft.Client.BftClient client = network.Client(options => options with { Sequences = new MemorySequences(1000) });
        for (int i = 0; i < 20; i++)
        {
            Assert.True((await client.SubmitAsync(Network.Tests.Client.SubmitTests.Bytes($"a={i}"))).IsCommitted);
        }

        Assert.True(network.Validators[0].Watched < 50, $"{network.Validators[0].Watched} blocks of 70 kB were read for a watcher that took one");
    }

    [Fact]
    public async Task Watchers_are_limited_over_grpc_and_http_together()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxWatchers = 1 });
        using HttpClient http = network.Http(0);
        using HttpResponseMessage first = await http.GetAsync("/v1/watch", HttpCompletionOption.ResponseHeadersRead);
        Assert.True(first.IsSuccessStatusCode);
        using GrpcChannel channel = network.Channel(0);
        using AsyncServerStreamingCall<ClientFrame> second = new ClientApi.ClientApiClient(channel).Watch(new WatchRequest());
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => second.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/v1/watch", HttpCompletionOption.ResponseHeadersRead)).StatusCode);
    }

    private static Receipt Receipt(ulong sequence) => new(Client, sequence, 1, new Height(sequence), new byte[] { 0 });

    private static List<string> Drain(ReceiptSubscription reader)
    {
        var seen = new List<string>();
        while (reader.TryRead(out ReceiptItem item))
        {
            seen.Add(item.Executed is { } executed ? executed.Height.ToString() : $"lost {item.FirstLost}-{item.LastLost}");
        }

        return seen;
    }

    /// <summary>Reads at once, whatever comes.</summary>
    private sealed class Reader : IServerStreamWriter<RawFrame>
    {
        public int Frames { get; private set; }

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(RawFrame message)
        {
            Frames++;
            return Task.CompletedTask;
        }

        public Task WriteAsync(RawFrame message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
