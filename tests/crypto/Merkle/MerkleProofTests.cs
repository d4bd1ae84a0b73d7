using System.Buffers.Binary;
using Bft.Crypto.Merkle;
using CsCheck;

namespace Bft.Crypto.Tests.Merkle;

public class MerkleProofTests
{
    private const int Keys = 200;

    private static readonly BucketTree Tree = FilledTree();

    [Fact]
    public void Present_and_absent_keys_are_told_apart()
    {
        for (int key = 0; key < 2 * Keys; key++)
        {
            Assert.True(MerkleProof.Verify(Proof(key).ToArray(), Tree.Root, BucketTreeTests.Key(key), out Digest? value));
            Assert.Equal(key < Keys ? ReferenceTree.HashOf($"value-{key}") : null, value);
        }
    }

    [Fact]
    public void The_encoding_is_the_documented_one_and_survives_the_way_there_and_back()
    {
        for (int key = 0; key < 2 * Keys; key += 7)
        {
            MerkleProof proof = Proof(key);
            byte[] encoded = proof.ToArray();
            Assert.Equal(ReferenceTree.EncodeProof(proof.Entries, proof.Siblings, proof.Count), encoded);
            Assert.Equal(MerkleProofFault.None, MerkleProof.Decode(encoded, out MerkleProof? decoded));
            Assert.Equal(encoded, decoded!.ToArray());
            Assert.Throws<ArgumentException>(() => proof.Encode(new byte[encoded.Length - 1]));
        }
    }

    [Fact]
    public void No_bit_of_a_proof_or_a_root_can_be_changed()
    {
        foreach (int key in new[] { KeyInBucketOf(3), KeyAbsentBeside(1), KeyAbsentBeside(0) })
        {
            Digest keyHash = BucketTreeTests.Key(key);
            byte[] encoded = Proof(key).ToArray();
            for (int bit = 0; bit < 8 * encoded.Length; bit++)
            {
                Assert.False(MerkleProof.Verify(Flip(encoded, bit), Tree.Root, keyHash, out Digest? value), $"bit {bit} of the proof");
                Assert.Null(value);
            }

            for (int bit = 0; bit < 8 * Digest.Size; bit++)
            {
                Assert.False(MerkleProof.Verify(encoded, new Digest(Flip(Tree.Root.ToArray(), bit)), keyHash, out _), $"bit {bit} of the root");
            }
        }
    }

    [Fact]
    public void A_proof_says_nothing_false_about_another_key()
    {
        int key = KeyInBucketOf(2);
        MerkleProof proof = Proof(key);
        byte[] keyHash = BucketTreeTests.Key(key).ToArray();
        for (int bit = 0; bit < 8 * Digest.Size; bit++)
        {
            // A neighbour in the same bucket is truly absent; any other place is not what the proof is about.
            bool sameBucket = bit >= proof.Depth;
            Assert.Equal(sameBucket, proof.Verify(Tree.Root, new Digest(Flip(keyHash, bit)), out Digest? value));
            Assert.Null(value);
        }
    }

    [Fact]
    public void Absence_cannot_be_forged_by_leaving_the_entry_out()
    {
        int key = KeyInBucketOf(3);
        MerkleProof proof = Proof(key);
        TreeEntry[] without = [.. proof.Entries.Where(entry => entry.KeyHash != BucketTreeTests.Key(key))];
        foreach (long count in new[] { proof.Count, proof.Count - 1 })
        {
            byte[] forged = ReferenceTree.EncodeProof(without, proof.Siblings, count);
            Assert.False(MerkleProof.Verify(forged, Tree.Root, BucketTreeTests.Key(key), out _));
        }
    }

    [Fact]
    public void Absence_cannot_be_shown_with_the_bucket_of_another_index()
    {
        // The forged proof holds for the bucket it was made for, which the claimed key has no place in.
        int present = KeyInBucketOf(2);
        foreach (int other in new[] { KeyAbsentBeside(0), KeyInBucketOf(1) })
        {
            Assert.False(Proof(other).Verify(Tree.Root, BucketTreeTests.Key(present), out _));
        }
    }

    [Fact]
    public void Entries_out_of_order_or_twice_are_refused_even_under_a_root_made_for_them()
    {
        MerkleProof proof = Proof(KeyInBucketOf(2));
        TreeEntry[] twice = [proof.Entries[0], new TreeEntry(proof.Entries[0].KeyHash, BucketTreeTests.Key(1))];
        foreach (TreeEntry[] entries in new[] { proof.Entries.Reverse().ToArray(), twice })
        {
            Digest keyHash = entries[0].KeyHash;
            Digest root = ReferenceTree.RootOver(entries, proof.Siblings, keyHash, Keys);
            byte[] forged = ReferenceTree.EncodeProof(entries, proof.Siblings, Keys);
            Assert.False(MerkleProof.Verify(forged, root, keyHash, out _));
            Assert.Equal(MerkleProofFault.EntriesUnordered, MerkleProof.Decode(forged, out _));
        }
    }

