using Bft.Crypto;

namespace Bft.Network.Gossip;

/// <summary>
/// Which batches of one origin were taken: sequence and digest of content. Only what the origin signed is remembered, so that a forgery
/// cannot shut out the real batch. Bounded: what is pushed out raises a floor below which nothing is taken any more. Not thread-safe.
/// </summary>
internal sealed class GossipMemory(int capacity)
{
    private readonly Dictionary<ulong, Digest> _digests = [];
    private readonly Queue<ulong> _order = new();
    private ulong? _floor;

    /// <summary>What the memory says to a batch.</summary>
    public GossipVerdict Judge(ulong sequence, Digest content)
    {
        if (_digests.TryGetValue(sequence, out Digest known))
        {
            return known == content ? GossipVerdict.Duplicate : GossipVerdict.Conflict;
        }

        return sequence <= _floor ? GossipVerdict.Stale : GossipVerdict.New;
    }

    /// <summary>Remembers a new batch.</summary>
    public void Add(ulong sequence, Digest content)
    {
        if (_order.Count >= capacity)
        {
            ulong oldest = _order.Dequeue();
            _digests.Remove(oldest);
            _floor = _floor is { } floor ? Math.Max(floor, oldest) : oldest;
        }

        _digests.Add(sequence, content);
        _order.Enqueue(sequence);
    }
}

/// <summary>Whether a batch was seen before.</summary>
internal enum GossipVerdict
{
    /// <summary>Its sequence was not used yet.</summary>
    New,

    /// <summary>The very same was taken.</summary>
    Duplicate,

    /// <summary>Another content was taken under its sequence.</summary>
    Conflict,

    /// <summary>Too old to tell.</summary>
    Stale,
}
