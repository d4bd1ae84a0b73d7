using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Bft.Crypto.Merkle;

namespace Bft.Crypto.Tests.Merkle;

/// <summary>The state tree as its definition reads: a sorted dictionary, hashed from scratch by recursion, one byte array at a time.</summary>
internal sealed class ReferenceTree(int depth)
{
    private Digest? _root;

    public SortedDictionary<Digest, Digest> Content { get; private init; } = [];

    public int Depth { get; private set; } = depth;

    public Digest Root => _root ??= RootOf(Top(), Content.Count, Depth);

    public static Digest Hash(params byte[][] parts)
    {
        byte[] all = parts.SelectMany(part => part).ToArray();
        return new Digest(SHA256.HashData(all));
    }

    public static Digest HashOf(string text) => Hash(Encoding.UTF8.GetBytes(text));

    /// <summary>A digest that begins with the given bits, whatever follows.</summary>
    public static Digest Starting(ulong prefix, uint rest)
    {
        var bytes = new byte[Digest.Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, prefix);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(Digest.Size - 4), rest);
        return new Digest(bytes);
    }

    public static Digest BucketOf(IReadOnlyCollection<TreeEntry> entries)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(count, entries.Count);
        return Hash([.. entries.SelectMany(entry => new[] { entry.KeyHash.ToArray(), entry.ValueHash.ToArray() }), count, "bft.tree.bucket"u8.ToArray()]);
    }

    public static Digest NodeOf(Digest left, Digest right) => Hash(left.ToArray(), right.ToArray(), "bft.tree.node"u8.ToArray());

    public static Digest RootOf(Digest top, long count, int depth)
    {
        var number = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, count);
        return Hash(top.ToArray(), number, [(byte)depth], "bft.tree.root"u8.ToArray());
    }

    /// <summary>The root that a bucket, at the place of a key, and its siblings lead to.</summary>
    public static Digest RootOver(IReadOnlyCollection<TreeEntry> bucket, IReadOnlyList<Digest> siblings, Digest place, long count)
    {
        ulong index = place.Prefix >> (64 - siblings.Count);
        Digest hash = BucketOf(bucket);
        foreach (Digest sibling in siblings)
        {
            hash = (index & 1) == 0 ? NodeOf(hash, sibling) : NodeOf(sibling, hash);
            index >>= 1;
        }

        return RootOf(hash, count, siblings.Count);
    }

    /// <summary>The bytes of a proof, well-formed or not.</summary>
    public static byte[] EncodeProof(IReadOnlyCollection<TreeEntry> entries, IReadOnlyCollection<Digest> siblings, long count)
    {
        var header = new byte[12];
        header[0] = 1;
        header[1] = (byte)siblings.Count;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)entries.Count);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(4), count);
        return
        [
            .. header,
            .. entries.SelectMany(entry => entry.KeyHash.ToArray().Concat(entry.ValueHash.ToArray())),
            .. siblings.SelectMany(sibling => sibling.ToArray()),
        ];
    }

    public void Apply(IEnumerable<TreeUpdate> updates)
    {
        _root = null;
        foreach (TreeUpdate update in updates)
        {
            if (update.IsRemoval)
            {
                Content.Remove(update.KeyHash);
            }
            else
            {
                Content[update.KeyHash] = update.ValueHash;
            }
        }
    }

    public void EndVersion()
    {
        _root = null;
        while (Content.Count > 2 * Math.Pow(2, Depth))
        {
            Depth++;
        }
    }

    public ReferenceTree Copy() => new(Depth) { Content = new SortedDictionary<Digest, Digest>(Content) };

    private Digest Top() => Subtree([.. Content.Select(pair => new TreeEntry(pair.Key, pair.Value))], 0);

    private Digest Subtree(List<TreeEntry> entries, int level)
    {
        if (level == Depth)
        {
            return BucketOf(entries);
        }

        ulong bit = 1UL << (63 - level);
        return NodeOf(
            Subtree([.. entries.Where(entry => (entry.KeyHash.Prefix & bit) == 0)], level + 1),
            Subtree([.. entries.Where(entry => (entry.KeyHash.Prefix & bit) != 0)], level + 1));
    }
}
