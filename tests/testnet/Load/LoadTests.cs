using Bft.Testnet.Homes;
using Bft.Testnet.Load;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Load;

public sealed class LoadTests
{
    private readonly ManualTime _time = new();
    private readonly FakeTestnet _testnet = new();

    [Fact]
    public void The_loop_hands_out_what_is_due_and_keeps_the_rest()
    {
        var loop = new OpenLoop(100);

        Assert.Equal(1, loop.Take(TimeSpan.Zero, 64));
        Assert.Equal(0, loop.Take(TimeSpan.FromMilliseconds(9), 64));
        Assert.Equal(1, loop.Take(TimeSpan.FromMilliseconds(10), 64));
        Assert.Equal(64, loop.Take(TimeSpan.FromSeconds(1), 64));
        Assert.Equal(35, loop.Take(TimeSpan.FromSeconds(1), 64));
        Assert.Equal(TimeSpan.FromMilliseconds(500), loop.DueAt(50));
    }

    [Fact]
    public async Task The_rate_is_offered_whatever_the_answers()
    {
        var answer = new TaskCompletionSource();
        _testnet.BeforeCommit = (_, _, _) => answer.Task;
        using var end = new CancellationTokenSource();
        var load = new LoadRun(_testnet, new LoadOptions(1000, 16) { MostRunsUnderWay = 10_000 }, _time);
        Task<LoadReport> running = load.RunAsync(end.Token);
        await AdvanceAsync(load, TimeSpan.FromSeconds(1), 1000);
        await end.CancelAsync();
        answer.SetResult();
        LoadReport report = await running;

        Assert.InRange(report.Offered, 999, 1001);
        Assert.Equal(report.Offered, report.Committed);
        Assert.Equal(0, report.Failed);
    }

    [Fact]
    public async Task A_stall_is_felt_by_every_transaction_that_was_due_in_it()
    {
        // Answers come at once for a second, then not at all for a second: a closed loop would record one slow answer.
        var stall = new TaskCompletionSource();
        _testnet.BeforeCommit = (first, _, _) => first > 1000 ? stall.Task : Task.CompletedTask;
        using var end = new CancellationTokenSource();
        var load = new LoadRun(_testnet, new LoadOptions(1000, 16) { MostRunsUnderWay = 10_000 }, _time);
        Task<LoadReport> running = load.RunAsync(end.Token);
        await AdvanceAsync(load, TimeSpan.FromSeconds(2), 1000);
        await end.CancelAsync();
        stall.SetResult();
        LoadReport report = await running;

        Assert.InRange(report.Latency.Milliseconds(25)!.Value, 0, 10);
        Assert.InRange(report.Latency.Milliseconds(75)!.Value, 450, 550);
        Assert.InRange(report.Latency.Milliseconds(99)!.Value, 940, 1010);
    }

    [Fact]
    public async Task What_is_never_answered_counts_as_failed_after_the_drain()
    {
        _testnet.BeforeCommit = (_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        LoadReport report = await RunToTheEndAsync();
        Assert.Equal(0, report.Committed);
        Assert.Equal(report.Offered, report.Failed);
        Assert.NotNull(report.FirstError);
        Assert.Null(report.Latency.Milliseconds(50));
    }

    [Fact]
    public async Task Whoever_asks_it_to_stop_does_not_wait_for_what_is_never_answered()
    {
        _testnet.BeforeCommit = (_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        using var stop = new CancellationTokenSource();
        var load = new LoadRun(_testnet, new LoadOptions(100, 16), _time);
        Task<LoadReport> running = load.RunAsync(stop.Token, stop.Token);
        await AdvanceAsync(load, TimeSpan.FromMilliseconds(100), 100);
        await stop.CancelAsync();
        TimeSpan waited = TimeSpan.Zero;
        for (TimeSpan step = TimeSpan.FromMilliseconds(10); !running.IsCompleted && waited < TimeSpan.FromSeconds(29); waited += step)
        {
            _time.Advance(step);
            for (int i = 0; i < 100 && !running.IsCompleted; i++)
            {
                await Task.Yield();
            }
        }

        Assert.True(running.IsCompleted, "it waits for the whole drain");
        Assert.Equal((await running).Offered, (await running).Failed);
    }

    [Fact]
    public async Task What_could_not_get_a_sequence_counts_as_failed()
    {
        _testnet.Reserve = static () => throw new HomeException("disk full", "client.sequence", "free space");
        LoadReport report = await RunToTheEndAsync();
        Assert.Equal((0L, report.Offered), (report.Committed, report.Failed));
        Assert.Contains("disk full", report.FirstError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_space_is_bounded_and_so_is_what_is_under_way()
    {
        using var end = new CancellationTokenSource();
        var options = new LoadOptions(10_000, 16) { Keys = 7, MostPerRun = 10, MostRunsUnderWay = 10 };
        var answer = new TaskCompletionSource();
        int most = 0, underWay = 0;
        _testnet.BeforeCommit = async (_, _, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            await answer.Task;
            Interlocked.Decrement(ref underWay);
        };
        var load = new LoadRun(_testnet, options, _time);
        Task<LoadReport> running = load.RunAsync(end.Token);
        for (int tick = 0; tick < 100; tick++)
        {
            _time.Advance(options.Tick);
            while (tick > 50 && Volatile.Read(ref underWay) < options.MostRunsUnderWay)
            {
                await Task.Yield();
            }
        }

        Assert.Equal(options.MostRunsUnderWay, most);
        answer.SetResult();
        await end.CancelAsync();
        while (!running.IsCompleted)
        {
            _time.Advance(options.Tick);
            await Task.Yield();
        }

        // What found no room while the load was on was owed, and sent at its end.
        LoadReport report = await running;
        Assert.Equal(2001, report.Offered);
        Assert.Equal(2001, report.Committed);
        Assert.Equal(7, _testnet.State.Count);
    }

    // A tick is over when everything that is due at it was offered; only then does the clock move on.
    private async Task AdvanceAsync(LoadRun load, TimeSpan by, int rate)
    {
        TimeSpan tick = TimeSpan.FromMilliseconds(2);
        for (TimeSpan moved = tick; moved <= by; moved += tick)
        {
            _time.Advance(tick);
            while (load.Offered < (long)Math.Floor(moved.TotalSeconds * rate) + 1)
            {
                await Task.Yield();
            }
        }
    }

    // A tenth of a second of load, and then as long as the drain wants.
    private async Task<LoadReport> RunToTheEndAsync()
    {
        using var end = new CancellationTokenSource();
        var load = new LoadRun(_testnet, new LoadOptions(100, 16), _time);
        Task<LoadReport> running = load.RunAsync(end.Token);
        await AdvanceAsync(load, TimeSpan.FromMilliseconds(100), 100);
        await end.CancelAsync();
        while (!running.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        return await running;
    }
}
