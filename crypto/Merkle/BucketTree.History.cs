using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Bft.Crypto.Merkle;

// The last versions: what each overwrote leads back from the newest tree to an older one.
public sealed partial class BucketTree
{
    private readonly int _history;
    private readonly long _historyBytes;
    private readonly List<TreeVersion> _versions = [];
    private readonly TreeUndo _undo = new();

    /// <summary>Number of the newest committed version.</summary>
    public ulong Version => _versions[^1].Number;

    /// <summary>Number of the oldest committed version that can still be proved from.</summary>
    public ulong OldestVersion => _versions[0].Number;

    /// <summary>Root of the newest committed version; changes since then are not in it.</summary>
    public Digest Root => _versions[^1].Root;

    /// <summary>The root of a committed version, while it is among the last <see cref="BucketTreeOptions.History"/>.</summary>
    public bool TryGetRoot(ulong version, out Digest root)
    {
        int index = IndexOf(version);
        root = index >= 0 ? _versions[index].Root : default;
        return index >= 0;
    }

    /// <summary>Proves what a committed version says about a key: its value, or that it is absent.</summary>
    /// <returns>False when the version was never committed here or is older than the history.</returns>
    public bool TryProve(Digest keyHash, ulong version, [NotNullWhen(true)] out MerkleProof? proof)
    {
        proof = null;
        int index = IndexOf(version);
        if (index < 0)
        {
            return false;
        }

        TreeVersion at = _versions[index];
        int bucket = BucketOf(keyHash, at.Depth);
        ImmutableArray<TreeEntry>.Builder entries = ImmutableArray.CreateBuilder<TreeEntry>();
        CollectBucket(index + 1, at.Depth, bucket, entries);
        ImmutableArray<Digest>.Builder siblings = ImmutableArray.CreateBuilder<Digest>(at.Depth);
        int node = (1 << at.Depth) + bucket;
        for (int height = 0; height < at.Depth; height++)
        {
            siblings.Add(NodeAt(index, node ^ 1, height));
            node >>= 1;
        }

        proof = new MerkleProof(at.Count, entries.ToImmutable(), siblings.MoveToImmutable());
        return true;
    }

    /// <summary>Makes what is open the newest version, and forgets those that are too old or too much.</summary>
    private Digest Close(ulong version)
    {
        Digest root = TreeHash.Root(_nodes.Span[1], _count, Depth);
        if (_versions.Count > 0)
        {
            _undo.Close();
        }

        _versions.Add(new TreeVersion(version, root, _count, Depth, _nodes));
        while (_versions.Count > _history || (_versions.Count > BucketTreeOptions.LeastHistory && _undo.Bytes > _historyBytes))
        {
            _versions.RemoveAt(0);
            _undo.DropOldest();
        }

        return root;
    }

    private int IndexOf(ulong version) => _versions.FindIndex(candidate => candidate.Number == version);

    /// <summary>
    /// A bucket as it was before the version at <paramref name="next"/> (or before what is open): the first step from there on that touched it kept it. Where the tree had grown
    /// meanwhile, the bucket is its two halves one after the other, since they divide it by the next bit of the key hash.
    /// </summary>
    private void CollectBucket(int next, int depth, int bucket, ImmutableArray<TreeEntry>.Builder entries)
    {
        for (; next <= _versions.Count; next++)
        {
            if (_versions[next - 1].Depth > depth)
            {
                CollectBucket(next, depth + 1, 2 * bucket, entries);
                CollectBucket(next, depth + 1, (2 * bucket) + 1, entries);
                return;
            }

            if (_undo.TryFindBucket(next - 1, bucket, out ReadOnlySpan<TreeEntry> kept))
            {
                entries.AddRange(kept);
                return;
            }
        }

        entries.AddRange(_slab.Read(_slots[bucket]));
    }

    /// <summary>The hash of a node in the version at <paramref name="index"/>: kept by the first later version of the same array that overwrote it.</summary>
    private Digest NodeAt(int index, int node, int height)
    {
        AlignedArray<Digest> nodes = _versions[index].Nodes;
        for (int next = index + 1; next < _versions.Count && _versions[next].Nodes == nodes; next++)
        {
            if (_undo.TryFindNode(next - 1, node, height, out Digest kept))
            {
                return kept;
            }
        }

        return nodes.Span[node];
    }
}
