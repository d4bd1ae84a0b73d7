using System.Net;
using System.Net.Http.Headers;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Transport;
using Grpc.Core;
using static Bft.Network.Tests.Peers.MemberClient;
using static Bft.Network.Tests.Peers.TestCommittee;

namespace Bft.Network.Tests.Peers;

/// <summary>What a member with a valid key can do with its stream: nothing but lose it (SCENARIOS O-21).</summary>
public sealed class PeerHostileTests : IAsyncLifetime
{
    private readonly TestCommittee _committee = new(2);
    private TestValidator _validator = null!;
    private MemberClient _member = null!;

    public async Task InitializeAsync()
    {
        _validator = await _committee.StartAsync(0);
        _member = new MemberClient(_validator.Host.Endpoint, _committee.Certificates[1]);
    }

    public async Task DisposeAsync()
    {
        _member.Dispose();
        await _committee.DisposeAsync();
    }

    public static TheoryData<string, byte[]> MalformedFrames => new()
    {
        { "an empty frame", [] },
        { "a length cut off", [1, 0, 0] },
        { "a length of 2^31-1", [0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3] },
        { "a length of 2^32-1, minus one to the careless", [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3] },
        { "a message of no bytes", [0, 0, 0, 0] },
        { "a message cut off", [5, 0, 0, 0, 1, 2, 3, 4] },
        { "a byte left over", [2, 0, 0, 0, 1, 2, 9] },
        { "a whole message before a cut one", [2, 0, 0, 0, 1, 2, 5, 0, 0, 0, 1] },
    };

    [Theory]
    [MemberData(nameof(MalformedFrames))]
    public async Task A_malformed_frame_closes_the_stream_with_a_reason_and_delivers_nothing(string what, byte[] content)
    {
        using var link = await _member.GreetAsync(_committee.ChainId, 1);
        await link.RequestStream.WriteAsync(Raw(content));
        Status end = await EndOf(link);
        Assert.True(end.StatusCode == StatusCode.InvalidArgument, $"{what}: {end}");
        Assert.Contains("malformed frame", end.Detail, StringComparison.Ordinal);
        await _validator.Lines.First(line => line.Contains("malformed frame", StringComparison.Ordinal));
        Assert.Empty(_validator.Deliveries.All);
        await IsUnharmed();
    }

    [Theory]
    [InlineData(TrafficClass.Consensus)]
    [InlineData(TrafficClass.Gossip)]
    [InlineData(TrafficClass.Repair)]
    public async Task A_message_above_its_class_s_limit_closes_the_stream(TrafficClass traffic)
    {
        using var link = await _member.GreetAsync(_committee.ChainId, 1);
        int limit = Quick.MaxMessageBytes(traffic);
        await link.RequestStream.WriteAsync(FrameOf(Numbered(traffic, 1, limit)));
        await _validator.Deliveries.Count(1);
        await Record.ExceptionAsync(() => link.RequestStream.WriteAsync(FrameOf(Numbered(traffic, 2, limit + 1))));
        Status end = await EndOf(link);
        Assert.True(end.StatusCode is StatusCode.InvalidArgument or StatusCode.ResourceExhausted, end.ToString());
        Assert.Single(_validator.Deliveries.All);
        await IsUnharmed();
    }

    [Fact]
    public async Task A_frame_above_the_limit_is_refused_before_it_is_buffered()
    {
        using var link = await _member.GreetAsync(_committee.ChainId, 1);
        await Record.ExceptionAsync(() => link.RequestStream.WriteAsync(Raw(new byte[Quick.MaxFrameBytes + 64])));
        Status end = await EndOf(link);
        Assert.Equal(StatusCode.ResourceExhausted, end.StatusCode);
        await IsUnharmed();
    }

    [Fact]
    public async Task A_gRPC_length_of_2_31_minus_1_ends_the_stream_at_once()
    {
        // Five bytes announce a message of 2 GiB; no more follows.
        (StatusCode code, _) = await PostAsync(0x00, 0x7F, 0xFF, 0xFF, 0xFF);
        Assert.Equal(StatusCode.ResourceExhausted, code);
        await IsUnharmed();
    }

