using System.Numerics;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Merkle;

// Hashing: the touched part of the tree at a commit, the whole of it when it grows or is loaded.
public sealed partial class BucketTree
{
    /// <summary>Buckets or nodes hashed in one go: what is read stays in the processor's cache until it is written.</summary>
    private const int Window = 2048;

    /// <summary>Nanoseconds apart by two orders: sorting a touched bucket against looking at 64 bits of the map of touched ones.</summary>
    private const int MapWordsPerSortedBucket = 32;

    // As long as the most that was hashed in one go so far: most versions of a small state touch a few buckets.
    private int[] _work = [];
    private Digest[] _hashes = [];
    private readonly int[] _groupEnds = new int[MaximumBucketEntries + 2];

    /// <summary>
    /// Ends a version: grows the tree if the rule says so, hashes what changed, and keeps what was overwritten for proofs of earlier versions.
    /// </summary>
    /// <param name="version">Number of the version, the height of a block say; above <see cref="Version"/>.</param>
    /// <returns>The root of the version.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is not above the last one.</exception>
    public Digest Commit(ulong version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(version, Version);
        int depth = GrownDepth(Depth, _count);
        if (depth > Depth)
        {
            Rebuild(depth);
        }
        else
        {
            RehashTouched();
        }

        return Close(version);
    }

    /// <summary>
    /// The tree of a snapshot, committed as <paramref name="version"/>. Its root is that of the tree the snapshot was taken from,
    /// which the caller compares with a certified one.
    /// </summary>
    /// <remarks>
    /// The depth alone decides on 72 bytes for each of 2^depth buckets. From a stranger it is not believed but proved first: in any
    /// <see cref="MerkleProof"/> that holds under the certified root, depth and count are those of the tree.
    /// </remarks>
    /// <param name="entries">Every key once, in any order; in ascending order of key hash it is fastest.</param>
    /// <param name="depth">The depth the snapshot tells.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="options">Null for the defaults; <see cref="BucketTreeOptions.InitialDepth"/> is not used.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is none a tree can have.</exception>
    /// <exception cref="InvalidDataException">A key comes twice, a bucket is overfull, or so many keys would have made the tree deeper: no tree was ever like this.</exception>
    public static BucketTree Load(IEnumerable<TreeEntry> entries, int depth, ulong version = 0, BucketTreeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var tree = new BucketTree(options ?? new BucketTreeOptions(), depth);
        foreach (TreeEntry entry in entries)
        {
            tree.LoadEntry(entry);
        }

        if (GrownDepth(depth, tree._count) != depth)
        {
            throw new InvalidDataException($"{tree._count} keys cannot stand in a tree of depth {depth}; discard the snapshot.");
        }

        tree.Rebuild(depth);
        tree.Close(version);
        return tree;
    }

    private void LoadEntry(in TreeEntry entry)
    {
        ref BucketSlot slot = ref _slots[BucketOf(entry.KeyHash, Depth)];
        int position = Find(_slab.Read(slot), entry.KeyHash);
        if (position >= 0 || slot.Count >= MaximumBucketEntries)
        {
            string fault = position >= 0 ? "comes twice" : $"is one more than the {MaximumBucketEntries} its bucket may hold";
            throw new InvalidDataException($"Key hash {entry.KeyHash} {fault}; discard the snapshot.");
        }

        _slab.Insert(ref slot, ~position, entry);
        _count++;
    }

