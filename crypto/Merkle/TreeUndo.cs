using System.Runtime.CompilerServices;

namespace Bft.Crypto.Merkle;

/// <summary>
/// What each of the last versions overwrote: enough to answer for the version before it. Step 0 leads from the oldest version kept to the one after
/// it; the last step, to be closed by the next commit, holds what was overwritten since the newest version.
/// </summary>
/// <remarks>
/// A version that made the tree grow has no overwritten nodes: the array of the versions before it is simply left as it was.
/// </remarks>
internal sealed class TreeUndo
{
    private readonly SegmentRing<int> _buckets = new();
    private readonly SegmentRing<int> _bucketStarts = new();
    private readonly SegmentRing<TreeEntry> _entries = new();
    private readonly SegmentRing<int> _nodes = new();
    private readonly SegmentRing<Digest> _nodeHashes = new();
    private readonly SegmentRing<int> _levelStarts = new();

    /// <summary>Closed steps.</summary>
    public int Steps => _buckets.Segments;

    /// <summary>What is kept, in bytes.</summary>
    public long Bytes =>
        (sizeof(int) * ((long)_buckets.Count + _bucketStarts.Count + _nodes.Count + _levelStarts.Count)) +
        ((long)Unsafe.SizeOf<TreeEntry>() * _entries.Count) +
        ((long)Unsafe.SizeOf<Digest>() * _nodeHashes.Count);

    /// <summary>Buckets touched since the newest version, in the order of the first touch.</summary>
    public ReadOnlySpan<int> TouchedBuckets => _buckets[Steps];

    /// <summary>The nodes of the level begun last, ascending. The span shows them while those of the next level are kept.</summary>
    public ReadOnlySpan<int> LastLevel => _nodes[Steps][_levelStarts[Steps][^1]..];

    /// <summary>Keeps what a bucket held before its first change.</summary>
    public void KeepBucket(int bucket, ReadOnlySpan<TreeEntry> entries)
    {
        _buckets.Add(bucket);
        _bucketStarts.Add(_entries[Steps].Length);
        _entries.AddRange(entries);
    }

    /// <summary>Begins the next level of overwritten nodes; leaves come first.</summary>
    public void BeginLevel() => _levelStarts.Add(_nodes[Steps].Length);

    /// <summary>Keeps the old hash of a node; within a level, ascending.</summary>
    public void KeepNode(int node, Digest hash)
    {
        _nodes.Add(node);
        _nodeHashes.Add(hash);
    }

    /// <summary>Closes the step: a version ends.</summary>
    public void Close()
    {
        _buckets.Close();
        _bucketStarts.Close();
        _entries.Close();
        _nodes.Close();
        _nodeHashes.Close();
        _levelStarts.Close();
    }

    /// <summary>Forgets the oldest step, and with it the version it leads back to.</summary>
    public void DropOldest()
    {
        _buckets.DropOldest();
        _bucketStarts.DropOldest();
        _entries.DropOldest();
        _nodes.DropOldest();
        _nodeHashes.DropOldest();
        _levelStarts.DropOldest();
    }

    /// <summary>What a bucket held before a step, when the step touched it.</summary>
    public bool TryFindBucket(int step, int bucket, out ReadOnlySpan<TreeEntry> entries)
    {
        int touched = _buckets[step].IndexOf(bucket);
        if (touched < 0)
        {
            entries = default;
            return false;
        }

        ReadOnlySpan<int> starts = _bucketStarts[step];
        entries = _entries[step];
        entries = entries[starts[touched]..(touched + 1 < starts.Length ? starts[touched + 1] : entries.Length)];
        return true;
    }

    /// <summary>The hash a node had before a step, when the step overwrote it.</summary>
    /// <param name="step">The step.</param>
    /// <param name="node">Index of the node.</param>
    /// <param name="height">Its level, counted from the leaves.</param>
    /// <param name="hash">The old hash.</param>
    public bool TryFindNode(int step, int node, int height, out Digest hash)
    {
        hash = default;
        ReadOnlySpan<int> starts = _levelStarts[step];
        if (height >= starts.Length)
        {
            return false;
        }

        ReadOnlySpan<int> nodes = _nodes[step];
        int start = starts[height];
        int position = nodes[start..(height + 1 < starts.Length ? starts[height + 1] : nodes.Length)].BinarySearch(node);
        if (position < 0)
        {
            return false;
        }

        hash = _nodeHashes[step][start + position];
        return true;
    }
}
