using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>The one thread that turns a replica.</summary>
internal sealed class LoopThread : IDisposable
{
    private readonly Replica _replica;
    private readonly IClock _clock;
    private readonly Action<Exception> _failed;
    private readonly ManualResetEventSlim _signal = new(false, 0);
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Prepares the thread; <paramref name="failed"/> is told when the loop ends by an exception: a bug, the process must stop.</summary>
    public LoopThread(Replica replica, IClock clock, Action<Exception> failed)
    {
        _replica = replica;
        _clock = clock;
        _failed = failed;
        _thread = new Thread(Run) { Name = "replica", IsBackground = true };
        replica.Wake = Wake;
    }

    /// <summary>Starts turning.</summary>
    public void Start() => _thread.Start();

    /// <summary>There is something to do.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Ends after the turn at hand.</summary>
    public void Dispose()
    {
        _stopping = true;
        _signal.Set();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        // The signal itself stays: the executor may still say that it is done with a block.
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                _signal.Reset();
                if (_replica.Turn())
                {
                    continue;
                }

                if (_replica.NextDeadline is { } deadline)
                {
                    TimeSpan wait = deadline - _clock.Now;
                    if (wait > TimeSpan.Zero)
                    {
                        _signal.Wait(wait + TimeSpan.FromMilliseconds(0.1));
                    }
                }
                else
                {
                    _signal.Wait();
                }
            }
        }
        catch (Exception exception)
        {
            _failed(exception);
        }
    }
}
