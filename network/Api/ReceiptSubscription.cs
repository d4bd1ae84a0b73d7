using Bft.Engine;

namespace Bft.Network.Api;

/// <summary>What a subscriber reads: the receipts of a block, or the heights it lost by reading slowly.</summary>
/// <param name="Executed">The receipts; null for a gap.</param>
/// <param name="FirstLost">The first lost height of a gap.</param>
/// <param name="LastLost">The last lost height of a gap.</param>
public readonly record struct ReceiptItem(ExecutedReceipts? Executed, Height FirstLost, Height LastLost);

/// <summary>One reader of a <see cref="ReceiptFeed"/>. The publisher's side never waits; the reader's side is for one task.</summary>
public sealed class ReceiptSubscription : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<ExecutedReceipts> _queue = new();
    private readonly ReceiptFeed _feed;
    private readonly int _maxQueuedReceipts;
    private int _queuedReceipts;
    private Height? _firstLost;
    private Height _lastLost;
    private Action? _arrived;

    internal ReceiptSubscription(ReceiptFeed feed, int maxQueuedReceipts)
    {
        _feed = feed;
        _maxQueuedReceipts = maxQueuedReceipts;
    }

    /// <summary>Called, on the publisher's thread, whenever something may be read; must be quick and not throw.</summary>
    public void OnArrival(Action arrived)
    {
        bool waiting;
        lock (_gate)
        {
            _arrived = arrived;
            waiting = _queue.Count > 0 || _firstLost is not null;
        }

        if (waiting)
        {
            arrived();
        }
    }

    /// <summary>Takes the next item; false when there is none now.</summary>
    public bool TryRead(out ReceiptItem item)
    {
        lock (_gate)
        {
            if (_queue.TryDequeue(out ExecutedReceipts? executed))
            {
                _queuedReceipts -= executed.Weight;
                item = new ReceiptItem(executed, default, default);
                return true;
            }

            if (_firstLost is { } first)
            {
                item = new ReceiptItem(null, first, _lastLost);
                _firstLost = null;
                return true;
            }
        }

        item = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _feed.Remove(this);

    internal void Offer(ExecutedReceipts executed)
    {
        Action? arrived;
        lock (_gate)
        {
            // What lies here so long would be kept for this reader alone; with many readers, each at another place, that has no bound.
            if (_queue.TryPeek(out ExecutedReceipts? oldest) && executed.Through - oldest.Through > 2L * _maxQueuedReceipts)
            {
                _firstLost = oldest.Height;
                _queue.Clear();
                _queuedReceipts = 0;
            }

            // Once something is lost, all that follows is lost until the reader has seen the gap: heights come in order.
            // A block larger than the whole bound is still taken when nothing waits.
            if (_firstLost is not null || (_queue.Count > 0 && _queuedReceipts + executed.Weight > _maxQueuedReceipts))
            {
                _firstLost ??= executed.Height;
                _lastLost = executed.Height;
            }
            else
            {
                _queue.Enqueue(executed);
                _queuedReceipts += executed.Weight;
            }

            arrived = _arrived;
        }

        arrived?.Invoke();
    }
}
