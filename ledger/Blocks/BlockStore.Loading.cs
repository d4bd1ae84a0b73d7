using Bft.Engine;

namespace Bft.Ledger;

public sealed partial class BlockStore
{
    private void Load()
    {
        List<ulong> numbers = [];
        foreach (string name in _disk.List())
        {
            if (BlockSegment.TryParseName(name, out ulong number))
            {
                numbers.Add(number);
            }
            else if (name.EndsWith(".tmp", StringComparison.Ordinal))
            {
                _disk.Delete(name);
            }
        }

        for (int i = 0; i < numbers.Count; i++)
        {
            LoadSegment(numbers[i], (ulong)i + 1, isLast: i == numbers.Count - 1);
        }

        if (numbers.Count == 0)
        {
            BlockSegment first = BlockSegment.Create(_disk, _chain, 1, new Height(1), _tip.Chain, NewSalt());
            first.Index = _growing;
            _segments = [first];
        }

        MakeDurable();
        _durable = Last.End;
    }

    // What was read may be in the kernel's memory only, and after a failed flush its pages may count as clean: then a flush writes them
    // only when they are written anew. The last record says how much of the file was durable before it.
    private void MakeDurable()
    {
        BlockSegment last = Last;
        if (last.Count > 0)
        {
            var bytes = new byte[(int)Math.Min(1 << 16, last.End)];
            long offset = last.Offsets[^2];
            int read = last.File.Read(offset, bytes.AsSpan(0, BlockRecord.HeaderBytes));
            offset = Math.Min(offset, BlockRecord.Durable(bytes.AsSpan(0, read)));
            for (; offset < last.End; offset += read)
            {
                read = last.File.Read(offset, bytes.AsSpan(0, (int)Math.Min(bytes.Length, last.End - offset)));
                last.File.Write(offset, bytes.AsSpan(0, read));
            }
        }

        last.File.Flush();
        _disk.Flush();
    }

    private void LoadSegment(ulong number, ulong expected, bool isLast)
    {
        Height next = _tip.Height.Next();
        if (number != expected)
        {
            throw new LedgerDamagedException(_disk.Location, BlockSegment.NameOf(expected), 0, next, "the file is missing");
        }

        BlockSegment segment = BlockSegment.Open(_disk, _chain, number, next, writable: isLast);
        _segments = [.. _segments, segment];
        if (segment.First != next || segment.ChainBefore != _tip.Chain)
        {
            throw Damaged(segment, 0, next, $"it starts at height {segment.First} on chain digest {segment.ChainBefore.ToShortString()}…, the segment before it ends at {_tip.Height} with {_tip.Chain.ToShortString()}…");
        }

        if (isLast)
        {
            Scan(segment, _growing, cutTail: true);
            segment.Index = _growing;
        }
        else if ((segment.Index = SegmentIndexFile.TryOpen(_disk, _chain, segment)) is null)
        {
            _options.Warn?.Invoke($"The index {segment.IndexName} in {_disk.Location} is missing or damaged and is made anew.");
            var content = new GrowingIndex();
            Scan(segment, content, cutTail: false);
            WriteIndex(segment, content);
        }

        _tip = new Tip(new Height(segment.NextHeight.Value - 1), segment.ChainAfter);
    }

    // Reads every record of a segment into its offsets and an index.
    private void Scan(BlockSegment segment, GrowingIndex content, bool cutTail)
    {
        var scanner = new BlockScanner(_chain, segment.File, segment.Salt, segment.First, segment.ChainBefore);
        RecordFinding finding;
        while ((finding = scanner.Next()) == RecordFinding.Whole)
        {
            // The scanner's buffer is used again; of the block only digest and runs are kept.
            CommittedBlock committed = BlockRecord.Decode(_chain, scanner.Record) ?? throw Damaged(segment, scanner.Offset, scanner.Height, "the record cannot be decoded");
            content.Add(committed.Block, (uint)segment.Count);
            segment.Add(scanner.RecordBytes, scanner.Chain);
        }

        if (finding == RecordFinding.End)
        {
            return;
        }

        if (finding == RecordFinding.Wrong)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, scanner.Reason);
        }

        string reason = finding == RecordFinding.Bad ? scanner.Reason : "the record is cut off";
        if (!cutTail)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, $"{reason}, and another segment follows");
        }

        if (scanner.FindLaterDurable() is { } later)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, $"{reason}, and a good record follows at {later} that was written after this one was durable");
        }

        TornBytes = segment.File.Length - scanner.Offset;
        segment.File.SetLength(scanner.Offset);
    }
}
