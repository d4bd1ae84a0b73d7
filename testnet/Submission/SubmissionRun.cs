using Bft.Testnet.Clients;
using Bft.Testnet.Homes;

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

    /// <summary>
    /// The most runs from the oldest without a result to the newest, both counted (<see cref="Engine.ChainLimits.RunsUnderWay"/>): more than the window where runs end in
    /// another order than they began. No more are ever recorded as under way.
    /// </summary>
    public int Ahead { get; init; } = new Engine.ChainLimits().RunsUnderWay(Batch);

    /// <summary>How long nothing may be committed while something is under way. Default 30 s.</summary>
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often it is looked whether validators are reachable. Default 1 s.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most bytes of keys and values in one run: below the chain's limit of a run, with its frame.</summary>
    public const int MostRunBytes = 192 << 10;
}

/// <summary>
/// Sends the operations of an input, a window of runs at a time. A bad line costs itself and nothing else; a run that is refused
/// costs its own lines; when too few validators are reachable, or nothing is committed any more, it ends, and no line is blamed for it.
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
    private long _start;
    private long _lastResult;
    private int _waiting;
    private DiagnosedException? _failure;

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

    /// <summary>Sends a whole input and waits until all of it is settled. Once.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; <see cref="Report"/> and the record tell what is committed.</exception>
    /// <exception cref="ClientException">Too few validators are reachable, or nothing is committed any more; as above.</exception>
    /// <exception cref="DiagnosedException">The sequences or the record cannot be written; as above.</exception>
    public async Task<SubmissionReport> RunAsync(Stream input, CancellationToken cancellation)
    {
        _start = _time.GetTimestamp();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var underWay = new HashSet<Task>();
        Task watch = Task.CompletedTask;
        try
        {
            var sent = new Queue<Task>();
            bool repeats = true;
            await foreach (Batch batch in BatchesAsync(input, ending.Token))
            {
                if (sent.Count == 0 && watch.IsCompleted)
                {
                    // Before anything is reserved or recorded.
                    await _client.ConnectAsync(ending.Token);
                    watch = WatchAsync(ending);
                }

                if (repeats && batch.First is null)
                {
                    // What an earlier life left has its result before anything new leaves: else every life could push it further behind.
                    await Task.WhenAll(underWay);
                    repeats = false;
                }

                await MakeRoomAsync(underWay, sent);
                ending.Token.ThrowIfCancellationRequested();
                ulong first = batch.First ?? await ReserveAsync(batch, ending.Token);
                Task sending = SendAsync(first, batch, ending);
                underWay.Add(sending);
                sent.Enqueue(sending);
            }

            await Task.WhenAll(underWay);
        }
        catch (OperationCanceledException) when (_failure is not null)
        {
            // One of those below ended it, and says why.
        }
        finally
        {
            // The record and the client are the caller's to dispose: nothing of ours may use them afterwards.
            await ending.CancelAsync();
            await Task.WhenAll([.. underWay, watch]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _failure is null ? Report() : throw _failure;
    }

    /// <summary>What is settled so far.</summary>
    public SubmissionReport Report()
    {
        lock (_gate)
        {
            return new SubmissionReport(
                _submitted, _committed, [.. _rejected.Select(entry => new RejectedLine(entry.Key, entry.Value))], Math.Round(_time.GetElapsedTime(_start).TotalSeconds, 3), _resumed);
        }
    }

    private async Task MakeRoomAsync(HashSet<Task> underWay, Queue<Task> sent)
    {
        while (underWay.Count >= _options.Window)
        {
            Task done = await Task.WhenAny(underWay);
            underWay.Remove(done);
            await done;
        }

        while (sent.TryPeek(out Task? oldest) && (oldest.IsCompleted || sent.Count >= _options.Ahead))
        {
            await oldest;
            _ = sent.Dequeue();
        }
    }

    private async Task<ulong> ReserveAsync(Batch batch, CancellationToken cancellation)
    {
        ulong first = await _client.ReserveAsync(batch.Operations.Count, cancellation);
        _record?.Sent(new SentRun(first, batch.Lines));
        return first;
    }

    // A run that is under way is carried until it has a result, however long that takes; whether that makes sense is judged here.
    private async Task WatchAsync(CancellationTokenSource ending)
    {
        using var timer = new PeriodicTimer(_options.LookEvery, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                await _client.ConnectAsync(ending.Token);
                if (Volatile.Read(ref _waiting) > 0 && _time.GetElapsedTime(Interlocked.Read(ref _lastResult)) >= _options.StallAfter)
                {
                    throw new ClientException(
                        $"nothing was committed for {_options.StallAfter.TotalSeconds:0.###} s", $"{Volatile.Read(ref _waiting)} runs under way", "check with \"bft status\" that a quorum of validators runs");
                }
            }
        }
        catch (DiagnosedException exception)
        {
            await EndAsync(exception, ending);
        }
        catch (OperationCanceledException)
        {
            // The submission has ended.
        }
    }

    private async Task EndAsync(DiagnosedException reason, CancellationTokenSource ending)
    {
        Interlocked.CompareExchange(ref _failure, reason, null);
        await ending.CancelAsync();
    }

    private async IAsyncEnumerable<Batch> BatchesAsync(Stream input, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Dictionary<long, (SentRun Run, Operation[] Operations)> again = LinesUnderWay();
        var reader = new LineReader(input, _limits.MostLineBytes);
        var lines = new List<long>(_options.Batch);
        var operations = new List<Operation>(_options.Batch);
        int bytes = 0, repeated = 0;
        while (await ReadAsync(reader, cancellation) is { } line)
        {
            if (_record is not null && _record.Committed.Contains(line.Number))
            {
                Settle(1, ref _resumed);
                continue;
            }

            if (_record is not null && _record.Refused.TryGetValue(line.Number, out byte code))
            {
                Reject(line.Number, ResultCodes.Describe(code));
                continue;
            }

            if (!OperationLine.TryRead(line, _limits, out Operation operation, out string? reason))
            {
                if (again.ContainsKey(line.Number))
                {
                    throw Mismatch($"line {line.Number}, which was sent before, cannot be read now: {reason}");
                }

                Reject(line.Number, reason);
                continue;
            }

            if (again.TryGetValue(line.Number, out (SentRun Run, Operation[] Operations) earlier))
            {
                // Sent before under known sequences: the same run again, or it could be executed twice.
                earlier.Operations[IndexOf(earlier.Run, line.Number)] = operation;
                if (line.Number == earlier.Run.Lines[^1])
                {
                    repeated++;
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

        if (repeated < (_record?.UnderWay.Count ?? 0))
        {
            throw Mismatch("the input ends before lines that were sent before");
        }
    }

    private static async ValueTask<Line?> ReadAsync(LineReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadAsync(cancellation);
        }
        catch (IOException exception)
        {
            throw new HomeException($"the input cannot be read on: {exception.Message}", "the input", "check the disk", exception);
        }
    }

    private HomeException Mismatch(string what) => new(what, _record!.Path, "the input changed, or the record is another's; delete the record to submit from the beginning");

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

    private async Task SendAsync(ulong first, Batch batch, CancellationTokenSource ending)
    {
        Interlocked.Add(ref _submitted, batch.Operations.Count);
        if (Interlocked.Increment(ref _waiting) == 1)
        {
            Interlocked.Exchange(ref _lastResult, _time.GetTimestamp());
        }

        try
        {
            RunResult result = await _client.SubmitAsync(first, batch.Operations, ending.Token);
            Interlocked.Exchange(ref _lastResult, _time.GetTimestamp());
            (long Line, byte Code)[] refused = [.. batch.Lines.Select((line, i) => (line, result.CodeAt(i))).Where(each => !ResultCodes.IsSuccess(each.Item2))];
            Settle(batch.Lines.Count - refused.Length, ref _committed);
            foreach ((long line, byte code) in refused)
            {
                Reject(line, ResultCodes.Describe(code));
            }

            _record?.Done(first, refused);
        }
        catch (RunRejectedException exception)
        {
            Interlocked.Exchange(ref _lastResult, _time.GetTimestamp());
            foreach (long line in batch.Lines)
            {
                Reject(line, exception.What);
            }
        }
        catch (DiagnosedException exception)
        {
            // Not the lines' fault.
            await EndAsync(exception, ending);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
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
