using System.Text;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Client;

public sealed class SubmitTests
{
    [Fact]
    public async Task A_command_is_committed_and_its_result_and_height_come_back()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        TransactionResult good = await client.SubmitAsync(Bytes("a=1"));
        TransactionResult bad = await client.SubmitAsync(Bytes("nonsense"));
        Assert.Equal((new TransactionId(client.ClientId, 1), new Height(1), (byte)0), (good.Id, good.Height, good.Code));
        Assert.Equal((2ul, new Height(2), FakeLedger.BadCommand), (bad.Id.Sequence, bad.Height, bad.Code));
        Assert.Equal("1", network.Ledger.Get("a", network.Ledger.Height));
    }

    [Fact]
    public async Task Many_callers_share_runs_and_each_gets_its_own_result()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client(options => options with { Window = 64, RunTransactions = 16 });
        await client.ConnectAsync();
        TransactionResult[] results = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.SubmitAsync(Bytes(i % 10 == 0 ? "bad" : $"k{i}={i}"))));
        Assert.All(results.Index(), item => Assert.Equal(item.Index % 10 == 0 ? FakeLedger.BadCommand : (byte)0, item.Item.Code));
        Assert.Equal(1000, results.Select(result => result.Id.Sequence).Distinct().Count());
        Assert.True(network.Ledger.Blocks().Count < 1000, "callers did not share runs");
    }

    [Fact]
    public async Task The_commands_of_one_call_keep_their_order_across_runs()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client(options => options with { RunTransactions = 7 });
        IReadOnlyList<TransactionResult> results = await client.SubmitAsync([.. Enumerable.Range(0, 100).Select(i => (ReadOnlyMemory<byte>)Bytes($"k={i}"))]);
        Assert.Equal(Enumerable.Range(1, 100).Select(i => (ulong)i), results.Select(result => result.Id.Sequence));
    }

    [Fact]
    public async Task With_all_validators_but_one_mute_nothing_completes_until_a_second_one_speaks()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (int i in new[] { 1, 2, 3 })
        {
            network.Validators[i].IsMute = true;
            network.Validators[i].OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Duplicate);
        }

        BftClient client = network.Client();
        Task<TransactionResult> result = client.SubmitAsync(Bytes("a=1"));
        await network.Ledger.WaitAsync(new Height(1), default);
        await UntilAsync(() => network.Validators.All(validator => validator.Submitted >= 2));
        Assert.False(result.IsCompleted);
        network.Validators[2].OnSubmit = null;
        Assert.Equal(new Height(1), (await result).Height);
        Assert.Single(network.Ledger.Blocks());
    }

    [Fact]
    public async Task Receipts_that_were_lost_are_asked_for_long_before_the_run_counts_as_lost()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (int i in new[] { 1, 2, 3 })
        {
            network.Validators[i].IsMute = true;
        }

        BftClient client = network.Client(options => options with { RetryAfter = TimeSpan.FromMinutes(5) });
        Assert.Equal(new Height(1), (await client.SubmitAsync(Bytes("a=1"))).Height);
        Assert.Single(network.Ledger.Blocks());
    }

    [Fact]
    public async Task A_lying_validator_cannot_change_a_result()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        network.Validators[0].Twist = receipt => receipt with { Height = new Height(77), Codes = new byte[] { 9 } };
        BftClient client = network.Client();
        foreach (TransactionResult result in await client.SubmitAsync([.. Enumerable.Range(0, 20).Select(i => (ReadOnlyMemory<byte>)Bytes($"k{i}=v"))]))
        {
            Assert.Equal(0, result.Code);
            Assert.True(result.Height <= network.Ledger.Height);
        }
    }

    [Fact]
    public async Task A_validator_that_swallows_runs_only_costs_a_retry()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        int swallowed = 0;
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => Interlocked.Increment(ref swallowed) == 1 ? new SubmitAnswer(SubmitVerdict.Accepted) : null;
        }

        Assert.Equal(new Height(1), (await network.Client().SubmitAsync(Bytes("a=1"))).Height);
        Assert.Single(network.Ledger.Blocks());
    }

    [Fact]
    public async Task When_a_validator_dies_with_runs_in_it_the_same_bytes_go_elsewhere_and_are_executed_once()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        var swallowed = new TaskCompletionSource<(int Validator, Run Run)>(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = run => swallowed.TrySetResult((validator.Self.Value, run)) ? new SubmitAnswer(SubmitVerdict.Accepted) : null;
        }

        BftClient client = network.Client(options => options with { RetryAfter = TimeSpan.FromMinutes(5) });
        Task<TransactionResult> result = client.SubmitAsync(Bytes("a=1"));
        (int victim, Run first) = await swallowed.Task;
        await network.KillAsync(victim);
        Assert.Equal(new Height(1), (await result).Height);
        Run executed = Assert.Single(Assert.Single(network.Ledger.Blocks()).Block.Payload.Runs);
        Assert.Equal(first.Digest, executed.Digest);
        for (int i = 0; i < 10; i++)
        {
            Assert.True((await client.SubmitAsync(Bytes($"b={i}"))).IsCommitted);
        }
    }

    [Fact]
    public async Task A_full_validator_makes_the_client_back_off_and_try_the_next()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        int full = 0;
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => Interlocked.Increment(ref full) <= 3 ? new SubmitAnswer(SubmitVerdict.Full, Reason: "later") : null;
        }

        BftClient client = network.Client(options => options with { RetryAfter = TimeSpan.FromMinutes(5) });
        Assert.True((await client.SubmitAsync(Bytes("a=1"))).IsCommitted);
        Assert.True(full > 3);
    }

    [Fact]
    public async Task One_validator_cannot_reject_a_transaction_but_f_plus_one_can()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        int refusals = 0;
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => Interlocked.Increment(ref refusals) == 1 ? new SubmitAnswer(SubmitVerdict.Rejected, Reason: "I do not like it") : null;
        }

        BftClient client = network.Client(options => options with { RetryAfter = TimeSpan.FromMinutes(5) });
        Assert.True((await client.SubmitAsync(Bytes("a=1"))).IsCommitted);
        Assert.True(refusals > 1);
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Rejected, Reason: "command: unknown operation");
        }

        TransactionResult rejected = await client.SubmitAsync(Bytes("b=1"));
        Assert.False(rejected.IsCommitted);
        Assert.Equal("command: unknown operation", rejected.Rejection);
    }

    [Fact]
    public async Task A_malformed_command_is_refused_before_it_can_harm_the_others_of_its_run()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client(options => options with { CheckCommand = command => command.Length == 0 ? "it is empty" : null });
        BftClientException refused = await Assert.ThrowsAsync<BftClientException>(() => client.SubmitAsync([Bytes("a=1"), ReadOnlyMemory<byte>.Empty]));
        Assert.Contains("Command 1", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<BftClientException>(() => client.SubmitAsync(new byte[network.Chain.Limits.MaxCommandBytes + 1]));
        Assert.Contains("bytes", refused.Message, StringComparison.Ordinal);
        Assert.Empty(network.Ledger.Blocks());
    }

    [Fact]
    public async Task A_run_that_was_made_before_can_be_sent_again_and_gives_its_first_result()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        Run run = Run.Sign(network.Chain, FakeNetwork.Key("somebody"), 40, [Bytes("a=1"), Bytes("bad")]);
        RunResult first = await network.Client().SubmitRunAsync(run);
        RunResult again = await network.Client().SubmitRunAsync(run);
        Assert.Equal(first.Receipt!.Value.Height, again.Receipt!.Value.Height);
        Assert.Equal(new byte[] { 0, 1 }, again.Receipt.Value.Codes.ToArray());
        Assert.Single(network.Ledger.Blocks());
    }

    [Fact]
    public async Task An_unsigned_client_submits_under_its_name_where_the_chain_admits_it()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = run =>
            {
                network.Ledger.Execute(run);
                return new SubmitAnswer(SubmitVerdict.Accepted);
            };
        }

        BftClient client = network.Client(options => options with { Signer = null, UnsignedName = new byte[32] });
        Assert.True((await client.SubmitAsync(Bytes("a=1"))).IsCommitted);
    }

    [Fact]
    public async Task With_f_endpoints_or_a_foreign_chain_the_client_says_which_endpoint_fails_and_why()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        await using FakeNetwork foreign = await FakeNetwork.StartAsync(salt: "foreign");
        BftClient client = network.Client(options => options with
        {
            Endpoints = [new Uri("http://" + network.Genesis.Validators[0].ClientAddress), new Uri("http://" + foreign.Genesis.Validators[1].ClientAddress)],
            ConnectTimeout = TimeSpan.FromMinutes(5),
        });
        BftClientException refused = await Assert.ThrowsAsync<BftClientException>(() => client.SubmitAsync(Bytes("a=1")));
        Assert.Contains(foreign.Chain.Id.ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_tls_only_validators_with_a_pinned_key_are_spoken_to()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(tls: true);
        Uri[] endpoints = [.. network.Genesis.Validators.Select(validator => new Uri("https://" + validator.ClientAddress))];
        Assert.True((await network.Client(options => options with { Endpoints = endpoints }).SubmitAsync(Bytes("a=1"))).IsCommitted);

        // Under names that genesis does not know, the given pins decide: one for each endpoint.
        Uri[] aliases = [.. endpoints.Select(endpoint => new UriBuilder(endpoint) { Host = "localhost" }.Uri)];
        Digest[] pins = [.. network.Genesis.Validators.Select(validator => validator.TlsPin)];
        IReadOnlyList<EndpointStatus> known = await network.Client(options => options with { Endpoints = aliases, TlsPins = pins }).StatusAsync();
        Assert.All(known, one => Assert.NotNull(one.Status));
        IReadOnlyList<EndpointStatus> strange = await network.Client(options => options with { Endpoints = aliases, TlsPins = [.. pins.Select(_ => network.Chain.Id)] }).StatusAsync();
        Assert.All(strange, one => Assert.Null(one.Status));
        Assert.Throws<ArgumentException>(() => network.Client(options => options with { Endpoints = aliases, TlsPins = [network.Chain.Id] }));
    }

    [Fact]
    public async Task Closing_the_client_ends_calls_in_flight_with_an_unknown_outcome()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Accepted);
        }

        BftClient client = network.Client();
        Task<TransactionResult> result = client.SubmitAsync(Bytes("a=1"));
        await UntilAsync(() => network.Validators.Any(validator => validator.Submitted > 0));
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => result);
    }

    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Waits for something the client does by itself and gives no event for.</summary>
    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
