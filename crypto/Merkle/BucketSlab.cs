using System.Numerics;

namespace Bft.Crypto.Merkle;

/// <summary>Where the entries of a bucket lie in the slab: 8 bytes a bucket. The default is the empty bucket, which owns no block.</summary>
internal struct BucketSlot
{
    /// <summary>Number of the first entry in the slab.</summary>
    public int Start;

    /// <summary>Entries in use.</summary>
    public ushort Count;

    /// <summary>Entries the block has room for.</summary>
    public ushort Capacity;
}

/// <summary>
/// The memory of all buckets: entries of 64 bytes in blocks of a few fixed capacities, cut from large chunks. A million buckets are a few hundred
/// objects to the garbage collector, none with references in it.
/// </summary>
/// <remarks>
/// Blocks given back are used again for the same capacity only; they are never merged. The tree moves to a new slab whenever it grows, which
/// packs everything tightly again; between two growths the slab is at most as large as the fullest mix of capacities it has seen.
/// </remarks>
internal sealed class BucketSlab
{
    /// <summary>Entries of a chunk: 128 KiB. A block lies in one chunk.</summary>
    private const int ChunkEntries = 1 << ChunkShift;

    private const int ChunkShift = 11;

    /// <summary>Entries the first chunk begins with: it grows to its full length, so that a small tree has a small slab.</summary>
    private const int FirstEntries = 64;

    /// <summary>Up to this many entries a block has exactly the room it needs; above, there are four capacities an octave.</summary>
    private const int ExactCapacity = 8;

    private readonly List<AlignedArray<TreeEntry>> _chunks = [];
    private readonly Stack<int>?[] _freeByCapacity = new Stack<int>?[BucketTree.MaximumBucketEntries + 1];
    private int _next;

    /// <summary>Entries the slab has memory for.</summary>
    public long Capacity => _chunks.Count == 0 ? 0 : _chunks[0].Length + ((_chunks.Count - 1L) * ChunkEntries);

    /// <summary>The entries of a bucket.</summary>
    public ReadOnlySpan<TreeEntry> Read(in BucketSlot slot) => Block(slot)[..slot.Count];

    /// <summary>The entries of a bucket, to be changed in place.</summary>
    public Span<TreeEntry> Write(in BucketSlot slot) => Block(slot)[..slot.Count];

    /// <summary>Asks for the first entries of a bucket.</summary>
    public void Prefetch(in BucketSlot slot)
    {
        ReadOnlySpan<TreeEntry> entries = Read(slot);
        for (int i = 0; i < Math.Min(entries.Length, 4); i++)
        {
            Merkle.Prefetch.Line(in entries[i]);
        }
    }

    /// <summary>Puts an entry at a position, moving the later ones up.</summary>
    public void Insert(ref BucketSlot slot, int position, in TreeEntry entry)
    {
        if (slot.Count == slot.Capacity)
        {
            Move(ref slot, slot.Count + 1);
        }

        Span<TreeEntry> block = Block(slot);
        block[position..slot.Count].CopyTo(block[(position + 1)..]);
        block[position] = entry;
        slot.Count++;
    }

    /// <summary>Takes the entry at a position out, moving the later ones down.</summary>
    public void RemoveAt(ref BucketSlot slot, int position)
    {
        Span<TreeEntry> block = Block(slot)[..slot.Count];
        block[(position + 1)..].CopyTo(block[position..]);
        slot.Count--;
        if (slot.Count == 0)
        {
            Release(slot);
            slot = default;
        }
        else if (slot.Count <= slot.Capacity / 2)
        {
            Move(ref slot, slot.Count);
        }
    }

    /// <summary>A new bucket with these entries.</summary>
    public BucketSlot Add(ReadOnlySpan<TreeEntry> entries)
    {
        BucketSlot slot = default;
        if (!entries.IsEmpty)
        {
            slot.Capacity = (ushort)CapacityFor(entries.Length);
            slot.Count = (ushort)entries.Length;
            slot.Start = Take(slot.Capacity);
            entries.CopyTo(Block(slot));
        }

        return slot;
    }

    private Span<TreeEntry> Block(in BucketSlot slot) => slot.Capacity == 0
        ? []
        : _chunks[slot.Start >> ChunkShift].Span.Slice(slot.Start & (ChunkEntries - 1), slot.Capacity);

    private void Move(ref BucketSlot slot, int room)
    {
        BucketSlot moved = slot;
        moved.Capacity = (ushort)CapacityFor(room);
        moved.Start = Take(moved.Capacity);
        Read(slot).CopyTo(Block(moved));
        Release(slot);
        slot = moved;
    }

    private void Release(in BucketSlot slot)
    {
        if (slot.Capacity > 0)
        {
            Free(slot.Capacity).Push(slot.Start);
        }
    }

    private Stack<int> Free(int capacity) => _freeByCapacity[capacity] ??= new Stack<int>();

    private int Take(int capacity)
    {
        if (Free(capacity).TryPop(out int start))
        {
            return start;
        }

        int left = (_chunks.Count * ChunkEntries) - _next;
        if (left < capacity)
        {
            GrowFirst(ChunkEntries);
            AbandonRest(left);
            _next = _chunks.Count * ChunkEntries;
            _chunks.Add(new AlignedArray<TreeEntry>(_chunks.Count == 0 ? FirstEntries : ChunkEntries));
        }

        start = _next;
        _next += capacity;
        GrowFirst(_next);
        return start;
    }

    private void GrowFirst(int entries)
    {
        if (_chunks.Count == 1 && _chunks[0].Length < entries)
        {
            var larger = new AlignedArray<TreeEntry>(Math.Min(ChunkEntries, Math.Max(entries, 2 * _chunks[0].Length)));
            _chunks[0].Span.CopyTo(larger.Span);
            _chunks[0] = larger;
        }
    }

    /// <summary>What is left at the end of a chunk becomes blocks of the largest capacities that fit.</summary>
    private void AbandonRest(int left)
    {
        while (left > 0)
        {
            int capacity = LargestCapacityWithin(left);
            Free(capacity).Push(_next);
            _next += capacity;
            left -= capacity;
        }
    }

    private static int CapacityFor(int count)
    {
        if (count <= ExactCapacity)
        {
            return count;
        }

        int step = 1 << (BitOperations.Log2((uint)(count - 1)) - 2);
        return (count + step - 1) & -step;
    }

    private static int LargestCapacityWithin(int room)
    {
        if (room <= ExactCapacity)
        {
            return room;
        }

        int step = 1 << (BitOperations.Log2((uint)room) - 2);
        return room & -step;
    }
}
