using System.Diagnostics;
using Bft.Bench.Processes;
using Bft.Bench.Throughput;
using Bft.Client;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Homes;
using Bft.Testnet.Load;

namespace Bft.Bench.Rejoin;

/// <summary>What a rejoin cost.</summary>
/// <param name="BlocksBehind">How far behind the validator was when it started again.</param>
/// <param name="CatchUpSeconds">From its start, key derivation included, until it was level with the others.</param>
/// <param name="BlocksPerSecond">Blocks it took in a second meanwhile, those that the others made in this time included.</param>
/// <param name="DownLatencyMs">Clients' latency in the last half minute before.</param>
/// <param name="CatchUpLatencyMs">Clients' latency while it caught up.</param>
/// <param name="LevelLatencyMs">Clients' latency in the half minute after.</param>
/// <param name="P99Ratio">Their p99 while it caught up, over that before.</param>
/// <param name="Failed">Transactions without a result: must be 0.</param>
/// <param name="Rate">Transactions offered a second.</param>
/// <param name="Wiped">Whether it had lost its journal, blocks and snapshots as well.</param>
/// <param name="Pace">Its <c>catchUpBlocksPerSecond</c>; 0 for as fast as it can.</param>
/// <param name="SlicesMs">Clients' latency in each stretch of five seconds while it caught up.</param>
internal sealed record RejoinReport(
    long BlocksBehind,
    double CatchUpSeconds,
    double BlocksPerSecond,
    LatencyReport DownLatencyMs,
    LatencyReport CatchUpLatencyMs,
    LatencyReport LevelLatencyMs,
    double P99Ratio,
    long Failed,
    double Rate,
    bool Wiped,
    int Pace,
    IReadOnlyList<LatencyReport> SlicesMs);

/// <summary>A validator that was down under load comes back; the client talks to the other three all the time.</summary>
/// <param name="directory">An empty directory for the run.</param>
/// <param name="blocks">How far behind it is to be.</param>
/// <param name="rate">Transactions offered a second.</param>
/// <param name="wiped">Whether it loses its journal, blocks and snapshots.</param>
/// <param name="pace">Its <c>catchUpBlocksPerSecond</c>; 0 for as fast as it can.</param>
/// <param name="log">Progress.</param>
internal sealed class RejoinRun(string directory, int blocks, double rate, bool wiped, int pace, TextWriter log)
{
    private const int Nodes = 4;
    private const int Victim = Nodes - 1;
    private const int LevelWithin = 8;

    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    private volatile LatencyRecord _latency = new();
    private volatile LatencyRecord _slice = new();
    private long _failed;
    private volatile bool _stopping;

    /// <summary>Runs it.</summary>
    public async Task<RejoinReport> RunAsync(CancellationToken cancellation)
    {
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = Nodes, AcceptUnsigned = true, Development = true, Cost = KeyDerivationCost.Light, CatchUpBlocksPerSecond = pace == 0 ? null : pace }, directory, Nodes, cancellation);
        (Genesis genesis, DataLayout data, ValidatorProcesses validators, _) = testnet;
        await using var client = new BftClient(new BftClientOptions
        {
            Genesis = genesis,
            Endpoints = [.. genesis.Validators.Take(Victim).Select(validator => new Uri($"http://{validator.ClientAddress}"))],
            Window = int.MaxValue / 2,
            RetryAfter = TimeSpan.FromSeconds(10),
        });
        await client.ConnectAsync(cancellation);
        var supply = new RunSupply(genesis.ToChain(), new ThroughputOptions { Unsigned = true, PerMessage = 1 });
        Task load = Pace.KeepAsync(rate, due => Send(client, supply.Next()!, due), () => _stopping, cancellation);
        await Task.Delay(Stretch / 3, cancellation);

        long from = validators.Most("height");
        validators.Kill(Victim);
        if (wiped)
        {
            Wipe(data.Home(Victim));
        }

        for (long behind = 0; behind < blocks; behind = validators.Most("height") - from)
        {
            log.WriteLine($"{behind:N0} of {blocks:N0} blocks behind");
            await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
        }

        LatencyReport down = await MeasureAsync(cancellation);
        from = wiped ? 0 : from;
        long behindAtStart = validators.Most("height") - from;
        log.WriteLine("starting it again");
        _latency = new LatencyRecord();
        _slice = new LatencyRecord();
        long start = Stopwatch.GetTimestamp();
        await validators.StartAsync(data.Home(Victim), Victim, cancellation);
        List<LatencyReport> slices = [];
        for (long behind = long.MaxValue; behind > LevelWithin; behind = validators.Of(Victim, "height") is { } height ? validators.Most("height") - height : long.MaxValue)
        {
            await Task.Delay(Glance, cancellation);
            if (Stopwatch.GetElapsedTime(start) >= (slices.Count + 1) * Slice)
            {
                slices.Add(LatencyReport.Of(_slice));
                _slice = new LatencyRecord();
                log.WriteLine($"{(behind == long.MaxValue ? "starting" : $"{behind:N0} blocks behind")}; p50 {slices[^1].P50} ms, p99 {slices[^1].P99} ms");
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long taken = validators.Most("height") - from;
        LatencyReport during = LatencyReport.Of(_latency);
        LatencyReport level = await MeasureAsync(cancellation);
        _stopping = true;
        await load;
        return new RejoinReport(
            behindAtStart,
            Math.Round(seconds, 1),
            Math.Round(taken / seconds, 0),
            down,
            during,
            level,
            Math.Round(during.P99 / Math.Max(down.P99, 0.001), 2),
            Interlocked.Read(ref _failed),
            rate,
            wiped,
            pace,
            slices);
    }

    private static void Wipe(HomeLayout home)
    {
        foreach (string lost in new[] { "journal", "blocks", "snapshots" })
        {
            Directory.Delete(home.Resolve(lost), recursive: true);
        }

        File.Delete(home.Resolve("index.db"));
    }

    private async Task<LatencyReport> MeasureAsync(CancellationToken cancellation)
    {
        _latency = new LatencyRecord();
        await Task.Delay(Stretch, cancellation);
        return LatencyReport.Of(_latency);
    }

    private bool Send(BftClient client, Run run, long due)
    {
        _ = SendAsync(client, run, due);
        return true;
    }

    private async Task SendAsync(BftClient client, Run run, long due)
    {
        try
        {
            Bft.Client.RunResult result = await client.SubmitRunAsync(run);
            if (result.Receipt is null)
            {
                Interlocked.Increment(ref _failed);
            }

            TimeSpan latency = Stopwatch.GetElapsedTime(due);
            _latency.Record(latency);
            _slice.Record(latency);
        }
        catch (BftClientException exception)
        {
            if (!_stopping && Interlocked.Increment(ref _failed) == 1)
            {
                log.WriteLine(exception.Message);
            }
        }
    }
}
