using Bft.Crypto;
using Bft.Engine;

namespace Bft.Network.Gossip;

/// <summary>
/// To whom a batch is handed on. The validators stand on a circle in an order that is drawn anew for each batch from seed and content, and
/// each sends to those at certain distances ahead of it (1, then growing geometrically). Everyone who draws from the same seed sees the
/// same circle: a circulant graph, which takes about as many silent relays to cut as it has distances, where independent random choices
/// would miss somebody now and then even without any. Pure.
/// </summary>
internal sealed class GossipOverlay
{
    private readonly int _size;
    private readonly ulong _seed;
    private readonly int[] _distances;

    public GossipOverlay(int size, int? fanOut, ulong seed)
    {
        _size = size;
        _seed = seed;
        int others = size - 1;
        int wanted = Math.Clamp(fanOut ?? (size <= 8 ? others : 6), others > 0 ? 1 : 0, others);
        _distances = Distances(size, wanted);
    }

    /// <summary>Whether each origin reaches everybody itself, so that relays have nothing to add.</summary>
    public bool ReachesAll => _distances.Length == _size - 1;

    /// <summary>Receivers of a batch for one that has it, itself never among them.</summary>
    /// <param name="self">Who hands it on.</param>
    /// <param name="content">The digest of the batch's content.</param>
    public IEnumerable<ReplicaId> Receivers(ReplicaId self, Digest content)
    {
        if (ReachesAll)
        {
            return Enumerable.Range(0, _size).Where(i => i != self.Value).Select(i => new ReplicaId(i));
        }

        int[] circle = Circle(content.Prefix ^ _seed);
        int position = Array.IndexOf(circle, self.Value);
        return _distances.Select(distance => new ReplicaId(circle[(position + distance) % _size]));
    }

    // 1 = d0 < d1 < … < size, as geometric as whole numbers allow.
    private static int[] Distances(int size, int wanted)
    {
        var distances = new int[wanted];
        for (int i = 0; i < wanted; i++)
        {
            int geometric = (int)Math.Round(Math.Pow(size, (double)i / wanted));
            int least = i == 0 ? 1 : distances[i - 1] + 1;
            int most = size - (wanted - i);
            distances[i] = Math.Clamp(geometric, least, most);
        }

        return distances;
    }

    // Fisher and Yates's shuffle over SplitMix64 (Steele, Lea, Flood 2014): the same on every machine.
    private int[] Circle(ulong state)
    {
        int[] circle = [.. Enumerable.Range(0, _size)];
        for (int i = _size - 1; i > 0; i--)
        {
            state += 0x9E3779B97F4A7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            mixed ^= mixed >> 31;
            int j = (int)(mixed % (ulong)(i + 1));
            (circle[i], circle[j]) = (circle[j], circle[i]);
        }

        return circle;
    }
}
