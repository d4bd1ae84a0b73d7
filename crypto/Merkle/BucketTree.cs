using System.Diagnostics.CodeAnalysis;

namespace Bft.Crypto.Merkle;

/// <summary>
/// The authenticated state: a binary Merkle tree over 2^<see cref="Depth"/> buckets. A key lives in the bucket that the leading bits of its hash
/// name; a bucket keeps its entries in ascending order of key hash. <see cref="Commit"/> closes a version and gives its root;
/// <see cref="TryProve"/> proves a key's value, or its absence, under a recent root.
/// </summary>
/// <remarks>
/// <para>
/// <b>Determinism.</b> A root depends on the entries and the depth alone, not on the way the entries got there. The depth depends on history in one way:
/// at the end of a version, while there are more than <see cref="KeysPerBucket"/> keys a bucket on average, it grows by one; it never shrinks.
/// A snapshot therefore carries the depth, and <see cref="Load"/> takes it.
/// </para>
/// <para>
/// <b>Shape in memory.</b> Nodes lie in one array: the top is node 1, the children of i are 2i and 2i+1, bucket b is leaf 2^depth + b. Entries lie in
/// a slab. At a million keys that is some 110-150 bytes a key, 64 of them the entry itself. Nothing of the tree goes to disk.
/// </para>
/// <para>
/// <b>Cost.</b> A commit hashes the touched buckets, then level by level the nodes above them, each level in the lanes of <see cref="Sha256Lanes"/>.
/// A growth hashes everything anew, a pause that doubles as its distance does.
/// </para>
/// <para>
/// <b>Full buckets.</b> Keys are spread by SHA-256, so after a commit an honest bucket stays near its average of at most two keys (thirty-two are a
/// 10^-26 accident), but for some 2^d hashes a key an attacker can aim at one bucket of 2^d. <see cref="MaximumBucketEntries"/> bounds
/// the cost this buys: a further new key is refused (<see cref="TrySet"/>), on every replica alike, and the application refuses the command. The
/// bound is far above what one honest version can put into a small tree before it grows: a quarter of a million keys at depth 8.
/// </para>
/// <para>Not thread-safe: one writer, and proofs only between its calls.</para>
/// </remarks>
public sealed partial class BucketTree
{
    /// <summary>The least depth of a tree: two buckets.</summary>
    public const int MinimumDepth = 1;

    /// <summary>The greatest depth of a tree, at which it stops growing: 2^27 buckets, 8 GiB of nodes.</summary>
    public const int MaximumDepth = 27;

    /// <summary>A tree grows when it holds more keys than this a bucket on average.</summary>
    public const int KeysPerBucket = 2;

    /// <summary>The most entries of a bucket; bounds a proof (<see cref="MerkleProof.MaximumEncodedBytes"/>) and the cost of an update.</summary>
    public const int MaximumBucketEntries = 1024;

    private readonly Sha256LaneWidth _width;
    private BucketSlab _slab = new();
    private BucketSlot[] _slots;
    private AlignedArray<Digest> _nodes;
    private ulong[] _touched;
    private long _count;

    /// <summary>The empty tree, committed as <paramref name="version"/>.</summary>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="version">Number of the empty version; the first commit must be above it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public BucketTree(BucketTreeOptions? options = null, ulong version = 0)
        : this(options ??= new BucketTreeOptions(), options.InitialDepth)
    {
        for (int level = Depth; level >= 0; level--)
        {
            _nodes.Span.Slice(1 << level, 1 << level).Fill(TreeHash.EmptyNode(Depth - level));
        }

        Close(version);
    }

