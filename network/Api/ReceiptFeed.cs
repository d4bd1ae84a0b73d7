using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Network.Api;

/// <summary>
/// Carries the receipts of every executed block from the executor to the streams that wait for them. Publishing never waits and
/// never fails: a subscriber that does not keep up loses heights and is told which. All share what waits, and none keeps anything that others
/// have long left behind, so that many slow ones hold twice what one may. Thread-safe; one publisher.
/// </summary>
public sealed class ReceiptFeed
{
    private readonly Lock _gate = new();
    private readonly int _maxQueuedReceipts;
    private ReceiptSubscription[] _subscribers = [];
    private long _published;

    /// <summary>Makes a feed.</summary>
    /// <param name="maxQueuedReceipts">How many receipts are kept for one slow subscriber, see <see cref="ApiLimits.MaxQueuedReceipts"/>.</param>
    public ReceiptFeed(int maxQueuedReceipts = 1 << 16) => _maxQueuedReceipts = maxQueuedReceipts;

    /// <summary>How many subscribers there are.</summary>
    public int Subscribers => Volatile.Read(ref _subscribers).Length;

    /// <summary>
    /// Publishes the receipts of one executed height, in execution order. The receipts and their codes must not change afterwards.
    /// Blocks without receipts need not be published.
    /// </summary>
    public void Publish(Height height, Receipt[] receipts)
    {
        ReceiptSubscription[] subscribers = Volatile.Read(ref _subscribers);
        if (receipts.Length == 0 || subscribers.Length == 0)
        {
            return;
        }

        var executed = new ExecutedReceipts(height, receipts);
        _published += executed.Weight;
        executed.Through = _published;
        foreach (ReceiptSubscription subscriber in subscribers)
        {
            subscriber.Offer(executed);
        }
    }

    /// <summary>Starts a subscription to everything published from now on; dispose it to end it.</summary>
    public ReceiptSubscription Subscribe()
    {
        var subscription = new ReceiptSubscription(this, _maxQueuedReceipts);
        lock (_gate)
        {
            _subscribers = [.. _subscribers, subscription];
        }

        return subscription;
    }

    internal void Remove(ReceiptSubscription subscription)
    {
        lock (_gate)
        {
            _subscribers = [.. _subscribers.Where(other => other != subscription)];
        }
    }
}
