using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.Mempool;

/// <summary>The last so many digests that were added, each once.</summary>
internal sealed class RecentDigests(int capacity, DigestComparer comparer)
{
    private readonly Queue<Digest> _order = new();
    private readonly HashSet<Digest> _known = new(comparer);

    /// <summary>Whether the digest is among them.</summary>
    public bool Contains(Digest digest) => _known.Contains(digest);

    /// <summary>Adds one; the oldest goes when there are too many.</summary>
    public void Add(Digest digest)
    {
        if (capacity == 0 || !_known.Add(digest))
        {
            return;
        }

        _order.Enqueue(digest);
        if (_order.Count > capacity)
        {
            _known.Remove(_order.Dequeue());
        }
    }
}
