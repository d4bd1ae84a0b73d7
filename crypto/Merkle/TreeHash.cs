using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Merkle;

/// <summary>
/// The four hashes of the state tree, all plain SHA-256, so that any platform (WebCrypto in a browser, say) can check a proof:
/// <code>
/// bucket = SHA-256( (key hash ‖ value hash)* ‖ number of entries, 4 bytes big-endian ‖ "bft.tree.bucket" )
/// node   = SHA-256( left ‖ right ‖ "bft.tree.node" )
/// root   = SHA-256( top node ‖ number of keys, 8 bytes big-endian ‖ depth, 1 byte ‖ "bft.tree.root" )
/// </code>
/// The empty bucket is the first with no entries: a constant.
/// </summary>
/// <remarks>
/// <para>
/// <b>Domain separation.</b> The tag stands at the end, not in front. No tag is a suffix of another, so no string is the preimage of two kinds,
/// and an entry can never be passed off as an inner node or the reverse (the second-preimage attack on untagged trees, RFC 6962 §2.1);
/// against collisions a suffix serves as well as a prefix. What it buys: all data lie on block boundaries, and the last block of every
/// node, and of every bucket with equally many entries, is a constant whose message schedule is expanded once. A node costs two
/// compressions, as 64 or 65 bytes would; putting it into one would mean 23-byte digests.
/// </para>
/// <para>
/// <b>Shape.</b> The depth and the number of keys are bound in the root: a path of any other length leads to another root, so an index means the
/// same leaf to everybody (ASA-2025-002 was the lack of this).
/// </para>
/// </remarks>
internal static class TreeHash
{
    /// <summary>Digests of an entry: key hash and value hash.</summary>
    public const int DigestsPerEntry = 2;

    private const int EntryBytes = DigestsPerEntry * Digest.Size;
    private const int CountBytes = 4;
    private const int StackBytes = 1024;

    private static readonly uint[] NodeTail = ExpandNodeTail();
    private static readonly Digest[] EmptyNodes = HashEmptyNodes();

    private static ReadOnlySpan<byte> BucketTag => "bft.tree.bucket"u8;

    private static ReadOnlySpan<byte> NodeTag => "bft.tree.node"u8;

    private static ReadOnlySpan<byte> RootTag => "bft.tree.root"u8;

    /// <summary>The hash of a bucket without entries.</summary>
    public static Digest EmptyBucket => EmptyNodes[0];

    /// <summary>The hash of an inner node that many levels above its buckets, all of which are empty; of an empty bucket for level 0.</summary>
    public static Digest EmptyNode(int height) => EmptyNodes[height];

    /// <summary>The last block of every node, ready for the lanes.</summary>
    public static ReadOnlySpan<uint> NodeTailSchedule => NodeTail;

    /// <summary>The last block of every bucket of <paramref name="count"/> entries, ready for the lanes; 64 words.</summary>
    public static void ExpandBucketTail(int count, Span<uint> schedule)
    {
        Span<byte> tail = stackalloc byte[CountBytes + BucketTag.Length];
        WriteBucketTail(count, tail);
        Sha256Schedule.Expand(tail, (count * EntryBytes) + tail.Length, schedule);
    }

    /// <summary>The hash of a bucket; the entries are in ascending order of key hash.</summary>
    public static Digest Bucket(ReadOnlySpan<TreeEntry> entries)
    {
        int length = (entries.Length * EntryBytes) + CountBytes + BucketTag.Length;
        byte[]? rented = length > StackBytes ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> preimage = rented ?? stackalloc byte[StackBytes];
        preimage = preimage[..length];
        WriteDigests(MemoryMarshal.Cast<TreeEntry, Digest>(entries), preimage);
        WriteBucketTail(entries.Length, preimage[(entries.Length * EntryBytes)..]);
        Digest digest = Sha256(preimage);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return digest;
    }

    /// <summary>The hash of an inner node.</summary>
    public static Digest Node(Digest left, Digest right) => Node([left, right]);

    /// <summary>The hash of the inner node over the first two digests.</summary>
    public static Digest Node(ReadOnlySpan<Digest> children)
    {
        Span<byte> preimage = stackalloc byte[(2 * Digest.Size) + NodeTag.Length];
        WriteDigests(children[..2], preimage);
        NodeTag.CopyTo(preimage[(2 * Digest.Size)..]);
        return Sha256(preimage);
    }

    /// <summary>The root a block header carries: the top node, bound to the number of keys and the depth.</summary>
    public static Digest Root(Digest top, long count, int depth)
    {
        Span<byte> preimage = stackalloc byte[Digest.Size + 8 + 1 + RootTag.Length];
        top.CopyTo(preimage);
        BinaryPrimitives.WriteInt64BigEndian(preimage[Digest.Size..], count);
        preimage[Digest.Size + 8] = checked((byte)depth);
        RootTag.CopyTo(preimage[(Digest.Size + 9)..]);
        return Sha256(preimage);
    }

    private static Digest[] HashEmptyNodes()
    {
        var nodes = new Digest[BucketTree.MaximumDepth + 1];
        nodes[0] = Bucket([]);
        for (int height = 1; height < nodes.Length; height++)
        {
            nodes[height] = Node(nodes[height - 1], nodes[height - 1]);
        }

        return nodes;
    }

    private static uint[] ExpandNodeTail()
    {
        var schedule = new uint[Sha256Schedule.Rounds];
        Sha256Schedule.Expand(NodeTag, (2 * Digest.Size) + NodeTag.Length, schedule);
        return schedule;
    }

    private static void WriteBucketTail(int count, Span<byte> tail)
    {
        BinaryPrimitives.WriteInt32BigEndian(tail, count);
        BucketTag.CopyTo(tail[CountBytes..]);
    }

    private static void WriteDigests(ReadOnlySpan<Digest> digests, Span<byte> bytes)
    {
        foreach (Digest digest in digests)
        {
            digest.CopyTo(bytes);
            bytes = bytes[Digest.Size..];
        }
    }

    private static Digest Sha256(ReadOnlySpan<byte> preimage)
    {
        Span<Digest> digest = stackalloc Digest[1];
        Sha256Lanes.Hash(preimage, preimage.Length, digest);
        return digest[0];
    }
}
