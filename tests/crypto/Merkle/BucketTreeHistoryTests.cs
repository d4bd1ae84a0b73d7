using Bft.Crypto.Merkle;
using CsCheck;

namespace Bft.Crypto.Tests.Merkle;

public class BucketTreeHistoryTests
{
    [Fact]
    public void Every_version_of_the_history_proves_what_it_held_and_what_it_did_not() =>
        Gen.Select(BucketTreeTests.Blocks, Gen.Int[1, 5], Gen.Int[1, 6]).Sample(
            (blocks, depth, history) =>
            {
                var tree = new BucketTree(new BucketTreeOptions { InitialDepth = depth, History = history });
                var versions = new List<ReferenceTree> { new(depth) };
                for (int i = 0; i < blocks.Length; i++)
                {
                    ReferenceTree next = versions[^1].Copy();
                    next.Apply(blocks[i]);
                    next.EndVersion();
                    versions.Add(next);
                    tree.Apply(blocks[i]);

                    // Half-way into a version the earlier ones are as they were.
                    AssertProvable(tree, versions.SkipLast(1).ToArray(), history);
                    tree.Commit((ulong)i + 1);
                    AssertProvable(tree, versions, history);
                }
            },
            iter: 40);

    [Fact]
    public void A_growth_by_several_levels_leaves_the_versions_before_it_provable()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 1, History = 4 });
        BucketTreeTests.Fill(tree, 0, 4);
        tree.Commit(1);
        BucketTreeTests.Fill(tree, 4, 300);
        tree.Commit(2);
        BucketTreeTests.Fill(tree, 300, 2500);
        tree.Commit(3);
        Assert.True(tree.Depth >= 11);
        for (ulong version = 0; version <= 3; version++)
        {
            int keys = new[] { 0, 4, 300, 2500 }[version];
            Assert.True(tree.TryGetRoot(version, out Digest root));
            foreach (int key in new[] { 0, 3, 4, 150, 299, 300, 2499, 2500 })
            {
                Assert.True(tree.TryProve(BucketTreeTests.Key(key), version, out MerkleProof? proof));
                Assert.True(proof.Verify(root, BucketTreeTests.Key(key), out Digest? value));
                Assert.Equal(key < keys ? ReferenceTree.HashOf($"value-{key}") : null, value);
                Assert.Equal(keys, proof.Count);
            }
        }
    }

    [Fact]
    public void Versions_beyond_the_history_and_versions_that_never_were_have_no_proof()
    {
        var tree = new BucketTree(new BucketTreeOptions { History = 3 });
        tree.Commit(10);
        tree.Commit(20);
        Assert.Equal(0UL, tree.OldestVersion);
        tree.Commit(30);
        Assert.Equal(10UL, tree.OldestVersion);
        Assert.Equal(30UL, tree.Version);
        foreach (ulong version in new ulong[] { 0, 5, 25, 31 })
        {
            Assert.False(tree.TryProve(BucketTreeTests.Key(1), version, out _));
            Assert.False(tree.TryGetRoot(version, out _));
        }

        Assert.True(tree.TryProve(BucketTreeTests.Key(1), 10, out _));
    }

    [Fact]
    public void Large_versions_push_out_the_oldest_but_the_last_four()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 12, History = 16, HistoryBytes = 20_000 });
        ulong version = 0;
        for (; version < 10; version++)
        {
            // Ten keys of one bucket each: about 5 kB of overwritten buckets and nodes.
            BucketTreeTests.Fill(tree, 10 * (int)version, (10 * (int)version) + 10);
            tree.Commit(version + 1);
        }

        Assert.InRange(tree.OldestVersion, 1UL, version - BucketTreeOptions.LeastHistory);
        for (; version < 20; version++)
        {
            BucketTreeTests.Fill(tree, 0, 100);
            BucketTreeTests.Fill(tree, 100 * (int)version, (100 * (int)version) + 100);
            tree.Commit(version + 1);
        }

        Assert.Equal(version - BucketTreeOptions.LeastHistory + 1, tree.OldestVersion);
        Assert.True(tree.TryProve(BucketTreeTests.Key(1), tree.OldestVersion, out MerkleProof? proof));
        Assert.True(tree.TryGetRoot(tree.OldestVersion, out Digest root));
        Assert.True(proof.Verify(root, BucketTreeTests.Key(1), out Digest? value));
        Assert.Equal(ReferenceTree.HashOf("value-1"), value);
    }

    private static void AssertProvable(BucketTree tree, IReadOnlyList<ReferenceTree> versions, int history)
    {
        for (int version = Math.Max(0, versions.Count - history); version < versions.Count; version++)
        {
            ReferenceTree reference = versions[version];
            Assert.True(tree.TryGetRoot((ulong)version, out Digest root));
            Assert.Equal(reference.Root, root);
            for (int key = 0; key < 400; key += 13)
            {
                Digest keyHash = BucketTreeTests.Key(key);
                Assert.True(tree.TryProve(keyHash, (ulong)version, out MerkleProof? proof));
                Assert.True(proof.Verify(root, keyHash, out Digest? value), $"key {key} at version {version}");
                Assert.Equal(reference.Content.TryGetValue(keyHash, out Digest expected) ? expected : null, value);
            }
        }
    }
}