    [Fact]
    public void Entries_of_another_bucket_are_refused_even_under_a_root_made_for_them()
    {
        MerkleProof proof = Proof(KeyInBucketOf(2));
        Digest place = proof.Entries[0].KeyHash;
        Digest stranger = new(Flip(place.ToArray(), 0));

        // Wholly in the wrong bucket, asked for a key of that bucket and for itself.
        TreeEntry[] alone = [new TreeEntry(stranger, BucketTreeTests.Key(1))];
        Digest root = ReferenceTree.RootOver(alone, proof.Siblings, place, Keys);
        byte[] forged = ReferenceTree.EncodeProof(alone, proof.Siblings, Keys);
        Assert.False(MerkleProof.Verify(forged, root, place, out _));
        Assert.False(MerkleProof.Verify(forged, root, stranger, out _));

        // Among entries that belong there.
        TreeEntry[] mixed = [.. proof.Entries.Append(alone[0]).OrderBy(entry => entry.KeyHash)];
        root = ReferenceTree.RootOver(mixed, proof.Siblings, place, Keys);
        forged = ReferenceTree.EncodeProof(mixed, proof.Siblings, Keys);
        Assert.False(MerkleProof.Verify(forged, root, place, out _));
        Assert.Equal(MerkleProofFault.EntriesScattered, MerkleProof.Decode(forged, out _));
    }

    [Fact]
    public void An_inner_node_cannot_be_passed_off_as_a_bucket_nor_a_bucket_as_a_node()
    {
        // The second-preimage attack: one level less, the two children as "key hash" and "value hash". Not even when the root does not bind the depth.
        int key = KeyInBucketOf(2);
        MerkleProof proof = Proof(key);
        Digest leaf = ReferenceTree.BucketOf(proof.Entries);
        bool isRight = ((BucketTreeTests.Key(key).Prefix >> (64 - proof.Depth)) & 1) != 0;
        Digest left = isRight ? proof.Siblings[0] : leaf;
        Digest right = isRight ? leaf : proof.Siblings[0];
        byte[] forged = ReferenceTree.EncodeProof([new TreeEntry(left, right)], [.. proof.Siblings.Skip(1)], proof.Count);
        Assert.False(MerkleProof.Verify(forged, Tree.Root, left, out _));

        // A tree of depth 1 whose left child is chosen so that the forged entry belongs to bucket 0.
        TreeEntry[] bucket = [];
        Digest[] leaves = [];
        for (uint attempt = 0; leaves.Length == 0; attempt++)
        {
            bucket = [new TreeEntry(ReferenceTree.Starting(0, attempt), default)];
            leaves = ReferenceTree.BucketOf(bucket).Prefix >> 63 == 0 ? [ReferenceTree.BucketOf(bucket)] : [];
        }

        Digest inner = ReferenceTree.NodeOf(leaves[0], leaves[0]);
        Digest root = ReferenceTree.RootOf(ReferenceTree.NodeOf(inner, inner), 4, 1);
        forged = ReferenceTree.EncodeProof([new TreeEntry(leaves[0], leaves[0])], [inner], 4);
        Assert.False(MerkleProof.Verify(forged, root, leaves[0], out _));
    }

