using System.Globalization;
using System.Text;
using Bft.Testnet.Clients;

namespace Bft.Testnet.Load;

/// <summary>What load is offered.</summary>
/// <param name="TransactionsPerSecond">The rate, above 0.</param>
/// <param name="ValueBytes">The length of every value in bytes.</param>
public sealed record LoadOptions(double TransactionsPerSecond, int ValueBytes)
{
    /// <summary>How many different keys are written, in turn. Default 100,000: the state stays bounded however long the load runs.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>The most transactions in one run. Default 64.</summary>
    public int MostPerRun { get; init; } = 64;

    /// <summary>The most transactions under way; beyond it what is due waits, and its latency counts on. Default 100,000.</summary>
    public int MostUnderWay { get; init; } = 100_000;

    /// <summary>How often the loop looks what is due. Default 2 ms.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long to wait for what is under way when the load ends. Default 30 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What became of the load.</summary>
/// <param name="Offered">Transactions that were sent.</param>
/// <param name="Committed">Transactions whose commit was verified.</param>
/// <param name="Failed">Transactions that were refused, or not committed before the wait at the end was over.</param>
/// <param name="Elapsed">From the first transaction to the last commit.</param>
/// <param name="Latency">From due to verified commit.</param>
/// <param name="FirstError">Why the first transaction failed, or null.</param>
public sealed record LoadReport(long Offered, long Committed, long Failed, TimeSpan Elapsed, LatencyRecord Latency, string? FirstError)
{
    /// <summary>Committed transactions a second.</summary>
    public double TransactionsPerSecond => Elapsed > TimeSpan.Zero ? Committed / Elapsed.TotalSeconds : 0;
}

/// <summary>An open-loop client over a bounded key space.</summary>
/// <param name="client">Sends.</param>
/// <param name="options">What to offer.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class LoadRun(ITransactionClient client, LoadOptions options, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly OpenLoop _loop = new(options.TransactionsPerSecond);
    private readonly LatencyRecord _latency = new();
    private readonly byte[] _value = Value(options.ValueBytes);
    private long _start;
    private long _offered;
    private long _committed;
    private long _failed;
    private long _underWay;
    private long _lastCommit;
    private string? _firstError;

    /// <summary>Transactions offered so far.</summary>
    public long Offered => Interlocked.Read(ref _offered);

    /// <summary>Transactions committed so far.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Offers the load until cancelled, then waits for what is under way.</summary>
    /// <param name="offering">Ends the offering.</param>
    public async Task<LoadReport> RunAsync(CancellationToken offering)
    {
        using var draining = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        var runs = new HashSet<Task>();
        _start = _lastCommit = _time.GetTimestamp();
        using (var timer = new PeriodicTimer(options.Tick, _time))
        {
            do
            {
                Offer(runs, draining.Token);
                runs.RemoveWhere(static run => run.IsCompleted);
            }
            while (await NextTickAsync(timer, offering));
        }

        draining.CancelAfter(options.Drain);
        await Task.WhenAll(runs);
        return new LoadReport(_loop.Issued, Committed, Interlocked.Read(ref _failed), _time.GetElapsedTime(_start, Interlocked.Read(ref _lastCommit)), _latency, _firstError);
    }

    private static async ValueTask<bool> NextTickAsync(PeriodicTimer timer, CancellationToken offering)
    {
        try
        {
            return await timer.WaitForNextTickAsync(offering);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static byte[] Value(int bytes)
    {
        var value = new byte[bytes];
        for (int i = 0; i < bytes; i++)
        {
            value[i] = (byte)('a' + (i % 26));
        }

        return value;
    }

    private void Offer(HashSet<Task> runs, CancellationToken draining)
    {
        while (true)
        {
            long room = options.MostUnderWay - Interlocked.Read(ref _underWay);
            long first = _loop.Issued;
            int count = _loop.Take(_time.GetElapsedTime(_start), (int)Math.Clamp(room, 0, options.MostPerRun));
            if (count == 0)
            {
                Interlocked.Exchange(ref _offered, first);
                return;
            }

            Interlocked.Add(ref _underWay, count);
            runs.Add(SendAsync(first, count, draining));
        }
    }

    private async Task SendAsync(long first, int count, CancellationToken draining)
    {
        try
        {
            var operations = new Operation[count];
            for (int i = 0; i < count; i++)
            {
                operations[i] = new Operation(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"load/{(first + i) % options.Keys}")), _value);
            }

            ulong sequence = await client.ReserveAsync(count, draining);
            RunResult result = await client.SubmitAsync(sequence, operations, draining);
            Book(first, count, result);
        }
        catch (Exception exception) when (exception is ClientException or OperationCanceledException)
        {
            Interlocked.Add(ref _failed, count);
            Interlocked.CompareExchange(ref _firstError, exception is ClientException ? exception.Message : "not committed before the wait at the end was over", null);
        }
        finally
        {
            Interlocked.Add(ref _underWay, -count);
        }
    }

    private void Book(long first, int count, RunResult result)
    {
        long now = _time.GetTimestamp();
        TimeSpan elapsed = _time.GetElapsedTime(_start, now);
        Interlocked.Exchange(ref _lastCommit, now);
        int committed = 0;
        for (int i = 0; i < count; i++)
        {
            if (result.CodeAt(i) == 0)
            {
                committed++;
                _latency.Record(elapsed - _loop.DueAt(first + i));
            }
        }

        Interlocked.Add(ref _committed, committed);
        if (committed < count)
        {
            Interlocked.Add(ref _failed, count - committed);
            Interlocked.CompareExchange(ref _firstError, "the application refused it", null);
        }
    }
}
