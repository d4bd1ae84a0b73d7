using Bft.Crypto;
using Bft.Engine.Shared;
using Bft.Engine.Tests.Encoding;
using Bft.Engine.Tests.Scripting;

namespace Bft.Engine.Tests.Shared;

public class BlockTreeTests
{
    private static readonly Chain Chain = Specimens.Chain;

    private readonly BlockTree _tree = new(new FixedLeaders([0], [0]), Chain.GenesisBlock, Standing.Fresh);

    [Fact]
    public void Only_a_child_of_the_next_height_and_a_later_view_is_added()
    {
        Block a = Child(Chain.GenesisBlock, 5);
        Assert.NotNull(_tree.Add(a));
        Assert.Same(_tree.Find(a.Digest), _tree.Add(a));
        Assert.Null(_tree.Add(Child(Child(a, 6), 7)));
        Assert.Null(_tree.Add(Child(a, 5)));
        Assert.Null(_tree.Add(Child(a, 4)));
        Assert.Null(_tree.Add(Child(a, 6, height: 3)));
        Assert.Null(_tree.Add(Child(a, 6, height: 1)));
        Assert.Equal(2, _tree.Count);
    }

    [Fact]
    public void A_commit_gives_the_path_oldest_first_and_drops_every_other_branch()
    {
        Block a = Grow(Chain.GenesisBlock, 1);
        Block b = Grow(a, 2);
        Block c = Grow(b, 3);
        Block fork = Grow(a, 4);
        Block deepFork = Grow(fork, 5);
        Block rival = Grow(Chain.GenesisBlock, 6);
        Assert.Equal<Digest>([c.Digest, b.Digest, a.Digest], [.. _tree.BranchDigests(_tree.Find(c.Digest)!)]);
        Assert.Equal([a.Digest, b.Digest], _tree.Commit(_tree.Find(b.Digest)!).Select(block => block.Block.Digest));
        Assert.Equal(b.Digest, _tree.Root.Block.Digest);
        Assert.Null(_tree.Root.Parent);
        Assert.NotNull(_tree.Find(c.Digest));
        Assert.All([a, fork, deepFork, rival, Chain.GenesisBlock], gone => Assert.Null(_tree.Find(gone.Digest)));
        Assert.Equal(2, _tree.Count);
        Assert.Null(_tree.Add(Child(a, 9)));
    }

    [Fact]
    public void A_root_that_came_by_sync_keeps_its_descendants()
    {
        Block a = Grow(Chain.GenesisBlock, 1);
        Block b = Grow(a, 2);
        Block c = Grow(b, 3);
        Grow(a, 4);
        _tree.Reset(b, Standing.Fresh);
        Assert.Equal(b.Digest, _tree.Root.Block.Digest);
        Assert.Equal(2, _tree.Count);
        Assert.Same(_tree.Root, _tree.Find(c.Digest)!.Parent);
        // One far above: nothing of what is here descends from it.
        Block far = Child(Child(c, 5), 6);
        _tree.Reset(far, Standing.Fresh);
        Assert.Equal(1, _tree.Count);
        Assert.NotNull(_tree.Add(Child(far, 7)));
    }

    private Block Grow(Block parent, ulong view)
    {
        Block block = Child(parent, view);
        Assert.NotNull(_tree.Add(block));
        return block;
    }

    private static Block Child(Block parent, ulong view, ulong? height = null)
    {
        Payload empty = Payload.Empty(Chain);
        return new Block(Chain, new BlockHeader(default, new Height(height ?? parent.Height.Value + 1), new View(view), parent.Digest, empty.Root, default, default, 0), empty, null);
    }
}
