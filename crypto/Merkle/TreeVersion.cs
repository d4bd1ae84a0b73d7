using System.Runtime.InteropServices;

namespace Bft.Crypto.Merkle;

/// <summary>
/// A committed version of the tree, and what it overwrote: enough to answer for the version before it. The lists are kept when the object is used again.
/// </summary>
/// <remarks>
/// A version that made the tree grow has no overwritten nodes: the array of the versions before it is simply left as it was.
/// </remarks>
internal sealed class TreeVersion
{
    private readonly List<int> _buckets = [];
    private readonly List<int> _bucketStarts = [];
    private readonly List<TreeEntry> _entries = [];
    private readonly List<int> _nodes = [];
    private readonly List<Digest> _nodeHashes = [];
    private readonly List<int> _levelStarts = [];

    /// <summary>The number the caller gave the version.</summary>
    public ulong Number { get; private set; }

    /// <summary>The root of the version.</summary>
    public Digest Root { get; private set; }

    /// <summary>Keys of the version.</summary>
    public long Count { get; private set; }

    /// <summary>Depth of the version.</summary>
    public int Depth { get; private set; }

    /// <summary>The nodes it lives in, shared with the versions of the same depth around it.</summary>
    public AlignedArray<Digest>? Nodes { get; private set; }

    /// <summary>Depth of the version before, in which the overwritten buckets are numbered.</summary>
    public int DepthBefore { get; private set; }

    /// <summary>Buckets touched since the version before, in the order of the first touch.</summary>
    public ReadOnlySpan<int> TouchedBuckets => CollectionsMarshal.AsSpan(_buckets);

    /// <summary>Begins to collect what is overwritten after a version of that depth.</summary>
    public void Open(int depthBefore)
    {
        DepthBefore = depthBefore;
        Nodes = null;
        _buckets.Clear();
        _bucketStarts.Clear();
        _entries.Clear();
        _nodes.Clear();
        _nodeHashes.Clear();
        _levelStarts.Clear();
    }

    /// <summary>Keeps what a bucket held before its first change.</summary>
    public void KeepBucket(int bucket, ReadOnlySpan<TreeEntry> entries)
    {
        _buckets.Add(bucket);
        _bucketStarts.Add(_entries.Count);
        _entries.AddRange(entries);
    }

    /// <summary>Begins the next level of overwritten nodes; leaves come first.</summary>
    public void BeginLevel() => _levelStarts.Add(_nodes.Count);

    /// <summary>Keeps the old hash of a node; within a level, ascending.</summary>
    public void KeepNode(int node, Digest hash)
    {
        _nodes.Add(node);
        _nodeHashes.Add(hash);
    }

    /// <summary>The nodes of the level begun last, ascending.</summary>
    public ReadOnlySpan<int> LastLevel => Level(_levelStarts.Count - 1);

    /// <summary>Closes the version; from now on it can be proved from.</summary>
    public void Close(ulong number, Digest root, long count, int depth, AlignedArray<Digest> nodes)
    {
        Number = number;
        Root = root;
        Count = count;
        Depth = depth;
        Nodes = nodes;
    }

    /// <summary>What the version before held in a bucket, when this version touched it.</summary>
    public bool TryFindBucket(int bucket, out ReadOnlySpan<TreeEntry> entries)
    {
        int touched = TouchedBuckets.IndexOf(bucket);
        if (touched < 0)
        {
            entries = default;
            return false;
        }

        int end = touched + 1 < _bucketStarts.Count ? _bucketStarts[touched + 1] : _entries.Count;
        entries = CollectionsMarshal.AsSpan(_entries)[_bucketStarts[touched]..end];
        return true;
    }

    /// <summary>The hash a node had in the version before, when this version overwrote it.</summary>
    /// <param name="node">Index of the node.</param>
    /// <param name="height">Its level, counted from the leaves.</param>
    /// <param name="hash">The old hash.</param>
    public bool TryFindNode(int node, int height, out Digest hash)
    {
        hash = default;
        if (height >= _levelStarts.Count)
        {
            return false;
        }

        int position = Level(height).BinarySearch(node);
        if (position < 0)
        {
            return false;
        }

        hash = _nodeHashes[_levelStarts[height] + position];
        return true;
    }

    private ReadOnlySpan<int> Level(int height)
    {
        int end = height + 1 < _levelStarts.Count ? _levelStarts[height + 1] : _nodes.Count;
        return CollectionsMarshal.AsSpan(_nodes)[_levelStarts[height]..end];
    }
}