    [Fact]
    public async Task A_gRPC_message_that_is_no_frame_ends_the_stream()
    {
        (StatusCode code, string reason) = await PostAsync(0x00, 0x00, 0x00, 0x00, 0x03, 0x55, 0x66, 0x77);
        Assert.Equal(StatusCode.FailedPrecondition, code);
        Assert.Contains("no hello", reason, StringComparison.Ordinal);
        await IsUnharmed();
    }

    [Fact]
    public async Task A_compressed_frame_is_refused_since_a_bomb_would_pass_the_limits()
    {
        using var link = _member.Open(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        await Record.ExceptionAsync(() => link.RequestStream.WriteAsync(FrameOf(Hello(_committee.ChainId, 1))));
        Assert.Equal(StatusCode.Unimplemented, (await EndOf(link)).StatusCode);
        await IsUnharmed();
    }

    [Fact]
    public async Task A_message_of_an_unknown_class_is_skipped_and_the_stream_goes_on()
    {
        using var link = await _member.GreetAsync(_committee.ChainId, 1);
        await link.RequestStream.WriteAsync(FrameOf([200, 1, 2], Numbered(TrafficClass.Consensus, 1), [0]));
        await _validator.Deliveries.Count(1);
        await _validator.Lines.First(line => line.Contains("unknown class 200", StringComparison.Ordinal));
        await link.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 2)));
        await _validator.Deliveries.Count(2);
        Assert.Equal(2, _validator.Transport.Of(new ReplicaId(1)).Unknown);
    }

    [Fact]
    public async Task Messages_before_the_hello_are_not_delivered()
    {
        using var link = _member.Open();
        await link.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 1)));
        Status end = await EndOf(link);
        Assert.Equal((StatusCode.FailedPrecondition, "the first frame is no hello"), (end.StatusCode, end.Detail));
        Assert.Empty(_validator.Deliveries.All);
    }

    [Fact]
    public async Task A_hello_in_another_member_s_name_is_refused()
    {
        using var link = _member.Open();
        await link.RequestStream.WriteAsync(FrameOf(Hello(_committee.ChainId, 0)));
        Assert.Contains("the TLS key is validator 1's, the hello says 0", (await EndOf(link)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hello_of_another_chain_names_both_chains()
    {
        Digest other = HashFunction.Sha256.Hash("other"u8);
        using var link = _member.Open();
        await link.RequestStream.WriteAsync(FrameOf(Hello(other, 1)));
        Status end = await EndOf(link);
        Assert.Equal(StatusCode.FailedPrecondition, end.StatusCode);
        Assert.Contains(other.ToString(), end.Detail, StringComparison.Ordinal);
        Assert.Contains(_committee.ChainId.ToString(), end.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_without_a_hello_is_closed_after_its_time()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0, options => options with { Limits = Quick with { HelloTimeout = TimeSpan.FromMilliseconds(200) } });
        using var member = new MemberClient(validator.Host.Endpoint, committee.Certificates[1]);
        using var silent = member.Open(new Metadata());
        Assert.Equal((StatusCode.DeadlineExceeded, "no hello within the time limit"), ((await EndOf(silent)).StatusCode, (await EndOf(silent)).Detail));

        // One byte of five, then nothing: the slow-loris.
        using var trickle = new OpenContent([0x00]);
        HttpResponseMessage answer = await SendAsync(member, trickle);
        await answer.Content.ReadAsByteArrayAsync().WaitAsync(Recorder<int>.Patience);
        Assert.Equal(StatusCode.DeadlineExceeded, StatusOf(answer).Code);
    }

    [Fact]
    public async Task A_stream_that_says_hello_may_be_silent_after_it()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0, options => options with { Limits = Quick with { HelloTimeout = TimeSpan.FromSeconds(5) } });
        using var member = new MemberClient(validator.Host.Endpoint, committee.Certificates[1]);
        using var quiet = await member.GreetAsync(committee.ChainId, 1);

        // Another stream runs into the same limit meanwhile; the quiet one outlives it.
        using var silent = member.Open();
        Assert.Equal(StatusCode.DeadlineExceeded, (await EndOf(silent)).StatusCode);
        await quiet.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 1)));
        await validator.Deliveries.Count(1);
    }

    [Fact]
    public async Task A_second_stream_replaces_the_first()
    {
        using var first = await _member.GreetAsync(_committee.ChainId, 1);
        await first.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 1)));
        await _validator.Deliveries.Count(1);
        using var other = new MemberClient(_validator.Host.Endpoint, _committee.Certificates[1]);
        using var second = await other.GreetAsync(_committee.ChainId, 1);
        Assert.Equal(StatusCode.Aborted, (await EndOf(first)).StatusCode);
        await second.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 2)));
        await _validator.Deliveries.Count(2);
        Assert.True(_validator.Transport.States[0].Receiving);
    }

    [Fact]
    public async Task Malformed_frames_again_and_again_are_logged_once()
    {
        for (int i = 0; i < 5; i++)
        {
            using var link = await _member.GreetAsync(_committee.ChainId, 1);
            await link.RequestStream.WriteAsync(Raw(1));
            await EndOf(link);
        }

        Assert.Equal(5, _validator.Transport.Of(new ReplicaId(1)).Malformed);
        Assert.Single(_validator.Lines.All, line => line.Contains("malformed frame", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Random_frames_never_do_more_than_close_the_stream()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        for (int i = 0; i < 40; i++)
        {
            var content = new byte[random.Next(1, 200)];
            random.NextBytes(content);
            content[1] = content[2] = content[3] = 0;
            using var link = await _member.GreetAsync(_committee.ChainId, 1);
            await link.RequestStream.WriteAsync(Raw(content));
            await Record.ExceptionAsync(() => link.RequestStream.CompleteAsync());
            Status end = await EndOf(link);
            Assert.True(end.StatusCode is StatusCode.OK or StatusCode.InvalidArgument, $"seed {Seed}, frame {i}: {end}");
        }

        await IsUnharmed();
    }

    // A well-formed stream of the same member works as ever.
    private async Task IsUnharmed()
    {
        int before = _validator.Deliveries.All.Length;
        using var link = await _member.GreetAsync(_committee.ChainId, 1);
        await link.RequestStream.WriteAsync(FrameOf(Numbered(TrafficClass.Consensus, 99)));
        await _validator.Deliveries.Count(before + 1);
        Assert.Equal(99, NumberOf(_validator.Deliveries.All[before].Message));
    }

    private async Task<(StatusCode Code, string Reason)> PostAsync(params byte[] body)
    {
        using var content = new OpenContent(body);
        HttpResponseMessage answer = await SendAsync(_member, content);
        await answer.Content.ReadAsByteArrayAsync().WaitAsync(Recorder<int>.Patience);
        return StatusOf(answer);
    }

    private static Task<HttpResponseMessage> SendAsync(MemberClient member, HttpContent content) => member.Http().SendAsync(
        new HttpRequestMessage(HttpMethod.Post, new Uri(member.Address, "/bft.peer.v1.PeerLink/Open"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
            Headers = { { "te", "trailers" } },
        },
        default).WaitAsync(Recorder<int>.Patience);

    private static (StatusCode Code, string Reason) StatusOf(HttpResponseMessage answer)
    {
        HttpHeaders headers = answer.TrailingHeaders.Contains("grpc-status") ? answer.TrailingHeaders : answer.Headers;
        return ((StatusCode)int.Parse(headers.GetValues("grpc-status").Single(), System.Globalization.CultureInfo.InvariantCulture),
            headers.TryGetValues("grpc-message", out IEnumerable<string>? message) ? Uri.UnescapeDataString(message.Single()) : "");
    }
}
