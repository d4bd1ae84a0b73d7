using System.Collections.Immutable;
using Bft.Crypto;

namespace Bft.Engine.Shared;

/// <summary>A block in the tree, with its parent and the standing of leaders after it.</summary>
public sealed class TreeBlock
{
    internal TreeBlock(Block block, TreeBlock? parent, Standing standing)
    {
        Block = block;
        Parent = parent;
        Standing = standing;
    }

    /// <summary>The block.</summary>
    public Block Block { get; }

    /// <summary>Its parent; null at the root, whose past is in the ledger.</summary>
    public TreeBlock? Parent { get; internal set; }

    /// <summary>What leader election needs to know.</summary>
    public Standing Standing { get; internal set; }
}

/// <summary>The last committed block and the uncommitted blocks above it. What does not descend from a newly committed block is dropped.</summary>
public sealed class BlockTree
{
    private readonly ILeaderElection _election;
    private readonly Dictionary<Digest, TreeBlock> _blocks = [];

    /// <summary>Makes a tree that has only its root.</summary>
    public BlockTree(ILeaderElection election, Block root, Standing standing)
    {
        _election = election;
        Root = new TreeBlock(root, null, standing);
        _blocks.Add(root.Digest, Root);
    }

    /// <summary>The last committed block.</summary>
    public TreeBlock Root { get; private set; }

    /// <summary>How many blocks there are, the root included.</summary>
    public int Count => _blocks.Count;

    /// <summary>The block with that digest, or null.</summary>
    public TreeBlock? Find(Digest digest) => _blocks.GetValueOrDefault(digest);

    /// <summary>Adds a block whose parent is in the tree; null when it is not, or height or view do not follow the parent's.</summary>
    public TreeBlock? Add(Block block)
    {
        if (_blocks.TryGetValue(block.Digest, out TreeBlock? known))
        {
            return known;
        }

        if (!_blocks.TryGetValue(block.Header.Parent, out TreeBlock? parent) ||
            block.Height != parent.Block.Height.Next() || block.View <= parent.Block.View)
        {
            return null;
        }

        var added = new TreeBlock(block, parent, _election.After(parent.Standing, parent.Block.Header, block.Header));
        _blocks.Add(block.Digest, added);
        return added;
    }

    /// <summary>The block and its uncommitted ancestors, the root excluded, newest first.</summary>
    public IEnumerable<TreeBlock> Branch(TreeBlock tip)
    {
        for (TreeBlock? block = tip; block is not null && block != Root; block = block.Parent)
        {
            yield return block;
        }
    }

    /// <summary>Digests of the block and its uncommitted ancestors.</summary>
    public ImmutableArray<Digest> BranchDigests(TreeBlock tip) => [.. Branch(tip).Select(block => block.Block.Digest)];

    /// <summary>Makes a block of the tree the root and drops what does not descend from it. Returns the newly committed blocks, oldest first.</summary>
    public IReadOnlyList<TreeBlock> Commit(TreeBlock tip)
    {
        List<TreeBlock> path = [.. Branch(tip)];
        path.Reverse();
        SetRoot(tip);
        return path;
    }

    /// <summary>Makes a block that came by sync the root; descendants that are here stay.</summary>
    public void Reset(Block root, Standing standing)
    {
        TreeBlock node = Find(root.Digest) ?? new TreeBlock(root, null, standing);
        _blocks[root.Digest] = node;
        foreach (TreeBlock orphan in _blocks.Values)
        {
            if (orphan.Block.Header.Parent == root.Digest && orphan.Parent is null)
            {
                orphan.Parent = node;
            }
        }

        SetRoot(node);
    }

    private void SetRoot(TreeBlock root)
    {
        Root = root;
        List<Digest> dropped = [];
        foreach (TreeBlock block in _blocks.Values)
        {
            TreeBlock? ancestor = block;
            while (ancestor is not null && ancestor != root)
            {
                ancestor = ancestor.Parent;
            }

            if (ancestor is null)
            {
                dropped.Add(block.Block.Digest);
            }
        }

        foreach (Digest digest in dropped)
        {
            _blocks.Remove(digest);
        }

        root.Parent = null;
    }
}
