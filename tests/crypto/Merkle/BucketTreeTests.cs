using Bft.Crypto.Merkle;
using CsCheck;

namespace Bft.Crypto.Tests.Merkle;

public class BucketTreeTests
{
    /// <summary>Blocks of sets and removals over few enough keys that they meet again.</summary>
    internal static readonly Gen<TreeUpdate[][]> Blocks =
        Gen.Select(Gen.Int[0, 399], Gen.Int[0, 4], Gen.Int[0, 3])
            .Select((key, value, kind) => kind == 0
                ? TreeUpdate.Remove(ReferenceTree.HashOf($"key-{key}"))
                : TreeUpdate.Set(ReferenceTree.HashOf($"key-{key}"), ReferenceTree.HashOf($"value-{value}")))
            .Array[0, 120].Array[1, 8];

    private static readonly Gen<Sha256LaneWidth> Width = Gen.OneOf(Enum.GetValues<Sha256LaneWidth>());

    [Fact]
    public void Every_version_has_the_root_the_definition_gives() =>
        Gen.Select(Blocks, Gen.Int[1, 6], Width).Sample(
            (blocks, depth, width) =>
            {
                var tree = new BucketTree(new BucketTreeOptions { InitialDepth = depth, Width = width });
                var reference = new ReferenceTree(depth);
                Assert.Equal(reference.Root, tree.Root);
                for (int i = 0; i < blocks.Length; i++)
                {
                    tree.Apply(blocks[i]);
                    reference.Apply(blocks[i]);
                    reference.EndVersion();
                    Assert.Equal(reference.Root, tree.Commit((ulong)i + 1));
                    Assert.Equal(reference.Depth, tree.Depth);
                    Assert.Equal(reference.Content.Count, tree.Count);
                    Assert.Equal(reference.Root, tree.Root);
                }

                Assert.Equal(reference.Content.Select(pair => new TreeEntry(pair.Key, pair.Value)), tree.Entries);
            },
            iter: 150);

    [Fact]
    public void Roots_are_those_an_independent_program_computed()
    {
        // Computed with Python's hashlib from the layout in the documentation.
        Assert.Equal("7a72b4421fced51393c49683d40a25f2b3418deecce8eccc77f7d65874bdb510", new BucketTree().Root.ToString());
        Assert.Equal(
            "7b7daad8bb341bbd38239ba7db6c9312eb04273a8dad4b840046aefd67dee508",
            new BucketTree(new BucketTreeOptions { InitialDepth = 1 }).Root.ToString());
        var tree = new BucketTree();
        Fill(tree, 0, 10);
        Assert.Equal("0635a0ee44e462c6e02ffec87e5a6009475467ec6deea6e2e44d6397bce641e7", tree.Commit(1).ToString());
        Fill(tree, 10, 1000);
        Assert.Equal("61b683bf8f6b75c2a7488aac3cf29a41f7bdf5bd988d3e75c26d4d812f0f2b7d", tree.Commit(2).ToString());
    }

