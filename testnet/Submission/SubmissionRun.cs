using Bft.Testnet.Clients;

namespace Bft.Testnet.Submission;

/// <summary>How an input is cut and sent.</summary>
/// <param name="Batch">Transactions in one run, at most.</param>
/// <param name="Window">Runs under way at once, at most.</param>
public sealed record SubmissionOptions(int Batch, int Window)
{
    /// <summary>
    /// The most runs under way at once. The replicated session remembers a bounded number of recent intervals
    /// (<see cref="Engine.ChainLimits.SessionIntervals"/>, 128); half of it leaves room for runs that are repeated.
    /// </summary>
    public const int MostWindow = 64;

    /// <summary>The most bytes of keys and values in one run: below the chain's limit of a run, with its frame.</summary>
    public const int MostRunBytes = 192 << 10;
}

/// <summary>
/// Sends the operations of an input, a window of runs at a time. A bad line costs itself and nothing else; a run that is refused
/// costs its own lines.
/// </summary>
public sealed class SubmissionRun
{
    private readonly ITransactionClient _client;
    private readonly SubmissionOptions _options;
    private readonly SubmissionLimits _limits;
    private readonly ResumeRecord? _record;
    private readonly IProgress<long>? _progress;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<long, string> _rejected = [];
    private readonly Lock _gate = new();
    private long _submitted;
    private long _committed;
    private long _resumed;

    /// <summary>Prepares a submission.</summary>
    /// <param name="client">Sends.</param>
    /// <param name="options">How.</param>
    /// <param name="limits">What a line may hold.</param>
    /// <param name="record">Remembers; null for an input that cannot be read twice.</param>
    /// <param name="progress">Told the number of lines that are settled.</param>
    /// <param name="time">The clock.</param>
    public SubmissionRun(
        ITransactionClient client, SubmissionOptions options, SubmissionLimits? limits = null, ResumeRecord? record = null, IProgress<long>? progress = null, TimeProvider? time = null)
    {
        _client = client;
        _options = options;
        _limits = limits ?? new SubmissionLimits();
        _record = record;
        _progress = progress;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Sends a whole input and waits until all of it is settled.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the record tells what is committed.</exception>
    public async Task<SubmissionReport> RunAsync(Stream input, CancellationToken cancellation)
    {
        long start = _time.GetTimestamp();
        var underWay = new HashSet<Task>();
        try
        {
            await foreach (Batch batch in BatchesAsync(input, cancellation))
            {
                while (underWay.Count >= _options.Window)
                {
                    await ForgetOneAsync(underWay);
                }

                underWay.Add(SendAsync(batch, cancellation));
            }

            await Task.WhenAll(underWay);
        }
        catch
        {
            // The record and the client are the caller's to dispose: nothing of ours may use them afterwards.
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return Report(_time.GetElapsedTime(start));
    }

    /// <summary>What is settled so far.</summary>
    public SubmissionReport Report(TimeSpan elapsed)
    {
        lock (_gate)
        {
            return new SubmissionReport(
                _submitted, _committed, [.. _rejected.Select(entry => new RejectedLine(entry.Key, entry.Value))], Math.Round(elapsed.TotalSeconds, 3), _resumed);
        }
    }

    private static async Task ForgetOneAsync(HashSet<Task> underWay)
    {
        Task done = await Task.WhenAny(underWay);
        underWay.Remove(done);
        await done;
    }

    private async IAsyncEnumerable<Batch> BatchesAsync(Stream input, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Dictionary<long, (SentRun Run, Operation[] Operations)> again = LinesUnderWay();
        var reader = new LineReader(input, _limits.MostLineBytes);
        var lines = new List<long>(_options.Batch);
        var operations = new List<Operation>(_options.Batch);
        int bytes = 0;
        while (await reader.ReadAsync(cancellation) is { } line)
        {
            if (_record is not null && _record.Committed.Contains(line.Number))
            {
                Settle(1, ref _resumed);
                continue;
            }

            if (!OperationLine.TryRead(line, _limits, out Operation operation, out string? reason))
            {
                Reject(line.Number, reason);
                continue;
            }

            if (again.TryGetValue(line.Number, out (SentRun Run, Operation[] Operations) earlier))
            {
                // Sent before under known sequences: the same run again, or it could be executed twice.
                earlier.Operations[IndexOf(earlier.Run, line.Number)] = operation;
                if (line.Number == earlier.Run.Lines[^1])
                {
                    yield return new Batch(earlier.Run.Lines, earlier.Operations, earlier.Run.First);
                }

                continue;
            }

            if (operations.Count > 0 && (operations.Count == _options.Batch || bytes + operation.Bytes > SubmissionOptions.MostRunBytes))
            {
                yield return new Batch([.. lines], [.. operations], null);
                lines.Clear();
                operations.Clear();
                bytes = 0;
            }

            lines.Add(line.Number);
            operations.Add(operation);
            bytes += operation.Bytes;
        }

        if (operations.Count > 0)
        {
            yield return new Batch([.. lines], [.. operations], null);
        }
    }

    private Dictionary<long, (SentRun Run, Operation[] Operations)> LinesUnderWay()
    {
        var again = new Dictionary<long, (SentRun, Operation[])>();
        foreach (SentRun run in _record?.UnderWay ?? [])
        {
            var operations = new Operation[run.Lines.Count];
            foreach (long line in run.Lines)
            {
                again[line] = (run, operations);
            }
        }

        return again;
    }

    private static int IndexOf(SentRun run, long line)
    {
        int index = 0;
        while (run.Lines[index] != line)
        {
            index++;
        }

        return index;
    }

    private async Task SendAsync(Batch batch, CancellationToken cancellation)
    {
        ulong first = batch.First ?? await _client.ReserveAsync(batch.Operations.Count, cancellation);
        if (batch.First is null)
        {
            _record?.Sent(new SentRun(first, batch.Lines));
        }

        Interlocked.Add(ref _submitted, batch.Operations.Count);
        try
        {
            RunResult result = await _client.SubmitAsync(first, batch.Operations, cancellation);
            _record?.Done(first);
            Settle(batch, result);
        }
        catch (ClientException exception)
        {
            foreach (long line in batch.Lines)
            {
                Reject(line, exception.Message);
            }
        }
    }

    private void Settle(Batch batch, RunResult result)
    {
        for (int i = 0; i < batch.Lines.Count; i++)
        {
            byte code = result.CodeAt(i);
            if (!ResultCodes.IsSuccess(code))
            {
                Reject(batch.Lines[i], ResultCodes.Describe(code));
            }
            else
            {
                Settle(1, ref _committed);
            }
        }
    }

    private void Settle(int count, ref long counter)
    {
        Interlocked.Add(ref counter, count);
        _progress?.Report(count);
    }

    private void Reject(long line, string reason)
    {
        lock (_gate)
        {
            _rejected[line] = reason;
        }

        _progress?.Report(1);
    }

    private sealed record Batch(IReadOnlyList<long> Lines, IReadOnlyList<Operation> Operations, ulong? First);
}
