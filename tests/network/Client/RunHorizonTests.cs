using Bft.Client;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;
using static Bft.Network.Tests.Client.SubmitTests;

namespace Bft.Network.Tests.Client;

public sealed class RunHorizonTests
{
    // Three runs at a time.
    private readonly RunHorizon _horizon = new(new ChainLimits { SessionIntervals = 6 });

    [Fact]
    public async Task The_newest_run_waits_until_it_is_within_the_horizon_of_the_oldest_unfinished()
    {
        await EnterAsync(1, 2, 3);
        Task fourth = EnterAsync(4);

        // However many newer ones are finished: the oldest is what counts.
        _horizon.Leave(3);
        _horizon.Leave(2);
        Assert.False(fourth.IsCompleted);
        _horizon.Leave(1);
        await fourth;
        await EnterAsync(5, 6);
        Assert.False(EnterAsync(7).IsCompleted);
    }

    [Fact]
    public async Task Those_that_wait_are_let_through_by_their_sequences_not_in_the_order_they_came()
    {
        await EnterAsync(1, 2, 3);
        Task sixth = EnterAsync(6), fourth = EnterAsync(4);
        _horizon.Leave(1);
        await fourth;
        Assert.False(sixth.IsCompleted);
    }

    [Fact]
    public async Task A_run_below_all_others_is_let_through_and_what_was_sent_above_it_counts()
    {
        await EnterAsync(10, 11, 12);
        foreach (ulong first in new ulong[] { 10, 11, 12 })
        {
            _horizon.Leave(first);
        }

        await EnterAsync(5);
        Task newer = EnterAsync(13);
        Assert.False(newer.IsCompleted);
        _horizon.Leave(5);
        await newer;
    }

    [Fact]
    public async Task Large_runs_have_a_shorter_horizon()
    {
        var limits = new ChainLimits();
        var horizon = new RunHorizon(limits);
        int most = limits.RunsUnderWay(1024);
        for (int i = 0; i < most; i++)
        {
            Assert.True(horizon.EnterAsync((ulong)(1024 * i) + 1, 1024, default).AsTask().IsCompletedSuccessfully);
        }

        Task next = horizon.EnterAsync((ulong)(1024 * most) + 1, 1024, default).AsTask();
        Assert.False(next.IsCompleted);
        horizon.Leave(1);
        await next;
    }

    [Fact]
    public async Task The_same_run_once_more_does_not_wait_for_itself()
    {
        await EnterAsync(1, 2, 3);
        await EnterAsync(3);
        _horizon.Leave(1);
        _horizon.Leave(2);
        _horizon.Leave(3);
        await EnterAsync(4, 5);
        Assert.False(EnterAsync(6).IsCompleted);
    }

    [Fact]
    public async Task The_wait_can_be_ended_and_closing_ends_all()
    {
        await EnterAsync(1, 2, 3);
        using var ended = new CancellationTokenSource();
        Task fourth = _horizon.EnterAsync(4, 1, ended.Token).AsTask(), fifth = EnterAsync(5);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fourth);
        _horizon.Leave(1);
        await fifth;
        Task sixth = EnterAsync(6);
        _horizon.Close(new BftClientException("closed"));
        await Assert.ThrowsAsync<BftClientException>(() => sixth);
        await Assert.ThrowsAsync<BftClientException>(() => EnterAsync(1));
    }

    [Fact]
    public async Task Whoever_waits_for_room_behind_one_that_gave_up_is_let_through()
    {
        var horizon = new RunHorizon(new ChainLimits());
        await horizon.EnterAsync(1, 1024, default);
        using var ended = new CancellationTokenSource();
        Task large = horizon.EnterAsync(1025, ChainLimits.TransactionsUnderWay, ended.Token).AsTask(), room = horizon.RoomAsync(1, default).AsTask();
        Assert.False(large.IsCompleted || room.IsCompleted);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await room.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task No_run_of_a_client_leaves_while_a_swallowed_one_is_further_behind_than_its_session_reaches()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        int horizon = network.Chain.Limits.RunsUnderWay(1);
        bool swallows = true;
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<ulong, bool>();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = run =>
            {
                seen[run.First] = true;
                return run.First == 1 && Volatile.Read(ref swallows) ? new SubmitAnswer(SubmitVerdict.Accepted) : null;
            };
        }

        // Connected before, so that the runs enter in the order of the calls.
        BftClient client = network.Client();
        await client.ConnectAsync();
        Task<RunResult>[] runs =
        [
            .. Enumerable.Range(1, 3 * horizon).Select(i => client.SubmitRunAsync(Run.Sign(network.Chain, FakeNetwork.Key("somebody"), (ulong)i, [Bytes($"k{i}=v")]))),
        ];
        await Task.WhenAll(runs[1..horizon]);
        Assert.Equal((ulong)horizon, seen.Keys.Max());
        Assert.All(runs[horizon..], run => Assert.False(run.IsCompleted));

        Volatile.Write(ref swallows, false);
        Assert.All(await Task.WhenAll(runs), result => Assert.Equal(0, result.Receipt!.Value.CodeAt(0)));
    }

    [Fact]
    public async Task Closing_the_client_ends_what_waits_for_the_horizon_or_for_room()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Accepted);
        }

        BftClient client = network.Client(options => options with { Window = 100 });
        Task<RunResult>[] runs =
        [
            .. Enumerable.Range(1, 150).Select(i => client.SubmitRunAsync(Run.Sign(network.Chain, FakeNetwork.Key("somebody"), (ulong)i, [Bytes($"k{i}=v")]))),
        ];
        Task<TransactionResult> packed = client.SubmitAsync(Bytes("a=1"));
        await UntilAsync(() => network.Validators.Any(validator => validator.Submitted > 0));
        await client.DisposeAsync();
        foreach (Task call in runs.Append<Task>(packed))
        {
            await Assert.ThrowsAsync<BftClientException>(() => call);
        }
    }

    private async Task EnterAsync(params ulong[] firsts)
    {
        foreach (ulong first in firsts)
        {
            await _horizon.EnterAsync(first, 1, default);
        }
    }
}
