using System.Text;
using Bft.Client;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Client;

public sealed class ReadTests
{
    private static readonly byte[] Key = SubmitTests.Bytes("a");

    [Fact]
    public async Task A_quorum_of_equal_answers_is_a_linearizable_read_and_says_so()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await client.SubmitAsync(SubmitTests.Bytes("a=1"));
        ReadResult read = await client.GetAsync(Key);
        Assert.Equal((true, "1", new Height(1), ReadPath.Quorum), (read.Found, Text(read), read.Height, read.Path));
        ReadResult absent = await client.GetAsync(SubmitTests.Bytes("b"));
        Assert.False(absent.Found);
        Assert.Single(network.Ledger.Blocks());
    }

    [Fact]
    public async Task A_laggard_and_a_liar_that_agree_on_the_old_value_are_not_believed()
    {
        // O-46: C lags, D lies with the same old value: two equal stale answers are f+1, and must not be enough.
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { ReadTimeout = TimeSpan.FromSeconds(1) });
        BftClient client = network.Client();
        await client.SubmitAsync([SubmitTests.Bytes("a=old")]);
        await client.SubmitAsync([SubmitTests.Bytes("a=new")]);
        network.Validators[2].StuckAt = new Height(1);
        network.Validators[3].Lie = answer => new QueryAnswer(true, SubmitTests.Bytes("old"), answer.Height);

        // The honest answer last, so that whoever counts too few sees the false ones first.
        using var first = new CountdownEvent(2);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (int early in new[] { 2, 3 })
        {
            network.Validators[early].OnQuery = () =>
            {
                if (!first.IsSet && first.Signal())
                {
                    hold.TrySetResult();
                }
            };
        }

        network.Validators[0].HoldReads = hold.Task;
        network.Validators[1].HoldReads = hold.Task;
        ReadResult read = await client.GetAsync(Key);
        Assert.Equal(("new", ReadPath.Ordered), (Text(read), read.Path));
        Assert.True(read.Height >= new Height(3), "the ordered read does not include its barrier");
    }

    [Fact]
    public async Task Without_a_barrier_a_read_that_does_not_agree_fails_with_what_to_do()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        network.Validators[0].Lie = answer => answer with { Found = true, Value = SubmitTests.Bytes("x") };
        network.Validators[1].Lie = answer => answer with { Found = true, Value = SubmitTests.Bytes("y") };
        BftClient client = network.Client(options => options with { Barrier = null });
        BftClientException failed = await Assert.ThrowsAsync<BftClientException>(() => client.GetAsync(Key));
        Assert.Contains("Barrier", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_signed_with_a_key_that_is_not_the_validators_is_no_answer()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        await using FakeNetwork sameChainOtherKeys = await FakeNetwork.StartAsync(salt: "mallory");
        BftClient client = network.Client(options => options with
        {
            Endpoints = [new Uri("http://" + sameChainOtherKeys.Genesis.Validators[0].ClientAddress)],
        });
        await Assert.ThrowsAsync<BftClientException>(() => client.GetAsync(Key, linearizable: false));
    }

    [Fact]
    public async Task One_validator_behind_four_endpoints_is_one_voice()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        string address = network.Genesis.Validators[0].ClientAddress;
        BftClient client = network.Client(options => options with
        {
            Endpoints = [new Uri($"http://{address}"), new Uri($"http://{address}/x"), new Uri($"http://{address}/y"), new Uri($"http://localhost:{new Uri("http://" + address).Port}")],
            Barrier = null,
        });
        await Assert.ThrowsAsync<BftClientException>(() => client.GetAsync(Key));
    }

    [Theory]
    [InlineData(ReceiptCodes.Refused)]
    [InlineData(ReceiptCodes.Forgotten)]
    public async Task A_barrier_that_was_ordered_and_not_executed_makes_no_read_linearizable(byte code)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient writer = network.Client();
        await writer.SubmitAsync(SubmitTests.Bytes("a=1"));
        foreach (FakeValidator validator in network.Validators)
        {
            validator.Twist = receipt => receipt with { Height = default, Codes = new byte[] { code } };
        }

        BftClient reader = network.Client(options => options with { Signer = FakeNetwork.Key("reader") });
        BftClientException exception = await Assert.ThrowsAsync<BftClientException>(() => reader.ReadOrderedAsync(Key));
        Assert.Contains("not executed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_read_is_one_validators_word()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await client.SubmitAsync(SubmitTests.Bytes("a=1"));
        network.Validators[0].StuckAt = default(Height);
        ReadResult read = await client.GetAsync(Key, linearizable: false);
        Assert.Equal((false, default, ReadPath.Stale), (read.Found, read.Height, read.Path));
        await network.KillAsync(0);
        Assert.True((await client.GetAsync(Key, linearizable: false)).Found);
    }

    private static string Text(ReadResult read) => Encoding.UTF8.GetString(read.Value.Span);
}
