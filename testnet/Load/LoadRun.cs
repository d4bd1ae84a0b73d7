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

    /// <summary>The most transactions in one run. Default 128.</summary>
    public int MostPerRun { get; init; } = 128;

    /// <summary>
    /// The most runs under way; beyond it what is due waits, and its latency counts on. Default 64: the replicated session remembers 128
    /// intervals of sequences (<see cref="Engine.ChainLimits.SessionIntervals"/>), and runs may be executed in another order than they were sent.
    /// </summary>
    public int MostRunsUnderWay { get; init; } = 64;

    /// <summary>How often the loop looks what is due. Default 2 ms.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long to wait for what is under way when the load ends. Default 30 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The same when whoever runs it is asked to stop. Default 1 s.</summary>
    public TimeSpan DrainWhenStopped { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>What became of the load.</summary>
/// <param name="Offered">Transactions that were due.</param>
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
    private int _underWay;
    private long _lastCommit;
    private string? _firstError;

    /// <summary>Transactions offered so far.</summary>
    public long Offered => Interlocked.Read(ref _offered);

    /// <summary>Transactions committed so far.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Offers the load until cancelled, then waits for what is under way.</summary>
    /// <param name="offering">Ends the offering.</param>
    /// <param name="stopping">Makes the wait at the end short.</param>
    public async Task<LoadReport> RunAsync(CancellationToken offering, CancellationToken stopping = default)
    {
        using var draining = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        var runs = new HashSet<Task>();
        _start = _lastCommit = _time.GetTimestamp();
        using var timer = new PeriodicTimer(options.Tick, _time);
        do
        {
            Offer(runs, _time.GetElapsedTime(_start), draining.Token);
            runs.RemoveWhere(static run => run.IsCompletedSuccessfully);
        }
        while (await NextTickAsync(timer, offering));

        // What was due by now and found no room is owed: dropping it would hide the very slowness that kept it back.
        TimeSpan end = _time.GetElapsedTime(_start);
        draining.CancelAfter(options.Drain);
        using CancellationTokenRegistration hurry = stopping.Register(() => draining.CancelAfter(options.DrainWhenStopped));
        do
        {
            Offer(runs, end, draining.Token);
        }
        while (_loop.Due(end) > 0 && await NextTickAsync(timer, draining.Token));

        await Task.WhenAll(runs);
        long failed = Interlocked.Read(ref _failed) + _loop.Due(end);
        return new LoadReport(_loop.Issued + _loop.Due(end), Committed, failed, _time.GetElapsedTime(_start, Interlocked.Read(ref _lastCommit)), _latency, _firstError);
    }

    private static async ValueTask<bool> NextTickAsync(PeriodicTimer timer, CancellationToken ending)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ending);
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

    private void Offer(HashSet<Task> runs, TimeSpan elapsed, CancellationToken draining)
    {
        while (true)
        {
            bool hasRoom = Volatile.Read(ref _underWay) < options.MostRunsUnderWay;
            long first = _loop.Issued;
            int count = _loop.Take(elapsed, hasRoom ? options.MostPerRun : 0);
            if (count == 0)
            {
                Interlocked.Exchange(ref _offered, first);
                return;
            }

            Interlocked.Increment(ref _underWay);
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
        catch (Exception exception) when (exception is DiagnosedException or OperationCanceledException)
        {
            Interlocked.Add(ref _failed, count);
            Interlocked.CompareExchange(ref _firstError, exception is DiagnosedException ? exception.Message : "not committed before the wait at the end was over", null);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
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
            if (ResultCodes.IsSuccess(result.CodeAt(i)))
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
