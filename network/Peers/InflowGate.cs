namespace Bft.Network.Peers;

/// <summary>Counts the bytes of one peer that are held behind its reader, and stops the reader while there are too many. Thread-safe.</summary>
internal sealed class InflowGate(long bound)
{
    private readonly Lock _lock = new();
    private long _held;
    private readonly TaskCompletionSource _firstWaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _opened;

    /// <summary>Completes when a reader was stopped for the first time.</summary>
    public Task FirstWaited => _firstWaited.Task;

    public void Hold(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            _held += bytes;
        }
    }

    public void Release(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        TaskCompletionSource? opened = null;
        lock (_lock)
        {
            if (bytes > _held)
            {
                throw new InvalidOperationException($"Released {bytes} bytes of {_held} held: every Release needs its Hold.");
            }

            _held -= bytes;
            if (_held < bound)
            {
                (opened, _opened) = (_opened, null);
            }
        }

        opened?.SetResult();
    }

    /// <summary>Completes when less than the bound is held.</summary>
    public Task WaitAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_held < bound)
            {
                return Task.CompletedTask;
            }

            _firstWaited.TrySetResult();
            _opened ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _opened.Task.WaitAsync(cancellation);
        }
    }
}
