using Bft.Engine;

namespace Bft.Network.Gossip;

/// <summary>
/// Batches that wait to be verified, bounded in bytes for each sender and served in turn, so that one that floods delays nobody but itself.
/// Thread-safe.
/// </summary>
internal sealed class GossipQueue
{
    private readonly Lock _lock = new();
    private readonly Queue<GossipBatch>[] _waiting;
    private readonly long[] _bytes;
    private readonly Queue<int> _turns = new();
    private readonly int _bound;

    public GossipQueue(int senders, int bound)
    {
        _waiting = [.. Enumerable.Range(0, senders).Select(_ => new Queue<GossipBatch>())];
        _bytes = new long[senders];
        _bound = bound;
    }

    /// <summary>Queues a batch; false when too much of that sender waits.</summary>
    public bool TryAdd(ReplicaId sender, in GossipBatch batch)
    {
        lock (_lock)
        {
            if (_bytes[sender.Value] + batch.Message.Length > _bound)
            {
                return false;
            }

            _bytes[sender.Value] += batch.Message.Length;
            _waiting[sender.Value].Enqueue(batch);
            if (_waiting[sender.Value].Count == 1)
            {
                _turns.Enqueue(sender.Value);
            }

            return true;
        }
    }

    /// <summary>The next batch of the sender whose turn it is; false when nothing waits.</summary>
    public bool TryTake(out ReplicaId sender, out GossipBatch batch)
    {
        lock (_lock)
        {
            sender = default;
            batch = default;
            if (!_turns.TryDequeue(out int turn))
            {
                return false;
            }

            sender = new ReplicaId(turn);
            batch = _waiting[turn].Dequeue();
            _bytes[turn] -= batch.Message.Length;
            if (_waiting[turn].Count > 0)
            {
                _turns.Enqueue(turn);
            }

            return true;
        }
    }
}
