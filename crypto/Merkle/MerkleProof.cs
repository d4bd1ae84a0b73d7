using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Merkle;

/// <summary>Why bytes are not a <see cref="MerkleProof"/>.</summary>
public enum MerkleProofFault
{
    /// <summary>They are one.</summary>
    None,

    /// <summary>Fewer bytes than the fixed part has.</summary>
    TooShort,

    /// <summary>The first byte is not <see cref="MerkleProof.Format"/>.</summary>
    UnknownFormat,

    /// <summary>The depth is outside <see cref="BucketTree.MinimumDepth"/> to <see cref="BucketTree.MaximumDepth"/>.</summary>
    DepthOutOfRange,

    /// <summary>More entries than <see cref="BucketTree.MaximumBucketEntries"/>, or than the tree is said to have keys.</summary>
    TooManyEntries,

    /// <summary>The number of keys is above 2^63 − 1.</summary>
    CountOutOfRange,

    /// <summary>Not exactly the bytes that depth and number of entries call for.</summary>
    WrongLength,

    /// <summary>The entries are not in strictly ascending order of key hash.</summary>
    EntriesUnordered,

    /// <summary>The entries do not all belong to one bucket of the depth.</summary>
    EntriesScattered,
}

/// <summary>
/// What a root says about a key: the whole bucket the key belongs to and the siblings on the way up. The key is present if the bucket has it and
/// absent if not; nothing but the root has to be trusted. Immutable.
/// </summary>
/// <remarks>
/// Encoding, one for each proof: format (1 byte, <see cref="Format"/>) ‖ depth (1) ‖ number of entries (2, big-endian) ‖ number of keys of the tree (8,
/// big-endian) ‖ entries (64 each, key hash ‖ value hash, strictly ascending by key hash) ‖ siblings (32 each, as many as the depth, the leaf's first).
/// The index of the bucket is not in it: it follows from the key asked about and the depth.
/// </remarks>
public sealed class MerkleProof
{
    /// <summary>The first byte of an encoded proof.</summary>
    public const byte Format = 1;

    /// <summary>Bytes of the longest encoding, 66,412: more is refused unread.</summary>
    public const int MaximumEncodedBytes =
        HeaderBytes + (BucketTree.MaximumBucketEntries * EntryBytes) + (BucketTree.MaximumDepth * Digest.Size);

    private const int HeaderBytes = 12;
    private const int EntryBytes = 2 * Digest.Size;

    internal MerkleProof(long count, ImmutableArray<TreeEntry> entries, ImmutableArray<Digest> siblings)
    {
        Count = count;
        Entries = entries;
        Siblings = siblings;
    }

    /// <summary>Keys of the whole tree.</summary>
    public long Count { get; }

    /// <summary>Every entry of the bucket, in strictly ascending order of key hash.</summary>
    public ImmutableArray<TreeEntry> Entries { get; }

    /// <summary>The other child at every level, from the leaves up.</summary>
    public ImmutableArray<Digest> Siblings { get; }

    /// <summary>Depth of the tree.</summary>
    public int Depth => Siblings.Length;

    /// <summary>Bytes of the encoding.</summary>
    public int EncodedLength => HeaderBytes + (Entries.Length * EntryBytes) + (Siblings.Length * Digest.Size);

    /// <summary>
    /// Checks the proof against a root that is trusted, a certified one say. Pure; costs one hash of the bucket and one a level.
    /// </summary>
    /// <param name="root">The root of the tree.</param>
    /// <param name="keyHash">SHA-256 of the key asked about.</param>
    /// <param name="valueHash">When the proof holds: SHA-256 of the value, or null for a key that is absent. Null also when it does not hold.</param>
    /// <returns>Whether the proof holds. If not, nothing is known about the key.</returns>
    public bool Verify(Digest root, Digest keyHash, out Digest? valueHash)
    {
        valueHash = null;
        int bucket = BucketTree.BucketOf(keyHash, Depth);

        // Even under a root of somebody's making an entry counts in its own bucket and place only: otherwise a key could be shown as absent
        // here and present elsewhere.
        if (CheckEntries(Entries.AsSpan(), Depth) != MerkleProofFault.None
            || (!Entries.IsEmpty && BucketTree.BucketOf(Entries[0].KeyHash, Depth) != bucket))
        {
            return false;
        }

        Digest hash = TreeHash.Bucket(Entries.AsSpan());
        for (int height = 0; height < Siblings.Length; height++)
        {
            bool isRight = ((bucket >> height) & 1) != 0;
            hash = isRight ? TreeHash.Node(Siblings[height], hash) : TreeHash.Node(hash, Siblings[height]);
        }

        if (TreeHash.Root(hash, Count, Depth) != root)
        {
            return false;
        }

        foreach (TreeEntry entry in Entries)
        {
            if (entry.KeyHash == keyHash)
            {
                valueHash = entry.ValueHash;
            }
        }

        return true;
    }

