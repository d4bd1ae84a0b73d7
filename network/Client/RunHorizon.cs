namespace Bft.Client;

/// <summary>
/// Keeps a client's newest run near its oldest unfinished one. A leader chooses which runs it proposes: one that took newer runs only, again and again, would push a
/// left out run below what the client's session remembers, where it is never executed any more (<see cref="Engine.ChainLimits.RunsUnderWay"/>).
/// </summary>
/// <remarks>One caller enters; any may leave.</remarks>
/// <param name="size">How many runs the newest may be ahead of the oldest unfinished, both counted; at least 1.</param>
internal sealed class RunHorizon(int size)
{
    private readonly Lock _gate = new();
    private readonly bool[] _finished = new bool[size];
    private ulong _oldest;
    private ulong _next;
    private TaskCompletionSource? _moved;

    /// <summary>Waits until the next run is within the horizon.</summary>
    /// <returns>Its ticket, to leave with.</returns>
    public async ValueTask<ulong> EnterAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_next - _oldest < (ulong)size)
                {
                    _finished[_next % (ulong)size] = false;
                    return _next++;
                }

                _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>A run is finished, one way or the other; each ticket once.</summary>
    public void Leave(ulong ticket)
    {
        lock (_gate)
        {
            _finished[ticket % (ulong)size] = true;
            if (ticket != _oldest)
            {
                return;
            }

            while (_oldest < _next && _finished[_oldest % (ulong)size])
            {
                _oldest++;
            }

            _moved?.TrySetResult();
            _moved = null;
        }
    }
}
