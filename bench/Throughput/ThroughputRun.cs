using System.Diagnostics;
using Bft.Bench.Processes;
using Bft.Client;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Load;

namespace Bft.Bench.Throughput;

/// <summary>A consortium of real processes on this machine under load, measured from its client.</summary>
internal sealed class ThroughputRun(ThroughputOptions options, TextWriter log)
{
    private readonly LatencyRecord _latency = new();
    private const int MemorySamples = 10;

    private static readonly TimeSpan YardstickPeriod = TimeSpan.FromSeconds(1);
    private long _committed;
    private long _failed;
    private volatile bool _measuring;
    private volatile bool _stopping;

    /// <summary>Runs it.</summary>
    public async Task<ThroughputReport> RunAsync(CancellationToken cancellation)
    {
        string directory = Path.Combine(Path.GetTempPath(), $"bft-bench-{Environment.ProcessId}");
        try
        {
            return await RunAsync(directory, cancellation);
        }
        finally
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private async Task<ThroughputReport> RunAsync(string directory, CancellationToken cancellation)
    {
        int alive = options.Nodes - options.Dead;
        double verifyBefore = Yardstick.VerifyMicroseconds(YardstickPeriod);
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = options.Nodes, Scheme = options.Scheme, AcceptUnsigned = options.Unsigned, SharedVerification = options.SharedVerification, Development = true, Cost = KeyDerivationCost.Light }, directory, alive, cancellation);
        (Genesis genesis, ValidatorProcesses validators) = (testnet.Genesis, testnet.Validators);
        Chain chain = genesis.ToChain();
        log.WriteLine(options.Unsigned ? "unsigned load" : $"signing {options.PreSigned} runs of {options.RunTransactions}");
        var supply = new RunSupply(chain, options);
        await using var client = new BftClient(new BftClientOptions
        {
            Genesis = genesis,
            Endpoints = [.. genesis.Validators.Take(alive).Select(validator => new Uri($"http://{validator.ClientAddress}"))],
            Window = int.MaxValue / 2,
            RetryAfter = TimeSpan.FromSeconds(10),
        });
        await client.ConnectAsync(cancellation);

        Task load = options.Rate is { } rate ? OpenLoopAsync(client, supply, rate, cancellation) : ClosedLoopAsync(client, supply, cancellation);
        log.WriteLine($"warming up for {options.WarmUpSeconds} s");
        await Task.Delay(TimeSpan.FromSeconds(options.WarmUpSeconds), cancellation);

        long height = validators.Most("height"), transactions = validators.Most("transactions"), bytes = validators.Sum("bytesSent"), flushes = validators.Sum("flushes");
        TimeSpan cpu = validators.ProcessorTime + Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        _measuring = true;
        log.WriteLine($"measuring for {options.Seconds} s");
        var resident = new double[MemorySamples];
        for (int i = 0; i < resident.Length; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Seconds) / resident.Length, cancellation);
            resident[i] = validators.ResidentMemory();
        }

        _measuring = false;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu = validators.ProcessorTime + Process.GetCurrentProcess().TotalProcessorTime - cpu;
        double blocks = validators.Most("height") - height;
        double counted = Math.Max(1, validators.Most("transactions") - transactions);
        double[] memory = validators.PeakMemory();
        bytes = validators.Sum("bytesSent") - bytes;
        flushes = validators.Sum("flushes") - flushes;
        _stopping = true;
        await load;
        validators.Dispose();
        double verifyAfter = Yardstick.VerifyMicroseconds(YardstickPeriod);
        long committed = Interlocked.Read(ref _committed);
        double cpuPer1000 = cpu.TotalSeconds * 1000 / Math.Max(1, committed);
        return new ThroughputReport(
            Math.Round(committed / seconds, 1),
            LatencyReport.Of(_latency),
            Math.Round(cpuPer1000, 4),
            memory,
            resident,
            Math.Round(bytes / counted, 1),
            Math.Round(flushes / seconds / alive, 1),
            Math.Round(blocks / seconds, 1),
            Math.Round(counted / Math.Max(1, blocks), 1),
            committed,
            Interlocked.Read(ref _failed),
            Math.Round(seconds, 2),
            [verifyBefore, verifyAfter],
            Math.Round(cpuPer1000 * 1000 / ((verifyBefore + verifyAfter) / 2), 2),
            options);
    }

    // As many transactions under way as the window holds; each that commits makes room for the next.
    private async Task ClosedLoopAsync(BftClient client, RunSupply supply, CancellationToken cancellation)
    {
        // Not disposed: runs still under way when the measurement ends release it later. It holds no handle.
        var room = new SemaphoreSlim(Math.Max(1, options.Window / options.RunTransactions));
        while (!_stopping && !cancellation.IsCancellationRequested)
        {
            await room.WaitAsync(cancellation);
            if (supply.Next() is not { } run)
            {
                log.WriteLine("the signed runs are used up: raise --presigned");
                return;
            }

            _ = SendAsync(client, run, Stopwatch.GetTimestamp(), room);
        }
    }

    private Task OpenLoopAsync(BftClient client, RunSupply supply, double rate, CancellationToken cancellation) => Pace.KeepAsync(
        rate / options.RunTransactions,
        due =>
        {
            Run? run = supply.Next();
            _ = run is null ? Task.CompletedTask : SendAsync(client, run, due, null);
            return run is not null;
        },
        () => _stopping,
        cancellation);

    private async Task SendAsync(BftClient client, Run run, long since, SemaphoreSlim? room)
    {
        try
        {
            RunResult result = await client.SubmitRunAsync(run);
            if (_measuring)
            {
                if (result.Receipt is null)
                {
                    Interlocked.Add(ref _failed, run.Count);
                }
                else
                {
                    Interlocked.Add(ref _committed, run.Count);
                    _latency.Record(Stopwatch.GetElapsedTime(since), run.Count);
                }
            }
        }
        catch (BftClientException exception)
        {
            if (_measuring && Interlocked.Add(ref _failed, run.Count) == run.Count)
            {
                log.WriteLine(exception.Message);
            }
        }
        finally
        {
            room?.Release();
        }
    }
}
