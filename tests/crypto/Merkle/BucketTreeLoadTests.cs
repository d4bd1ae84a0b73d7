using Bft.Crypto.Merkle;
using CsCheck;

namespace Bft.Crypto.Tests.Merkle;

public class BucketTreeLoadTests
{
    [Fact]
    public void A_loaded_snapshot_has_the_root_of_the_tree_it_was_taken_from_and_goes_on_alike() =>
        Gen.Select(BucketTreeTests.Blocks, BucketTreeTests.Blocks, Gen.Int[1, 6]).Sample(
            (before, after, depth) =>
            {
                var original = new BucketTree(new BucketTreeOptions { InitialDepth = depth });
                ulong version = 0;
                foreach (TreeUpdate[] block in before)
                {
                    original.Apply(block);
                    original.Commit(++version);
                }

                TreeEntry[] entries = [.. original.Entries];
                new Random(entries.Length).Shuffle(entries);
                BucketTree loaded = BucketTree.Load(entries, original.Depth, version);
                Assert.Equal(original.Root, loaded.Root);
                Assert.Equal(original.Version, loaded.Version);
                Assert.Equal(original.Count, loaded.Count);
                foreach (TreeUpdate[] block in after)
                {
                    original.Apply(block);
                    loaded.Apply(block);
                    version++;
                    Assert.Equal(original.Commit(version), loaded.Commit(version));
                }
            },
            iter: 60);

    [Fact]
    public void A_snapshot_of_a_tree_that_has_lost_its_keys_keeps_the_depth()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 1 });
        BucketTreeTests.Fill(tree, 0, 100);
        tree.Commit(1);
        for (int key = 1; key < 100; key++)
        {
            tree.Remove(BucketTreeTests.Key(key));
        }

        tree.Commit(2);
        Assert.Equal(tree.Root, BucketTree.Load(tree.Entries, tree.Depth, 2).Root);
        Assert.NotEqual(tree.Root, BucketTree.Load(tree.Entries, tree.Depth - 1, 2).Root);
    }

    [Fact]
    public void Snapshots_no_tree_was_ever_like_are_refused()
    {
        TreeEntry[] entries = [.. Enumerable.Range(0, 9).Select(key => new TreeEntry(BucketTreeTests.Key(key), BucketTreeTests.Key(0)))];
        Assert.Throws<InvalidDataException>(() => BucketTree.Load(entries, 2));
        Assert.Equal(3, BucketTree.Load(entries, 3).Depth);
        Assert.Throws<InvalidDataException>(() => BucketTree.Load([.. entries, new TreeEntry(entries[4].KeyHash, entries[5].KeyHash)], 8));
        IEnumerable<TreeEntry> overfull = Enumerable.Range(0, BucketTree.MaximumBucketEntries + 1)
            .Select(i => new TreeEntry(ReferenceTree.Starting(0, (uint)i), default));
        Assert.Throws<InvalidDataException>(() => BucketTree.Load(overfull, 12));
        Assert.Throws<ArgumentOutOfRangeException>(() => BucketTree.Load([], BucketTree.MaximumDepth + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BucketTree.Load([], 0));
    }
}
