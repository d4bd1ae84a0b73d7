using System.Collections.Immutable;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Load;

namespace Bft.Testnet.Supervision;

/// <summary>How a testnet is run.</summary>
public sealed record TestnetOptions
{
    /// <summary>The load to offer; null for none.</summary>
    public LoadOptions? Load { get; init; }

    /// <summary>Counted from the moment all are ready; null until stopped.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How validators are supervised.</summary>
    public SupervisorOptions Supervision { get; init; } = new();

    /// <summary>How long the living validators may take to stand level after the load. Default one minute.</summary>
    public TimeSpan LevelWithin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The same when it is asked to stop. Default 1 s.</summary>
    public TimeSpan LevelWithinWhenStopped { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often it is looked whether they do. Default 200 ms.</summary>
    public TimeSpan LevelEvery { get; init; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>What shows a running testnet to people.</summary>
public interface ITestnetDisplay
{
    /// <summary>All validators are ready.</summary>
    void Ready(TestnetDirectory testnet);

    /// <summary>Something happened to a validator.</summary>
    void Happened(SupervisorEvent happened);

    /// <summary>Shows the state of things until cancelled.</summary>
    Task ShowAsync(Func<CancellationToken, Task<StatusRound>> ask, CancellationToken cancellation);
}

/// <summary>One run of a testnet: processes, load, display, summary, and a clean end.</summary>
/// <param name="testnet">Its directory; the caller holds the lock.</param>
/// <param name="composition">The parts.</param>
/// <param name="options">How to run it.</param>
/// <param name="display">Shows it.</param>
public sealed class TestnetRun(TestnetDirectory testnet, Composition composition, TestnetOptions options, ITestnetDisplay display)
{
    private readonly ImmutableArray<ClientEndpoint> _endpoints = [.. testnet.Genesis.Validators.Select(ClientEndpoint.Of)];

    /// <summary>Runs until the duration is over, a signal comes, or no validator is left.</summary>
    /// <param name="cancellation">The order to stop; a clean end, not a failure.</param>
    /// <returns>The summary; null when it was stopped before all were ready.</returns>
    /// <exception cref="DiagnosedException">It could not be started, too few validators live at the end, they do not stand level, or the load committed nothing.</exception>
    public async Task<TestnetSummary?> RunAsync(CancellationToken cancellation)
    {
        PortCheck.RequireFree([.. testnet.Nodes.Select(node => node.Config.Listen)]);
        await using var supervisor = new Supervisor(testnet.Nodes.Select(node => node.Home), composition.ValidatorProcess, options.Supervision, display.Happened, composition.Time);
        try
        {
            await supervisor.StartAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }

        display.Ready(testnet);
        var target = new ClientTarget(testnet.Genesis, _endpoints);
        await using IStatusClient status = composition.Clients.Status(target);
        StatusRound before = await BeforeAsync(supervisor, status, cancellation);
        ImmutableArray<ValidatorCost?> spentBefore = Spent(supervisor);
        long started = composition.Time.GetTimestamp();
        LoadReport? load = await LiveAsync(supervisor, status, target, cancellation);
        TimeSpan lived = composition.Time.GetElapsedTime(started);
        (StatusRound after, bool level) = await LevelAsync(supervisor, status, cancellation);
        TestnetSummary summary = Summarise(before, after, level, load, lived, spentBefore, Spent(supervisor));
        int living = Enumerable.Range(0, _endpoints.Length).Count(i => after.Statuses[i] is not null || supervisor.Runs(i));
        Judge(summary, living, load, cancellation.IsCancellationRequested);
        return summary;
    }

    // Where the chain stands before anything is done. On a busy machine nobody may answer at first, and silence is not height 0: all that was there already would count as done in this run.
    private async Task<StatusRound> BeforeAsync(Supervisor supervisor, IStatusClient status, CancellationToken stopping)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        enough.CancelAfter(options.LevelWithin);
        while (true)
        {
            StatusRound round = await StatusRound.AskAsync(status, _endpoints, CancellationToken.None);
            if (round.Statuses.Any(answer => answer is not null) || supervisor.Living == 0 || enough.IsCancellationRequested)
            {
                return round;
            }

            await Task.Delay(options.LevelEvery, composition.Time, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Load and display run side by side until the duration, a signal or the death of all ends both.
    private async Task<LoadReport?> LiveAsync(Supervisor supervisor, IStatusClient status, ClientTarget target, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.Duration ?? Timeout.InfiniteTimeSpan, composition.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        Task shown = display.ShowAsync(token => StatusRound.AskAsync(status, _endpoints, token), end.Token);
        Task ended = EndWithAllAsync(supervisor, end);
        LoadReport? report = null;
        if (options.Load is { } load)
        {
            // A key of its own, always the same: the state keeps one session for each key for ever.
            using ClientIdentity identity = ClientKey.OpenOrMake(testnet.Layout.LoadKey) with { SignsRuns = !testnet.Genesis.AcceptUnsigned };
            await using ITransactionClient client = composition.Clients.Transactions(target, identity);
            report = await new LoadRun(client, load, composition.Time).RunAsync(end.Token, cancellation);
        }
        else
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, composition.Time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await shown;
        await ended;
        return report;
    }

    private static async Task EndWithAllAsync(Supervisor supervisor, CancellationTokenSource end)
    {
        await supervisor.AllEndedAsync().WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await end.CancelAsync();
    }

    private ImmutableArray<ValidatorCost?> Spent(Supervisor supervisor) => [.. Enumerable.Range(0, _endpoints.Length).Select(supervisor.CostOf)];

    private async Task<(StatusRound Round, bool Level)> LevelAsync(Supervisor supervisor, IStatusClient status, CancellationToken stopping)
    {
        using var enough = new CancellationTokenSource(options.LevelWithin, composition.Time);
        using CancellationTokenRegistration hurry = stopping.Register(() => enough.CancelAfter(options.LevelWithinWhenStopped));
        while (true)
        {
            // Whole, also when it is late: one validator that hangs must not hide how the others stand.
            StatusRound round = await StatusRound.AskAsync(status, _endpoints, CancellationToken.None, stopping.IsCancellationRequested ? options.LevelWithinWhenStopped : null);
            bool level = round.IsLevel(supervisor.Runs);
            if (level || supervisor.Living == 0 || enough.IsCancellationRequested)
            {
                return (round, level);
            }

            await Task.Delay(options.LevelEvery, composition.Time, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TestnetSummary Summarise(StatusRound before, StatusRound after, bool level, LoadReport? load, TimeSpan lived, ImmutableArray<ValidatorCost?> spentBefore, ImmutableArray<ValidatorCost?> spent)
    {
        ValidatorStatus? highest = Highest(after);

        // From the highest on: what one that was behind fetches meanwhile was committed before this run.
        ValidatorStatus? first = Highest(before) ?? highest;
        ulong blocks = (highest?.Height.Value ?? 0) - Math.Min(first?.Height.Value ?? 0, highest?.Height.Value ?? 0);
        ulong committed = (highest?.CommittedTransactions ?? 0) - Math.Min(first?.CommittedTransactions ?? 0, highest?.CommittedTransactions ?? 0);
        TrafficCost consensus = default, gossip = default, repair = default;
        ulong viewChanges = 0;
        for (int i = 0; i < after.Statuses.Length; i++)
        {
            consensus += Since(spent[i]?.Consensus ?? default, spentBefore[i]?.Consensus);
            gossip += Since(spent[i]?.Gossip ?? default, spentBefore[i]?.Gossip);
            repair += Since(spent[i]?.Repair ?? default, spentBefore[i]?.Repair);
            viewChanges = Math.Max(viewChanges, Since(after.Statuses[i]?.ViewChanges ?? 0, before.Statuses[i]?.ViewChanges));
        }

        double rate = load?.TransactionsPerSecond ?? (lived > TimeSpan.Zero ? committed / lived.TotalSeconds : 0);
        return new TestnetSummary(
            highest?.Height.Value ?? 0,
            highest?.CommittedTransactions ?? 0,
            Math.Round(rate, 1),
            load?.Latency.Milliseconds(50) is { } p50 ? new LatencySummary(p50, load.Latency.Milliseconds(99)!.Value) : null,
            viewChanges,
            PerBlock(consensus, blocks)?.MessagesPerBlock,
            PerBlock(consensus, blocks)?.BytesPerBlock,
            PerBlock(gossip, blocks),
            PerBlock(repair, blocks),
            [.. after.Statuses.Select((status, i) => new ValidatorSummary(i, _endpoints[i].ToString(), status?.Height.Value, status?.Head.ToString(), status?.StateRoot.ToString()))],
            level,
            load is null ? null : new LoadSummary(load.Offered, load.Committed, load.Failed),
            Math.Round(lived.TotalSeconds, 3));
    }

    private static ValidatorStatus? Highest(StatusRound round) => round.Statuses.Where(status => status is not null).MaxBy(status => status!.Height);

    private static TrafficPerBlock? PerBlock(TrafficCost cost, ulong blocks) =>
        blocks == 0 ? null : new TrafficPerBlock(Math.Round(cost.Messages / (double)blocks, 2), Math.Round(cost.Bytes / (double)blocks, 1));

    private static TrafficCost Since(TrafficCost now, TrafficCost? before) => new(Since(now.Messages, before?.Messages), Since(now.Bytes, before?.Bytes));

    // A validator that was restarted counts from nothing.
    private static ulong Since(ulong now, ulong? before) => before is { } earlier && earlier <= now ? now - earlier : now;

    private void Judge(TestnetSummary summary, int living, LoadReport? load, bool stopped)
    {
        int quorum = testnet.Genesis.Committee.QuorumSize;
        if (living < quorum)
        {
            throw new CommandException($"only {living} of {_endpoints.Length} validators live, {quorum} are a quorum", testnet.Layout.Root, "see the logs in their homes; --restart brings validators back") { Report = summary };
        }

        // What had no time to come is no failure of whoever was asked to stop; the summary says how it stood.
        if (!summary.Level && !stopped)
        {
            throw new CommandException($"the living validators did not stand level within {options.LevelWithin.TotalSeconds:0} s", string.Join(", ", summary.Validators.Select(validator => $"{validator.Id}: {validator.Height?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "silent"}")), "see the logs in their homes") { Report = summary };
        }

        if (load is { Offered: > 0, Committed: 0 } && !stopped)
        {
            throw new CommandException("the load committed nothing", load.FirstError ?? "no transaction was answered", "see the logs in the validators' homes") { Report = summary };
        }
    }
}