    private BucketTree(BucketTreeOptions options, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, MinimumDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, MaximumDepth);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.History, 1);
        _width = options.Width;
        _history = options.History;
        _historyBytes = options.HistoryBytes;
        Allocate(depth);
    }

    /// <summary>Binary logarithm of the number of buckets, and the number of siblings in a proof.</summary>
    public int Depth { get; private set; }

    /// <summary>Keys in the tree, changes since the last commit included.</summary>
    public long Count => _count;

    /// <summary>The value hash of a key, changes since the last commit included.</summary>
    public bool TryGet(Digest keyHash, out Digest valueHash)
    {
        ReadOnlySpan<TreeEntry> entries = _slab.Read(_slots[BucketOf(keyHash, Depth)]);
        int position = Find(entries, keyHash);
        valueHash = position >= 0 ? entries[position].ValueHash : default;
        return position >= 0;
    }

    /// <summary>All entries in ascending order of key hash, changes since the last commit included. The tree must not change meanwhile.</summary>
    public IEnumerable<TreeEntry> Entries
    {
        get
        {
            for (int bucket = 0; bucket < _slots.Length; bucket++)
            {
                for (int i = 0; i < _slots[bucket].Count; i++)
                {
                    yield return _slab.Read(_slots[bucket])[i];
                }
            }
        }
    }

    /// <summary>Sets a key to a value, to be committed with the version.</summary>
    /// <returns>False when the key is new and its bucket is full: nothing has changed, and every replica with this content refuses likewise.</returns>
    public bool TrySet(Digest keyHash, Digest valueHash)
    {
        int bucket = BucketOf(keyHash, Depth);
        ref BucketSlot slot = ref _slots[bucket];
        Span<TreeEntry> entries = _slab.Write(slot);
        int position = Find(entries, keyHash);
        if (position >= 0)
        {
            if (entries[position].ValueHash != valueHash)
            {
                Touch(bucket, entries);
                entries[position] = new TreeEntry(keyHash, valueHash);
            }

            return true;
        }

        if (slot.Count >= MaximumBucketEntries)
        {
            return false;
        }

        Touch(bucket, entries);
        _slab.Insert(ref slot, ~position, new TreeEntry(keyHash, valueHash));
        _count++;
        return true;
    }

    /// <summary>Removes a key, to be committed with the version.</summary>
    /// <returns>Whether the key was there.</returns>
    public bool Remove(Digest keyHash)
    {
        int bucket = BucketOf(keyHash, Depth);
        ref BucketSlot slot = ref _slots[bucket];
        ReadOnlySpan<TreeEntry> entries = _slab.Read(slot);
        int position = Find(entries, keyHash);
        if (position < 0)
        {
            return false;
        }

        Touch(bucket, entries);
        _slab.RemoveAt(ref slot, position);
        _count--;
        return true;
    }

    /// <summary>Makes the changes of a block one after the other, to be committed with the version.</summary>
    /// <exception cref="InvalidOperationException">
    /// A new key met a full bucket; the changes before it are made. An application whose keys come from clients asks with <see cref="TrySet"/>.
    /// </exception>
    public void Apply(ReadOnlySpan<TreeUpdate> updates)
    {
        for (int i = 0; i < updates.Length; i++)
        {
            PrefetchAhead(updates, i);
            TreeUpdate update = updates[i];
            if (update.IsRemoval)
            {
                Remove(update.KeyHash);
            }
            else if (!TrySet(update.KeyHash, update.ValueHash))
            {
                throw new InvalidOperationException(
                    $"Update {i} of {updates.Length}: bucket {BucketOf(update.KeyHash, Depth)} of 2^{Depth} holds its {MaximumBucketEntries} entries; "
                    + "set keys of clients with TrySet and refuse the command.");
            }
        }
    }

    /// <summary>The bucket of a key: the leading bits of its hash.</summary>
    internal static int BucketOf(Digest keyHash, int depth) => (int)(keyHash.Prefix >> (64 - depth));

    /// <summary>The depth after a version of that many keys: it doubles the buckets while the keys are more than <see cref="KeysPerBucket"/> a bucket.</summary>
    private static int GrownDepth(int depth, long count)
    {
        while (depth < MaximumDepth && count > (long)KeysPerBucket << depth)
        {
            depth++;
        }

        return depth;
    }

    /// <summary>Position of a key among sorted entries, or the complement of where it belongs.</summary>
    private static int Find(ReadOnlySpan<TreeEntry> entries, Digest keyHash)
    {
        int low = 0;
        int high = entries.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = entries[middle].KeyHash.CompareTo(keyHash);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    /// <summary>Notes a bucket for the next commit, and what it held, before its first change.</summary>
    private void Touch(int bucket, ReadOnlySpan<TreeEntry> entries)
    {
        ref ulong word = ref _touched[bucket >> 6];
        ulong bit = 1UL << (bucket & 63);
        if ((word & bit) == 0)
        {
            word |= bit;
            _undo.KeepBucket(bucket, entries);
        }
    }

    /// <summary>Asks for the slots and, half as far ahead, for the entries of the updates to come.</summary>
    private void PrefetchAhead(ReadOnlySpan<TreeUpdate> updates, int position)
    {
        int far = position + (2 * Prefetch.Distance);
        if (far < updates.Length)
        {
            Prefetch.Line(in _slots[BucketOf(updates[far].KeyHash, Depth)]);
        }

        int near = position + Prefetch.Distance;
        if (near < updates.Length)
        {
            _slab.Prefetch(_slots[BucketOf(updates[near].KeyHash, Depth)]);
        }
    }

    [MemberNotNull(nameof(_slots), nameof(_nodes), nameof(_touched))]
    private void Allocate(int depth)
    {
        Depth = depth;
        _slots = new BucketSlot[1 << depth];
        _nodes = new AlignedArray<Digest>(2 << depth);
        _touched = new ulong[((1 << depth) + 63) >> 6];
    }
}