    /// <summary>Spreads the entries over the buckets of a depth, packs them tightly and hashes everything.</summary>
    private void Rebuild(int depth)
    {
        BucketSlab oldSlab = _slab;
        BucketSlot[] oldSlots = _slots;
        _slab = new BucketSlab();
        Allocate(depth);
        foreach (ref readonly BucketSlot old in oldSlots.AsSpan())
        {
            // The entries are sorted, so those of one new bucket stand together.
            ReadOnlySpan<TreeEntry> rest = oldSlab.Read(old);
            while (!rest.IsEmpty)
            {
                int bucket = BucketOf(rest[0].KeyHash, depth);
                int length = 1;
                while (length < rest.Length && BucketOf(rest[length].KeyHash, depth) == bucket)
                {
                    length++;
                }

                _slots[bucket] = _slab.Add(rest[..length]);
                rest = rest[length..];
            }
        }

        ForEachWindow(0, 1 << depth, HashBuckets);
        for (int level = depth - 1; level >= 0; level--)
        {
            ForEachWindow(1 << level, 1 << level, HashNodes);
        }
    }

    private void ForEachWindow(int first, int count, Action<ReadOnlySpan<int>> hash)
    {
        Span<int> numbers = stackalloc int[Window];
        for (int done = 0; done < count; done += Window)
        {
            Span<int> window = numbers[..Math.Min(Window, count - done)];
            for (int i = 0; i < window.Length; i++)
            {
                window[i] = first + done + i;
            }

            hash(window);
        }
    }

    /// <summary>Hashes the touched buckets, then each level above them; keeps every hash it overwrites.</summary>
    private void RehashTouched()
    {
        if (_undo.TouchedBuckets.IsEmpty)
        {
            return;
        }

        _undo.BeginLevel();
        KeepTouchedLeaves();
        ReadOnlySpan<int> level = _undo.LastLevel;
        Span<int> buckets = stackalloc int[Window];
        for (ReadOnlySpan<int> rest = level; !rest.IsEmpty; rest = rest[Math.Min(Window, rest.Length)..])
        {
            int length = Math.Min(Window, rest.Length);
            for (int i = 0; i < length; i++)
            {
                buckets[i] = rest[i] - _slots.Length;
            }

            HashBuckets(buckets[..length]);
        }

        for (int height = 1; height <= Depth; height++)
        {
            _undo.BeginLevel();
            KeepParents(level);

            level = _undo.LastLevel;
            for (ReadOnlySpan<int> rest = level; !rest.IsEmpty; rest = rest[Math.Min(Window, rest.Length)..])
            {
                HashNodes(rest[..Math.Min(Window, rest.Length)]);
            }
        }
    }

    /// <summary>Keeps the parents of ascending nodes, each once.</summary>
    private void KeepParents(ReadOnlySpan<int> children)
    {
        Span<Digest> nodes = _nodes.Span;
        int last = 0;
        for (int i = 0; i < children.Length; i++)
        {
            if (i + Prefetch.Distance < children.Length)
            {
                Prefetch.Line(in nodes[children[i + Prefetch.Distance] >> 1]);
            }

            int parent = children[i] >> 1;
            if (parent != last)
            {
                _undo.KeepNode(parent, nodes[parent]);
                last = parent;
            }
        }
    }

    /// <summary>Keeps the leaves of the touched buckets in ascending order, and forgets that they were touched.</summary>
    private void KeepTouchedLeaves()
    {
        ReadOnlySpan<int> touched = _undo.TouchedBuckets;
        Span<Digest> leaves = _nodes.Span[_slots.Length..];
        foreach (int bucket in touched)
        {
            Prefetch.Line(in leaves[bucket]);
        }

        if ((long)touched.Length * MapWordsPerSortedBucket < _touched.Length)
        {
            int[] sorted = touched.ToArray();
            Array.Sort(sorted);
            foreach (int bucket in sorted)
            {
                _touched[bucket >> 6] = 0;
                _undo.KeepNode(_slots.Length + bucket, leaves[bucket]);
            }

            return;
        }

        for (int word = 0; word < _touched.Length; word++)
        {
            for (ulong bits = _touched[word]; bits != 0; bits &= bits - 1)
            {
                int bucket = (word << 6) + BitOperations.TrailingZeroCount(bits);
                _undo.KeepNode(_slots.Length + bucket, leaves[bucket]);
            }

            _touched[word] = 0;
        }
    }