    [Fact]
    public void The_tree_grows_when_keys_exceed_two_a_bucket_and_never_shrinks()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 2 });
        Fill(tree, 0, 8);
        tree.Commit(1);
        Assert.Equal(2, tree.Depth);
        Fill(tree, 8, 9);
        Assert.Equal(2, tree.Depth);
        tree.Commit(2);
        Assert.Equal(3, tree.Depth);
        Fill(tree, 9, 65);
        tree.Commit(3);
        Assert.Equal(6, tree.Depth);
        foreach (TreeEntry entry in tree.Entries.ToArray())
        {
            Assert.True(tree.Remove(entry.KeyHash));
        }

        tree.Commit(4);
        Assert.Equal(6, tree.Depth);
        Assert.Equal(0, tree.Count);
        Assert.Equal(new BucketTree(new BucketTreeOptions { InitialDepth = 6 }).Root, tree.Root);
    }

    [Fact]
    public void A_large_commit_that_sorts_and_one_that_scans_agree_with_the_definition()
    {
        // 2^14 buckets: a single update takes the path of few touched buckets, thousands that of many and of several windows.
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 14 });
        var reference = new ReferenceTree(14);
        int next = 0;
        ulong version = 0;
        foreach (int size in new[] { 1, 7, 9000, 3, 600 })
        {
            TreeUpdate[] block = [.. Enumerable.Range(next, size).Select(key => Set(key % 8000, version))];
            next += size;
            tree.Apply(block);
            reference.Apply(block);
            Assert.Equal(reference.Root, tree.Commit(++version));
        }
    }

    [Fact]
    public void A_key_written_in_one_small_version_after_the_other_counts_in_each()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 14 });
        var reference = new ReferenceTree(14);
        for (ulong version = 1; version <= 4; version++)
        {
            TreeUpdate[] block = [Set(5, version), Set(6, version)];
            tree.Apply(block);
            reference.Apply(block);
            Assert.Equal(reference.Root, tree.Commit(version));
        }
    }

    [Fact]
    public void The_root_is_the_same_by_whatever_history_the_content_came()
    {
        var straight = new BucketTree();
        Fill(straight, 0, 300);
        straight.Commit(1);

        var winding = new BucketTree();
        for (int key = 400; key-- > 0;)
        {
            winding.TrySet(Key(key), ReferenceTree.HashOf("other"));
            if (key % 37 == 0)
            {
                winding.Commit(winding.Version + 3);
            }
        }

        for (int key = 399; key >= 300; key--)
        {
            winding.Remove(Key(key));
        }

        Fill(winding, 0, 300);
        Assert.Equal(straight.Root, winding.Commit(1000));
    }

    [Fact]
    public void Changes_that_change_nothing_leave_the_root_alone()
    {
        var tree = new BucketTree();
        Fill(tree, 0, 50);
        Digest root = tree.Commit(1);
        Fill(tree, 0, 50);
        Assert.False(tree.Remove(Key(50)));
        Assert.Equal(root, tree.Commit(2));
        tree.TrySet(Key(50), Key(50));
        tree.Remove(Key(50));
        Assert.Equal(root, tree.Commit(3));
        Assert.Equal(root, tree.Commit(4));
    }

    [Fact]
    public void What_was_set_is_seen_at_once_but_the_root_moves_only_with_the_commit()
    {
        var tree = new BucketTree();
        Digest empty = tree.Root;
        Assert.True(tree.TrySet(Key(1), Key(2)));
        Assert.True(tree.TryGet(Key(1), out Digest value));
        Assert.Equal(Key(2), value);
        Assert.False(tree.TryGet(Key(2), out _));
        Assert.Equal(1, tree.Count);
        Assert.Equal(empty, tree.Root);
        Assert.NotEqual(empty, tree.Commit(1));
    }

    [Fact]
    public void A_bucket_takes_keys_up_to_its_limit_and_refuses_the_next_unharmed()
    {
        // An attacker who ground 1,025 keys with the same leading 64 bits.
        Digest[] keys = [.. Enumerable.Range(0, BucketTree.MaximumBucketEntries + 1).Select(i => ReferenceTree.Starting(7, (uint)i))];
        var tree = new BucketTree();
        var reference = new ReferenceTree(8);
        foreach (Digest key in keys[..^1])
        {
            Assert.True(tree.TrySet(key, Key(0)));
        }

        Assert.False(tree.TrySet(keys[^1], Key(0)));
        Assert.Throws<InvalidOperationException>(() => tree.Apply([TreeUpdate.Set(keys[^1], Key(0))]));
        Assert.True(tree.TrySet(keys[3], Key(1)));
        reference.Apply(keys[..^1].Select((key, i) => TreeUpdate.Set(key, Key(i == 3 ? 1 : 0))));
        reference.EndVersion();
        Assert.Equal(reference.Root, tree.Commit(1));
        Assert.False(tree.TrySet(keys[^1], Key(0)));

        Assert.True(tree.TryProve(keys[^1], 1, out MerkleProof? proof));
        Assert.True(MerkleProof.Verify(proof.ToArray(), tree.Root, keys[^1], out Digest? absent));
        Assert.Null(absent);

        tree.Remove(keys[0]);
        Assert.True(tree.TrySet(keys[^1], Key(0)));
        reference.Apply([TreeUpdate.Remove(keys[0]), TreeUpdate.Set(keys[^1], Key(0))]);
        Assert.Equal(reference.Root, tree.Commit(2));
    }

    [Fact]
    public void A_bucket_that_swells_and_dwindles_keeps_its_content()
    {
        Digest[] keys = [.. Enumerable.Range(0, 700).Select(i => ReferenceTree.Starting((ulong)(i % 3), (uint)i))];
        new Random(22).Shuffle(keys);
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 10, History = 1 });
        var reference = new ReferenceTree(10);
        ulong version = 0;
        foreach (Digest[] chunk in keys.Chunk(50))
        {
            TreeUpdate[] block = [.. chunk.Select(key => TreeUpdate.Set(key, key))];
            tree.Apply(block);
            reference.Apply(block);
            Assert.Equal(reference.Root, tree.Commit(++version));
        }

        foreach (Digest[] chunk in keys.Chunk(100))
        {
            TreeUpdate[] block = [.. chunk.Select(TreeUpdate.Remove)];
            tree.Apply(block);
            reference.Apply(block);
            Assert.Equal(reference.Root, tree.Commit(++version));
        }
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        var tree = new BucketTree(version: 5);
        Assert.Equal(5UL, tree.Version);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Commit(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Commit(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketTree(new BucketTreeOptions { InitialDepth = BucketTree.MinimumDepth - 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketTree(new BucketTreeOptions { InitialDepth = BucketTree.MaximumDepth + 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketTree(new BucketTreeOptions { History = 0 }));
    }

    internal static Digest Key(int number) => ReferenceTree.HashOf($"key-{number}");

    internal static TreeUpdate Set(int key, ulong value) => TreeUpdate.Set(Key(key), ReferenceTree.HashOf($"value-{value}"));

    internal static void Fill(BucketTree tree, int first, int end)
    {
        for (int key = first; key < end; key++)
        {
            Assert.True(tree.TrySet(Key(key), ReferenceTree.HashOf($"value-{key}")));
        }
    }
}
