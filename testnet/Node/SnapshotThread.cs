using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>Writes one snapshot after the other beside the executor, each on a thread of its own: one is due every few minutes.</summary>
/// <param name="failed">Told of what nobody expected.</param>
internal sealed class SnapshotThread(Action<Exception> failed) : IWorkers
{
    private Thread? _thread;

    /// <inheritdoc/>
    /// <remarks>By the executor's thread, which hands in the next when it knows that the last is done.</remarks>
    public void Queue(Action work)
    {
        Wait();
        _thread = new Thread(() => Run(work)) { Name = "snapshot", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Waits until what was handed in is written. By the executor's thread.</summary>
    public void Wait() => _thread?.Join();

    private void Run(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception)
        {
            failed(exception);
        }
    }
}
