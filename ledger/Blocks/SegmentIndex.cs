using System.Runtime.InteropServices;
using Bft.Engine;

namespace Bft.Ledger;

/// <summary>Where something may be: 64 bits of a name, a number within the name, how many numbers, and the height as a distance from the segment's first. 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct IndexEntry(ulong Key, ulong First, uint Count, uint Distance) : IComparable<IndexEntry>
{
    public const int Bytes = 24;

    public int CompareTo(IndexEntry other)
    {
        int order = Key.CompareTo(other.Key);
        order = order != 0 ? order : First.CompareTo(other.First);
        return order != 0 ? order : Distance.CompareTo(other.Distance);
    }
}

/// <summary>
/// Candidates for blocks and transactions of one segment, by 64 bits of their digests. A candidate is a hint: the ledger looks at the
/// block itself before it answers.
/// </summary>
internal interface ISegmentIndex : IDisposable
{
    /// <summary>Adds the distances of blocks whose digest starts with these bits.</summary>
    void FindBlocks(ulong digest, List<uint> distances);

    /// <summary>Adds the distances of blocks with a run of a client, by the first bits of its identity, that holds the sequence.</summary>
    void FindRuns(ulong client, ulong sequence, List<uint> distances);
}

/// <summary>
/// The index of the segment that grows: unsorted arrays that one thread appends to at no more than a copy a run, and any thread scans
/// (a full segment takes about a millisecond).
/// </summary>
internal sealed class GrowingIndex : ISegmentIndex
{
    private readonly Column _blocks = new();
    private readonly Column _runs = new();

    /// <summary>Copies in ascending order of key.</summary>
    public IndexEntry[] SortedBlocks => _blocks.Sorted();

    /// <inheritdoc cref="SortedBlocks"/>
    public IndexEntry[] SortedRuns => _runs.Sorted();

    public void Add(Block block, uint distance)
    {
        foreach (Run run in block.Payload.Runs)
        {
            _runs.Add(new IndexEntry(run.Client.Prefix, run.First, (uint)run.Count, distance));
        }

        _blocks.Add(new IndexEntry(block.Digest.Prefix, 0, 0, distance));
    }

    public void FindBlocks(ulong digest, List<uint> distances)
    {
        foreach (ref readonly IndexEntry entry in _blocks.Entries)
        {
            if (entry.Key == digest)
            {
                distances.Add(entry.Distance);
            }
        }
    }

    public void FindRuns(ulong client, ulong sequence, List<uint> distances)
    {
        foreach (ref readonly IndexEntry entry in _runs.Entries)
        {
            if (entry.Key == client && sequence >= entry.First && sequence - entry.First < entry.Count)
            {
                distances.Add(entry.Distance);
            }
        }
    }

    public void Dispose()
    {
    }

    private sealed class Column
    {
        private IndexEntry[] _entries = new IndexEntry[64];
        private int _count;

        public ReadOnlySpan<IndexEntry> Entries
        {
            get
            {
                int count = Volatile.Read(ref _count);
                return _entries.AsSpan(0, count);
            }
        }

        public void Add(IndexEntry entry)
        {
            IndexEntry[] entries = _entries;
            if (_count == entries.Length)
            {
                Array.Resize(ref entries, 2 * entries.Length);
            }

            entries[_count] = entry;
            _entries = entries;
            Volatile.Write(ref _count, _count + 1);
        }

        public IndexEntry[] Sorted()
        {
            IndexEntry[] sorted = Entries.ToArray();
            Array.Sort(sorted);
            return sorted;
        }
    }
}
