using System.Buffers.Binary;
using System.IO.Hashing;
using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// The index beside a sealed segment: where its records start, its blocks by digest and its runs by client, sorted. Derived: made anew
/// out of the segment when missing or damaged.
/// </summary>
/// <remarks>
/// Header fields: segment number (8), first height (8), blocks (4), runs (4), the segment's length (8), hash chain up to its end (32).
/// Then blocks + 1 offsets (4 each) with a checksum (8), the blocks' table and the runs' table (<see cref="SortedPages"/>).
/// </remarks>
internal sealed class SegmentIndexFile : ISegmentIndex
{
    private static readonly ulong Magic = FileHeader.Magic("BFTBIDX1"u8);

    private readonly IDiskFile _file;
    private readonly SortedPages _blocks;
    private readonly SortedPages _runs;

    private SegmentIndexFile(IDiskFile file, int blocks, int runs)
    {
        _file = file;
        long at = FileHeader.Bytes + OffsetBytes(blocks);
        _blocks = new SortedPages(file, at, blocks);
        _runs = new SortedPages(file, at + SortedPages.BytesFor(blocks), runs);
    }

    /// <summary>Writes the file of a segment, name last.</summary>
    public static void Write(IDisk disk, Chain chain, BlockSegment segment, GrowingIndex content)
    {
        IndexEntry[] blocks = content.SortedBlocks;
        IndexEntry[] runs = content.SortedRuns;
        const string Temporary = "blocks-index.tmp";
        using (IDiskFile file = disk.Create(Temporary))
        {
            var head = new byte[FileHeader.Bytes + OffsetBytes(blocks.Length)];
            FileHeader.Begin(head, Magic, chain);
            Span<byte> fields = FileHeader.Fields(head);
            BinaryPrimitives.WriteUInt64LittleEndian(fields, segment.Number);
            BinaryPrimitives.WriteUInt64LittleEndian(fields[8..], segment.First.Value);
            BinaryPrimitives.WriteInt32LittleEndian(fields[16..], blocks.Length);
            BinaryPrimitives.WriteInt32LittleEndian(fields[20..], runs.Length);
            BinaryPrimitives.WriteInt64LittleEndian(fields[24..], segment.End);
            segment.ChainAfter.CopyTo(fields[32..]);
            FileHeader.Seal(head);
            Span<byte> offsets = head.AsSpan(FileHeader.Bytes);
            for (int i = 0; i <= blocks.Length; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(offsets[(4 * i)..], segment.Offsets[i]);
            }

            BinaryPrimitives.WriteUInt64LittleEndian(offsets[^8..], XxHash3.HashToUInt64(offsets[..^8]));
            file.Write(0, head);
            SortedPages.Write(file, head.Length, blocks);
            SortedPages.Write(file, head.Length + SortedPages.BytesFor(blocks.Length), runs);
            file.Flush();
        }

        disk.Rename(Temporary, segment.IndexName);
        disk.Flush();
    }

    /// <summary>Opens the file of a sealed segment and takes the segment's offsets out of it. Null when it is missing, damaged or of another segment.</summary>
    public static SegmentIndexFile? TryOpen(IDisk disk, Chain chain, BlockSegment segment)
    {
        IDiskFile file;
        try
        {
            file = disk.Open(segment.IndexName, writable: false);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        SegmentIndexFile? index = TryRead(file, chain, segment);
        if (index is null)
        {
            file.Dispose();
        }

        return index;
    }

    public void FindBlocks(ulong digest, List<uint> distances)
    {
        var found = new List<IndexEntry>();
        _blocks.Find(digest, 0, 0, found);
        foreach (IndexEntry entry in found)
        {
            distances.Add(entry.Distance);
        }
    }

    public void FindRuns(ulong client, ulong sequence, List<uint> distances)
    {
        var found = new List<IndexEntry>();
        _runs.Find(client, sequence - Math.Min(sequence, ushort.MaxValue), sequence, found);
        foreach (IndexEntry entry in found)
        {
            if (sequence - entry.First < entry.Count)
            {
                distances.Add(entry.Distance);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static SegmentIndexFile? TryRead(IDiskFile file, Chain chain, BlockSegment segment)
    {
        Span<byte> header = stackalloc byte[FileHeader.Bytes];
        if (FileHeader.Read(file, header, Magic, chain) != FileHeader.Verdict.Good)
        {
            return null;
        }

        ReadOnlySpan<byte> fields = FileHeader.FieldsOf(header);
        int blocks = BinaryPrimitives.ReadInt32LittleEndian(fields[16..]);
        int runs = BinaryPrimitives.ReadInt32LittleEndian(fields[20..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(fields) != segment.Number ||
            BinaryPrimitives.ReadUInt64LittleEndian(fields[8..]) != segment.First.Value ||
            BinaryPrimitives.ReadInt64LittleEndian(fields[24..]) != segment.File.Length ||
            file.Length != FileHeader.Bytes + OffsetBytes(blocks) + SortedPages.BytesFor(blocks) + SortedPages.BytesFor(runs))
        {
            return null;
        }

        var bytes = new byte[OffsetBytes(blocks)];
        if (file.Read(FileHeader.Bytes, bytes) != bytes.Length || XxHash3.HashToUInt64(bytes.AsSpan()[..^8]) != BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan()[^8..]))
        {
            return null;
        }

        var offsets = new uint[blocks + 1];
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 * i));
        }

        segment.Restore(offsets, new Digest(fields[32..]));
        return new SegmentIndexFile(file, blocks, runs);
    }

    private static int OffsetBytes(int blocks) => (4 * (blocks + 1)) + 8;
}
