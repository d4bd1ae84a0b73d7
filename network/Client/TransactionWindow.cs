namespace Bft.Client;

/// <summary>Bounds the transactions in flight. First come, first served; a request for more than there is room for at all waits until it is alone.</summary>
internal sealed class TransactionWindow(int size)
{
    private readonly Lock _gate = new();
    private readonly Queue<(int Count, TaskCompletionSource Granted)> _waiting = new();
    private int _used;
    private Exception? _closed;

    public ValueTask AcquireAsync(int count, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellation);
        }

        count = Math.Min(count, size);
        lock (_gate)
        {
            if (_closed is not null)
            {
                return ValueTask.FromException(_closed);
            }

            if (_waiting.Count == 0 && _used + count <= size)
            {
                _used += count;
                return ValueTask.CompletedTask;
            }

            var granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((count, granted));
            return new ValueTask(WaitAsync(granted, cancellation));
        }
    }

    public void Release(int count)
    {
        count = Math.Min(count, size);
        lock (_gate)
        {
            _used -= count;
            while (_waiting.TryPeek(out (int Count, TaskCompletionSource Granted) next) && _used + next.Count <= size)
            {
                _waiting.Dequeue();
                if (next.Granted.TrySetResult())
                {
                    _used += next.Count;
                }
            }
        }
    }

    /// <summary>Ends all waits, those to come as well.</summary>
    public void Close(Exception reason)
    {
        lock (_gate)
        {
            _closed = reason;
            while (_waiting.TryDequeue(out (int Count, TaskCompletionSource Granted) waiting))
            {
                waiting.Granted.TrySetException(reason);
            }
        }
    }

    private async Task WaitAsync(TaskCompletionSource granted, CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.Register(() => granted.TrySetCanceled(cancellation));
        try
        {
            await granted.Task;
        }
        catch (OperationCanceledException)
        {
            // The cancelled place may have been the one that held up smaller ones behind it.
            Release(0);
            throw;
        }
    }
}
