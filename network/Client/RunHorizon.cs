using Bft.Engine;

namespace Bft.Client;

/// <summary>
/// Keeps a client's newest run near its oldest unfinished one. Validators choose which runs they propose: those that took newer runs only, again and again, would push a
/// left out run below what the client's session remembers, where it is never executed any more (<see cref="ChainLimits.RunsUnderWay"/>).
/// </summary>
/// <remarks>
/// It counts by sequences, not by the order of sending: every run at or above the oldest unfinished one, finished or not, may have become an interval of the session above
/// it. A run below the oldest unfinished one is let through at once: it harms none that is under way, and the newer ones wait for it from then on. Whoever is let through
/// was sent, so the wait of the others always has an end. Thread-safe.
/// </remarks>
/// <param name="limits">The chain's limits.</param>
internal sealed class RunHorizon(ChainLimits limits)
{
    private readonly Lock _gate = new();
    private readonly int _mostRuns = limits.RunsUnderWay(1);
    private readonly int _mostTransactions = ChainLimits.TransactionsUnderWay;

    // Ascending; finished ones only as long as they may matter to a run that comes late.
    private readonly List<Sent> _sent = [];
    private readonly SortedSet<Waiting> _waiting = [];
    private TaskCompletionSource? _moved;
    private Exception? _closed;
    private ulong _number;

    /// <summary>Waits until a run may be sent: the caller sends it at once, and leaves when it has an outcome.</summary>
    /// <param name="first">Its first sequence.</param>
    /// <param name="count">Its transactions.</param>
    /// <param name="cancellation">Ends the wait; the run was not let through then.</param>
    public ValueTask EnterAsync(ulong first, int count, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellation);
        }

        Waiting waiting;
        lock (_gate)
        {
            if (_closed is not null)
            {
                return ValueTask.FromException(_closed);
            }

            if (IsWithin(first, count))
            {
                Add(first, count);
                return ValueTask.CompletedTask;
            }

            waiting = new Waiting(first, _number++, count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _waiting.Add(waiting);
        }

        return new ValueTask(WaitAsync(waiting, cancellation));
    }

    /// <summary>Waits until there is room for a run behind all that were sent. It takes none: whoever makes a run now makes one that need not wait.</summary>
    /// <param name="count">Its transactions, at most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async ValueTask RoomAsync(int count, CancellationToken cancellation)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_closed is not null || (_waiting.Count == 0 && IsWithin(ulong.MaxValue, count)))
                {
                    return;
                }

                _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>A run that was let through has an outcome, one way or the other; once for each that entered.</summary>
    /// <param name="first">Its first sequence.</param>
    public void Leave(ulong first)
    {
        lock (_gate)
        {
            Sent run = _sent[IndexOf(first)];
            if (--run.Users > 0)
            {
                return;
            }

            while (_sent.Count > _mostRuns && _sent[0].Users == 0)
            {
                _sent.RemoveAt(0);
            }

            LetThrough();
        }
    }

    /// <summary>Ends all waits, those to come as well.</summary>
    public void Close(Exception reason)
    {
        lock (_gate)
        {
            _closed = reason;
            foreach (Waiting waiting in _waiting)
            {
                waiting.Through.TrySetException(reason);
            }

            _waiting.Clear();
            _moved?.TrySetResult();
            _moved = null;
        }
    }

    private async Task WaitAsync(Waiting waiting, CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.Register(() => waiting.Through.TrySetCanceled(cancellation));
        try
        {
            await waiting.Through.Task;
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                // Those behind it may be smaller.
                _waiting.Remove(waiting);
                LetThrough();
            }

            throw;
        }
    }

    private void LetThrough()
    {
        while (_waiting.Min is { } next && IsWithin(next.First, next.Count))
        {
            _waiting.Remove(next);
            if (next.Through.TrySetResult())
            {
                Add(next.First, next.Count);
            }
        }

        _moved?.TrySetResult();
        _moved = null;
    }

    private bool IsWithin(ulong first, int count)
    {
        int oldest = _sent.FindIndex(static run => run.Users > 0);
        if (oldest < 0 || first < _sent[oldest].First)
        {
            return true;
        }

        int at = IndexOf(first);
        if (at >= 0 && _sent[at].Users > 0)
        {
            // The same run once more: it is sent already.
            return true;
        }

        int runs = at < 0 ? 1 : 0, transactions = at < 0 ? count : 0;
        for (int i = oldest; i < _sent.Count; i++)
        {
            runs++;
            transactions += _sent[i].Count;
        }

        return runs <= _mostRuns && transactions <= _mostTransactions;
    }

    private void Add(ulong first, int count)
    {
        int at = IndexOf(first);
        if (at < 0)
        {
            at = ~at;
            _sent.Insert(at, new Sent(first));
        }

        _sent[at].Users++;
        _sent[at].Count = Math.Max(_sent[at].Count, count);
    }

    // As List.BinarySearch: the complement of where it would be when it is not there. Most runs are newer than all before.
    private int IndexOf(ulong first)
    {
        if (_sent.Count == 0 || _sent[^1].First < first)
        {
            return ~_sent.Count;
        }

        int low = 0, high = _sent.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_sent[middle].First == first)
            {
                return middle;
            }

            (low, high) = _sent[middle].First < first ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }

    private sealed class Sent(ulong first)
    {
        public ulong First { get; } = first;

        public int Count { get; set; }

        /// <summary>How many entered with it and have not left: 0 when it is finished.</summary>
        public int Users { get; set; }
    }

    private sealed record Waiting(ulong First, ulong Number, int Count, TaskCompletionSource Through) : IComparable<Waiting>
    {
        public int CompareTo(Waiting? other) => other is null ? 1 : (First, Number).CompareTo((other.First, other.Number));
    }
}