    /// <summary>Hashes at most <see cref="Window"/> buckets into their leaves, those with equally many entries together.</summary>
    private void HashBuckets(ReadOnlySpan<int> buckets)
    {
        Reserve(buckets.Length);

        // Counting sort by the number of entries; _groupEnds[n] moves from the start of group n to its end.
        int largest = 0;
        foreach (int bucket in buckets)
        {
            _groupEnds[_slots[bucket].Count + 1]++;
            largest = Math.Max(largest, _slots[bucket].Count);
        }

        for (int entries = 1; entries <= largest; entries++)
        {
            _groupEnds[entries] += _groupEnds[entries - 1];
        }

        foreach (int bucket in buckets)
        {
            _work[_groupEnds[_slots[bucket].Count]++] = bucket;
        }

        Span<Digest> leaves = _nodes.Span[_slots.Length..];
        Span<uint> tail = stackalloc uint[Sha256Schedule.Rounds];
        int start = 0;
        for (int entries = 0; entries <= largest; entries++)
        {
            ReadOnlySpan<int> group = _work.AsSpan(start, _groupEnds[entries] - start);
            start = _groupEnds[entries];
            if (entries == 0)
            {
                _hashes.AsSpan(0, group.Length).Fill(TreeHash.EmptyBucket);
            }
            else if (!group.IsEmpty)
            {
                TreeHash.ExpandBucketTail(entries, tail);
                Sha256Lanes.Run(_width, new BucketMessages(_slab, _slots, group), group.Length, entries, tail, _hashes);
            }

            for (int i = 0; i < group.Length; i++)
            {
                leaves[group[i]] = _hashes[i];
            }
        }

        Array.Clear(_groupEnds, 0, largest + 2);
    }

    /// <summary>Hashes at most <see cref="Window"/> inner nodes from their children.</summary>
    private void HashNodes(ReadOnlySpan<int> nodes)
    {
        Reserve(nodes.Length);
        Span<Digest> tree = _nodes.Span;
        Sha256Lanes.Run(_width, new NodeMessages(tree, nodes), nodes.Length, 1, TreeHash.NodeTailSchedule, _hashes);
        for (int i = 0; i < nodes.Length; i++)
        {
            tree[nodes[i]] = _hashes[i];
        }
    }

    private void Reserve(int count)
    {
        if (_hashes.Length < count)
        {
            int room = Math.Min(Window, Math.Max(count, Math.Max(16, 2 * _hashes.Length)));
            _work = new int[room];
            _hashes = new Digest[room];
        }
    }

    private readonly ref struct NodeMessages(ReadOnlySpan<Digest> tree, ReadOnlySpan<int> nodes) : ILaneMessages
    {
        private readonly ReadOnlySpan<Digest> _tree = tree;
        private readonly ReadOnlySpan<int> _nodes = nodes;

        public void Load(int message, int block, scoped Span<uint> column, int stride) =>
            ILaneMessages.LoadPair(_tree.Slice(2 * _nodes[message], 2), column, stride);

        public Digest HashAlone(int message) => TreeHash.Node(_tree.Slice(2 * _nodes[message], 2));
    }

    private readonly ref struct BucketMessages(BucketSlab slab, ReadOnlySpan<BucketSlot> slots, ReadOnlySpan<int> buckets) : ILaneMessages
    {
        private readonly ReadOnlySpan<BucketSlot> _slots = slots;
        private readonly ReadOnlySpan<int> _buckets = buckets;

        public void Load(int message, int block, scoped Span<uint> column, int stride)
        {
            ReadOnlySpan<TreeEntry> entry = slab.Read(_slots[_buckets[message]]).Slice(block, 1);
            ILaneMessages.LoadPair(MemoryMarshal.Cast<TreeEntry, Digest>(entry), column, stride);
        }

        public Digest HashAlone(int message) => TreeHash.Bucket(slab.Read(_slots[_buckets[message]]));
    }
}
