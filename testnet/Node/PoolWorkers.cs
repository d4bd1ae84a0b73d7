using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>The process' thread pool as the loop's workers.</summary>
internal sealed class PoolWorkers : IWorkers
{
    /// <inheritdoc/>
    public void Queue(Action work) => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
}
