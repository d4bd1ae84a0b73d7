using System.Net;
using System.Text;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bft.Network.Tests.Api;

/// <summary>What strangers can do to the clients' ports below the API: garbage, silence, slowness and numbers cost nobody else anything.</summary>
public sealed class ClientPortTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private const string Settings = "\0\0\0\x04\0\0\0\0\0";

    private static readonly Digest Client = HashFunction.Sha256.Hash([1]);

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    // Whatever is not the subject of a test never runs out in it.
    private static readonly ApiLimits Patient = new() { FirstRequestTimeout = Long, HeadTimeout = Long, SlowBodyGrace = Long };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connections_that_say_nothing_lock_nobody_out(bool grpc)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { MaxConnections = 8 });
        using var idle = new Crowd();
        for (int i = 0; i < 40; i++)
        {
            await idle.Add(network, grpc, grpc ? "P" : "G");
        }

        await IsServed(network);
    }

    [Fact]
    public async Task A_stream_under_way_is_not_hung_up_on_for_connections_that_say_nothing()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { MaxConnections = 4 });
        using GrpcChannel channel = network.Channel(0);
        using AsyncServerStreamingCall<ClientFrame> call = new ClientApi.ClientApiClient(channel).Receipts(SubmitEdgeTests.Frame(SubmitEdgeTests.Hello(network.Chain, Client)));
        Assert.True(await call.ResponseStream.MoveNext(default));
        using var idle = new Crowd();
        for (int i = 0; i < 20; i++)
        {
            await idle.Add(network, grpc: true, Preface + Settings);
        }

        // The first sixteen of them have given way to the others, the stream to none.
        for (int i = 0; i < 16; i++)
        {
            await idle.All[i].ReadToEndAsync();
        }

        network.Validators[0].Receipts.Publish(new Height(1), [new Receipt(Client, 1, 1, new Height(1), new byte[] { 0 })]);
        Assert.True(await call.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task A_crowd_of_connections_at_work_refuses_one_more_of_its_own()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { MaxConnections = 3 });
        using var slow = new Crowd();
        for (int i = 0; i < 3; i++)
        {
            await slow.Add(network, grpc: false, Post(bytes: 1000));
            await slow.All[i].ReadUntilAsync("100 Continue");
        }

        using RawConnection one = await network.RawAsync(0, grpc: false);
        Assert.Equal("", await one.ReadToEndAsync());
        slow.All[0].Dispose();

        // Its place is free when the validator has seen that it went.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (network.Service<ClientGate>(0).Open == 3)
        {
            await Task.Delay(10, limit.Token);
        }

        await IsServed(network);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "P")]
    [InlineData(true, Preface)]
    [InlineData(true, Preface + Settings)]
    [InlineData(false, "")]
    [InlineData(false, "G")]
    [InlineData(false, "GET /v1/status HTTP/1.1\r\nHost: a\r\n")]
    public async Task A_connection_that_brings_no_request_in_time_is_closed(bool grpc, string said)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { FirstRequestTimeout = TimeSpan.FromMilliseconds(300) });
        using RawConnection silent = await network.RawAsync(0, grpc);
        await silent.SendAsync(said);
        await silent.ReadToEndAsync();
        Assert.Equal(1, network.Service<ClientGate>(0).Silent);
        await IsServed(network);
    }

    [Fact]
    public async Task A_TLS_handshake_that_never_ends_is_closed_in_the_same_time()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { FirstRequestTimeout = TimeSpan.FromMilliseconds(300) }, tls: true);
        using RawConnection silent = await network.RawAsync(0, grpc: true);
        await silent.SendAsync("\x16\x03\x01");
        await silent.ReadToEndAsync();
        Assert.Equal(1, network.Service<ClientGate>(0).Silent);
    }

    [Fact]
    public async Task A_connection_that_has_spoken_may_rest()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { FirstRequestTimeout = TimeSpan.FromMilliseconds(300) });
        using RawConnection spoken = await network.RawAsync(0, grpc: false);
        await spoken.SendAsync("GET /v1/evidence HTTP/1.1\r\nHost: a\r\n\r\n");
        await spoken.ReadUntilAsync("[]");

        // Others come later and run into the limit meanwhile; this one outlives them.
        for (int i = 0; i < 2; i++)
        {
            using RawConnection silent = await network.RawAsync(0, grpc: false);
            await silent.ReadToEndAsync();
        }

        await spoken.SendAsync("GET /v1/evidence HTTP/1.1\r\nHost: a\r\n\r\n");
        await spoken.ReadUntilAsync("[]");
    }

    [Fact]
    public async Task A_head_that_comes_too_slowly_ends_the_connection_though_it_has_spoken()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { HeadTimeout = TimeSpan.FromSeconds(1) });
        using RawConnection slow = await network.RawAsync(0, grpc: false);
        await slow.SendAsync("GET /v1/evidence HTTP/1.1\r\nHost: a\r\n\r\n");
        await slow.ReadUntilAsync("[]");
        await slow.SendAsync("GET /v1/evidence HTTP/1.1\r\nHost: a\r\nX-Slow: ");
        Assert.StartsWith("HTTP/1.1 408 ", await slow.ReadToEndAsync(), StringComparison.Ordinal);
        await IsServed(network);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_ends_the_request()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { SlowBodyGrace = TimeSpan.FromSeconds(1.1) });
        using RawConnection slow = await network.RawAsync(0, grpc: false);
        await slow.SendAsync(Post(bytes: 100_000));
        await slow.ReadUntilAsync("100 Continue");
        await slow.SendAsync("x");
        string answer = await slow.ReadToEndAsync();
        Assert.Contains("HTTP/1.1 4", answer, StringComparison.Ordinal);
        await IsServed(network);
    }

    [Fact]
    public async Task A_gRPC_call_whose_message_comes_too_slowly_ends()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { SlowBodyGrace = TimeSpan.FromSeconds(1.1) });
        using var client = new HttpClient();
        using var content = new OpenContent([0, 0, 0, 0, 9, 1]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{network.Genesis.Validators[0].ClientAddress}/bft.v1.ClientApi/Status"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
            Headers = { { "te", "trailers" } },
        };
        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            using HttpResponseMessage answer = await client.SendAsync(request).WaitAsync(TimeSpan.FromMinutes(1));
            throw new InvalidOperationException($"answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()} {answer.TrailingHeaders}");
        });
        await IsServed(network);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n", "X: ", 20_000, "431")]
    [InlineData("GET /", "a", 20_000, "414")]
    public async Task A_head_that_is_too_long_is_refused(string begin, string piece, int times, string code)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient);
        using RawConnection large = await network.RawAsync(0, grpc: false);
        await large.SendAsync(begin + string.Concat(Enumerable.Repeat(piece, times)) + "\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {code} ", await large.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_header_fields_are_refused()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient);
        using RawConnection large = await network.RawAsync(0, grpc: false);
        await large.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"x{i}: 1\r\n")) + "\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", await large.ReadToEndAsync(), StringComparison.Ordinal);
    }

    public static TheoryData<bool, string> Garbage => new()
    {
        { true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
        { true, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + new string('\x7f', 600) },
        { true, new string('\0', 4096) },
        { true, new string('\xff', 4096) },
        { true, Preface + new string('\xff', 4096) },
        { true, Preface + Settings + "\xff\xff\xff\0\0\0\0\0\x01" + new string('x', 4096) },
        { true, Preface + Settings + "\0\0\x08\x01\x05\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff" },
        { true, Preface + Settings + "\0\0\x04\x08\0\0\0\0\0\0\0\0\0" },
        { false, Preface + Settings },
        { false, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + new string('\x7f', 600) },
        { false, new string('\0', 4096) + "\r\n\r\n" },
        { false, new string('\xff', 4096) + "\r\n\r\n" },
        { false, "GET / HTTP/9.9\r\n\r\n" },
        { false, "GET / HTTP/1.1\r\n\r\n" },
        { false, "POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: -1\r\n\r\n" },
        { false, "POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_is_hung_up_on_and_harms_nobody(bool grpc, string said)
    {
        // Some of it might be the beginning of something: that is waited for as long as for any first request.
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { FirstRequestTimeout = TimeSpan.FromSeconds(1) });
        using RawConnection hostile = await network.RawAsync(0, grpc);
        await hostile.SendAsync(said);
        Assert.DoesNotContain("HTTP/1.1 2", await hostile.ReadToEndAsync(), StringComparison.Ordinal);
        await IsServed(network);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(true, Preface + Settings)]
    [InlineData(false, "")]
    public async Task Random_bytes_never_do_more_than_end_their_connection(bool grpc, string begin)
    {
        const int Seed = 2718;
        var random = new Random(Seed);
        await using FakeNetwork network = await FakeNetwork.StartAsync(Patient with { FirstRequestTimeout = TimeSpan.FromSeconds(1) });
        using var crowd = new Crowd();
        for (int i = 0; i < 60; i++)
        {
            var bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            await crowd.Add(network, grpc, begin + Encoding.Latin1.GetString(bytes));
        }

        for (int i = 0; i < crowd.All.Count; i++)
        {
            string answer = await crowd.All[i].ReadToEndAsync();
            Assert.False(answer.Contains("HTTP/1.1 5", StringComparison.Ordinal), $"seed {Seed}, connection {i}: {answer}");
        }

        await IsServed(network);
    }

    private static string Post(int bytes) =>
        $"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/octet-stream\r\nContent-Length: {bytes}\r\n\r\n";

    // Both ports answer a new connection.
    private static async Task IsServed(FakeNetwork network)
    {
        using GrpcChannel channel = network.Channel(0);
        Assert.Equal(0u, (await new ClientApi.ClientApiClient(channel).StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow.AddMinutes(1))).Validator);
        using HttpClient http = network.Http(0);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/v1/status", UriKind.Relative))).StatusCode);
    }

    private sealed class Crowd : IDisposable
    {
        public List<RawConnection> All { get; } = [];

        public async Task Add(FakeNetwork network, bool grpc, string said)
        {
            RawConnection connection = await network.RawAsync(0, grpc);
            All.Add(connection);
            await connection.SendAsync(said);
        }

        public void Dispose() => All.ForEach(connection => connection.Dispose());
    }
}