    /// <summary>Decodes and checks in one go, for who has only bytes. See <see cref="Verify(Digest, Digest, out Digest?)"/>.</summary>
    public static bool Verify(ReadOnlySpan<byte> encoded, Digest root, Digest keyHash, out Digest? valueHash)
    {
        valueHash = null;
        return Decode(encoded, out MerkleProof? proof) == MerkleProofFault.None && proof!.Verify(root, keyHash, out valueHash);
    }

    /// <summary>Writes the encoding.</summary>
    /// <param name="destination">Room for <see cref="EncodedLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException">Too little room.</exception>
    public int Encode(Span<byte> destination)
    {
        if (destination.Length < EncodedLength)
        {
            throw new ArgumentException($"The proof needs {EncodedLength} bytes, there are {destination.Length}.", nameof(destination));
        }

        destination[0] = Format;
        destination[1] = (byte)Depth;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Entries.Length);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], Count);
        Span<byte> rest = destination[HeaderBytes..];
        foreach (TreeEntry entry in Entries)
        {
            entry.KeyHash.CopyTo(rest);
            entry.ValueHash.CopyTo(rest[Digest.Size..]);
            rest = rest[EntryBytes..];
        }

        foreach (Digest sibling in Siblings)
        {
            sibling.CopyTo(rest);
            rest = rest[Digest.Size..];
        }

        return EncodedLength;
    }

    /// <summary>The encoding in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[EncodedLength];
        Encode(bytes);
        return bytes;
    }

    /// <summary>Reads a proof; every limit is checked before anything is allocated, and no bytes may follow.</summary>
    /// <returns><see cref="MerkleProofFault.None"/>, or why the bytes are refused.</returns>
    public static MerkleProofFault Decode(ReadOnlySpan<byte> encoded, out MerkleProof? proof)
    {
        proof = null;
        MerkleProofFault fault = CheckHeader(encoded);
        if (fault != MerkleProofFault.None)
        {
            return fault;
        }

        var entries = new TreeEntry[BinaryPrimitives.ReadUInt16BigEndian(encoded[2..])];
        var siblings = new Digest[encoded[1]];
        ReadOnlySpan<byte> rest = encoded[HeaderBytes..];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new TreeEntry(new Digest(rest), new Digest(rest[Digest.Size..]));
            rest = rest[EntryBytes..];
        }

        fault = CheckEntries(entries, siblings.Length);
        if (fault != MerkleProofFault.None)
        {
            return fault;
        }

        for (int i = 0; i < siblings.Length; i++)
        {
            siblings[i] = new Digest(rest[(i * Digest.Size)..]);
        }

        proof = new MerkleProof(
            BinaryPrimitives.ReadInt64BigEndian(encoded[4..]), ImmutableCollectionsMarshal.AsImmutableArray(entries), ImmutableCollectionsMarshal.AsImmutableArray(siblings));
        return MerkleProofFault.None;
    }

    private static MerkleProofFault CheckHeader(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < HeaderBytes)
        {
            return MerkleProofFault.TooShort;
        }

        if (encoded[0] != Format)
        {
            return MerkleProofFault.UnknownFormat;
        }

        int depth = encoded[1];
        if (depth is < BucketTree.MinimumDepth or > BucketTree.MaximumDepth)
        {
            return MerkleProofFault.DepthOutOfRange;
        }

        long count = BinaryPrimitives.ReadInt64BigEndian(encoded[4..]);
        if (count < 0)
        {
            return MerkleProofFault.CountOutOfRange;
        }

        int entries = BinaryPrimitives.ReadUInt16BigEndian(encoded[2..]);
        if (entries > BucketTree.MaximumBucketEntries || entries > count)
        {
            return MerkleProofFault.TooManyEntries;
        }

        return encoded.Length == HeaderBytes + (entries * EntryBytes) + (depth * Digest.Size) ? MerkleProofFault.None : MerkleProofFault.WrongLength;
    }

    private static MerkleProofFault CheckEntries(ReadOnlySpan<TreeEntry> entries, int depth)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i].KeyHash <= entries[i - 1].KeyHash)
            {
                return MerkleProofFault.EntriesUnordered;
            }

            if (BucketTree.BucketOf(entries[i].KeyHash, depth) != BucketTree.BucketOf(entries[0].KeyHash, depth))
            {
                return MerkleProofFault.EntriesScattered;
            }
        }

        return MerkleProofFault.None;
    }
}