    [Fact]
    public void A_path_of_another_length_leads_to_another_root()
    {
        // The same nodes, told as a tree one level less deep: bucket and index would change their meaning if the root did not bind the depth.
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 3 });
        tree.TrySet(ReferenceTree.Starting(0, 1), BucketTreeTests.Key(1));
        Digest root = tree.Commit(1);
        Assert.True(tree.TryProve(ReferenceTree.Starting(0, 1), 1, out MerkleProof? proof));
        Digest top = ReferenceTree.BucketOf(proof.Entries);
        foreach (Digest sibling in proof.Siblings)
        {
            top = ReferenceTree.NodeOf(top, sibling);
        }

        Assert.Equal(root, ReferenceTree.RootOf(top, 1, 3));
        Assert.NotEqual(root, ReferenceTree.RootOf(top, 1, 2));
        Assert.NotEqual(root, ReferenceTree.RootOf(top, 2, 3));
        foreach (Digest[] siblings in new Digest[][] { [.. proof.Siblings.SkipLast(1)], [.. proof.Siblings, proof.Siblings[^1]] })
        {
            byte[] forged = ReferenceTree.EncodeProof(proof.Entries, siblings, 1);
            Assert.False(MerkleProof.Verify(forged, root, ReferenceTree.Starting(0, 1), out _));
        }
    }

    [Fact]
    public void Bytes_that_are_no_proof_are_refused_with_the_reason()
    {
        byte[] good = Proof(KeyInBucketOf(2)).ToArray();
        Assert.Equal(MerkleProofFault.None, MerkleProof.Decode(good, out _));
        Assert.Equal(MerkleProofFault.TooShort, MerkleProof.Decode([], out _));
        Assert.Equal(MerkleProofFault.TooShort, MerkleProof.Decode(good.AsSpan(0, 11), out _));
        Assert.Equal(MerkleProofFault.UnknownFormat, MerkleProof.Decode(With(good, 0, 2), out _));
        Assert.Equal(MerkleProofFault.DepthOutOfRange, MerkleProof.Decode(With(good, 1, 0), out _));
        Assert.Equal(MerkleProofFault.DepthOutOfRange, MerkleProof.Decode(With(good, 1, BucketTree.MaximumDepth + 1), out _));
        Assert.Equal(MerkleProofFault.CountOutOfRange, MerkleProof.Decode(With(good, 4, 0x80), out _));
        Assert.Equal(MerkleProofFault.WrongLength, MerkleProof.Decode([.. good, 0], out _));
        Assert.Equal(MerkleProofFault.WrongLength, MerkleProof.Decode(good.AsSpan(0, good.Length - 1), out _));
        Assert.Equal(MerkleProofFault.WrongLength, MerkleProof.Decode(With(good, 3, 1), out _));
        Assert.Equal(MerkleProofFault.TooManyEntries, MerkleProof.Decode(With(With(With(good, 10, 0), 11, 1), 3, 2), out _));
    }

    [Fact]
    public void The_limit_of_entries_holds_before_anything_is_read()
    {
        var header = new byte[12];
        header[0] = MerkleProof.Format;
        header[1] = 8;
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(4), 1_000_000);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), BucketTree.MaximumBucketEntries + 1);
        Assert.Equal(MerkleProofFault.TooManyEntries, MerkleProof.Decode(header, out _));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), BucketTree.MaximumBucketEntries);
        Assert.Equal(MerkleProofFault.WrongLength, MerkleProof.Decode(header, out _));
        Assert.Equal(66_412, MerkleProof.MaximumEncodedBytes);
    }

    [Fact]
    public void Whatever_bytes_arrive_decoding_answers_and_what_it_accepts_encodes_to_the_same_bytes() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 40], Gen.Int[0, 3]).Sample(
            (bytes, depth, entries) =>
            {
                if (bytes.Length > 12)
                {
                    bytes[0] = 1;
                    bytes[1] = (byte)depth;
                    bytes[2] = 0;
                    bytes[3] = (byte)entries;
                    bytes[4] = 0;
                    Array.Resize(ref bytes, depth % 5 == 0 ? bytes.Length : 12 + (64 * entries) + (32 * depth));
                }

                if (MerkleProof.Decode(bytes, out MerkleProof? proof) == MerkleProofFault.None)
                {
                    Assert.Equal(bytes, proof!.ToArray());
                }
                else
                {
                    Assert.Null(proof);
                }
            },
            iter: 5000);

    private static BucketTree FilledTree()
    {
        var tree = new BucketTree(new BucketTreeOptions { InitialDepth = 7 });
        BucketTreeTests.Fill(tree, 0, Keys);
        tree.Commit(1);
        return tree;
    }

    private static MerkleProof Proof(int key)
    {
        Assert.True(Tree.TryProve(BucketTreeTests.Key(key), 1, out MerkleProof? proof));
        return proof;
    }

    private static int KeyInBucketOf(int entries) =>
        Enumerable.Range(0, Keys).First(key => Proof(key).Entries.Length == entries);

    private static int KeyAbsentBeside(int entries) =>
        Enumerable.Range(Keys, 10 * Keys).First(key => Proof(key).Entries.Length == entries);

    private static byte[] Flip(byte[] bytes, int bit)
    {
        byte[] flipped = [.. bytes];
        flipped[bit / 8] ^= (byte)(0x80 >> (bit % 8));
        return flipped;
    }

    private static byte[] With(byte[] bytes, int position, byte value)
    {
        byte[] changed = [.. bytes];
        changed[position] = value;
        return changed;
    }
}
