using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class JournalTests
{
    private static readonly TestChain Test = new();
    private readonly MemoryDisk _disk = new();
    private ulong _salt = 7;

    private JournalOptions Options(int segmentBytes = 1 << 16, int maxSegments = 4) =>
        new() { SegmentBytes = segmentBytes, MaxSegments = maxSegments, PrepareAhead = false, Salt = () => unchecked(_salt = (_salt * 6364136223846793005UL) + 1442695040888963407UL) };

    private Journal Open(IDisk? disk = null, JournalOptions? options = null) => Journal.Open(disk ?? _disk, Test.Chain, options ?? Options());

    private static SafetyRecord Record(byte kind, ulong slot, string content) => new(new RecordKey(kind, slot), System.Text.Encoding.ASCII.GetBytes(content));

    private static string Text(JournalContents contents, byte kind, ulong slot = 0) =>
        System.Text.Encoding.ASCII.GetString(contents.Records.Single(record => record.Key == new RecordKey(kind, slot)).Content.Span);

    [Fact]
    public void What_was_flushed_is_there_after_a_crash_and_what_was_not_is_not()
    {
        using (Journal journal = Open())
        {
            Assert.True(journal.Recovered.IsNew);
            journal.Append(Test.Block(1));
            journal.Append(Record(1, 0, "first"));
            journal.Append(Record(1, 0, "second"));
            journal.Append(Record(200, 5, "slot five"));
            journal.MarkCommitted(new Height(1), Test.Block(1).Digest);
            journal.Flush();
            journal.Append(Record(1, 0, "third"));
        }

        _disk.Crash();
        using Journal again = Open();
        Assert.False(again.Recovered.IsNew);
        Assert.Equal([Test.Block(1).Digest], again.Recovered.Blocks.Select(block => block.Digest));
        Assert.True(Test.Block(1).Encoded.Span.SequenceEqual(again.Recovered.Blocks[0].Encoded.Span));
        Assert.Equal("second", Text(again.Recovered, 1));
        Assert.Equal("slot five", Text(again.Recovered, 200, 5));
        Assert.Equal((new Height(1), Test.Block(1).Digest), again.Recovered.Committed);
    }

    [Fact]
    public void A_turn_costs_one_write_and_one_flush()
    {
        using Journal journal = Open();
        (int flushes, int writes) = (_disk.FileFlushes, _disk.Writes);
        journal.Append(Test.Block(1));
        journal.Append(Record(1, 0, "vote"));
        journal.Flush();
        Assert.Equal((flushes + 1, writes + 1), (_disk.FileFlushes, _disk.Writes));
        journal.Flush();
        Assert.Equal(flushes + 1, _disk.FileFlushes);
    }

    [Fact]
    public void Discarded_records_stay_away_and_other_kinds_and_higher_slots_stay()
    {
        using (Journal journal = Open())
        {
            for (ulong slot = 1; slot <= 4; slot++)
            {
                journal.Append(Record(4, slot, "prepare"));
                journal.Append(Record(5, slot, "commit"));
            }

            journal.Discard(4, 3);
            journal.Flush();
        }

        using Journal again = Open();
        Assert.Equal([new RecordKey(4, 4), .. Enumerable.Range(1, 4).Select(slot => new RecordKey(5, (ulong)slot))], again.Recovered.Records.Select(record => record.Key));
    }

    [Fact]
    public void A_block_whose_height_has_another_committed_is_not_recovered()
    {
        Block winner = Test.Block(2, fork: 1);
        using (Journal journal = Open())
        {
            journal.Append(Test.Block(1));
            journal.Append(Test.Block(2, fork: 0));
            journal.Append(winner);
            journal.Append(Test.Block(3));
            journal.MarkCommitted(new Height(2), winner.Digest);
            journal.Flush();
        }

        using Journal again = Open();
        Assert.Equal([Test.Block(1).Digest, winner.Digest, Test.Block(3).Digest], again.Recovered.Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void Rotation_carries_safety_records_and_marks_forward_so_that_old_segments_may_go()
    {
        var marked = (new Height(200), Test.Block(200).Digest);
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            journal.Append(Record(1, 0, "the vote that must never be forgotten"));
            journal.Append(Record(4, 1, "discarded"));
            journal.Append(Record(4, 2, "kept"));
            journal.Discard(4, 1);
            journal.Flush();
            for (ulong turn = 1; turn <= 200; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.MarkCommitted(new Height(turn), Test.Block(turn, bytes: 300).Digest);
                journal.Flush();
                if (turn >= 3)
                {
                    journal.Release(new Height(turn - 2));
                }
            }

            journal.MarkCommitted(marked.Item1, marked.Digest);
            journal.Flush();
            Assert.InRange(journal.Segments, 1, 3);
        }

        Assert.InRange(_disk.List().Count, 1, 4);
        _disk.Crash();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("the vote that must never be forgotten", Text(recovered, 1));
        Assert.Equal("kept", Text(recovered, 4, 2));
        Assert.Equal(2, recovered.Records.Length);
        Assert.Equal(marked, recovered.Committed);
        Assert.Equal([199UL], recovered.Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void A_few_old_blocks_that_nobody_releases_are_carried_forward_in_their_order_and_hold_no_segment()
    {
        Block[] pinned = [Test.Block(5000), Test.Block(4000), Test.Block(4500)];
        using (Journal journal = Open(options: Options(segmentBytes: 8192)))
        {
            foreach (Block block in pinned)
            {
                journal.Append(block);
            }

            journal.Flush();
            for (ulong turn = 1; turn <= 400; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
                journal.Release(new Height(turn));
            }

            journal.Flush();
            Assert.InRange(journal.Segments, 1, 4);
        }

        Assert.Equal(pinned.Select(block => block.Digest), Reopened(_disk).Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void Blocks_that_are_not_released_stay_however_many_segments_that_takes()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 4096)))
        {
            for (ulong turn = 1; turn <= 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 500));
                journal.Flush();
            }
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(height => (ulong)height), Reopened(_disk).Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void A_turn_larger_than_a_segment_gets_a_file_of_its_size()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 1024)))
        {
            journal.Append(Test.Block(1, bytes: 60_000));
            journal.Append(Test.Block(2, bytes: 60_000));
            journal.Flush();
        }

        Assert.Equal(2, Reopened(_disk).Blocks.Length);
    }

    [Fact]
    public void A_turn_above_the_limit_goes_out_in_parts_and_only_a_single_record_above_it_is_refused()
    {
        using Journal journal = Open(options: Options() with { MaxTurnBytes = 4096 });
        for (ulong height = 1; height < 100; height++)
        {
            journal.Append(Test.Block(height, bytes: 500));
            journal.Append(Record(1, 0, $"{height}"));
            journal.MarkCommitted(new Height(height), Test.Block(height, bytes: 500).Digest);
        }

        Assert.Throws<ArgumentException>(() => journal.Append(Test.Block(100, bytes: 5000)));
        journal.Flush();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("99", Text(recovered, 1));
        Assert.Equal(99, recovered.Blocks.Length);
    }

    // Where the next frame goes in the last segment.
    private static long EndOf(MemoryDisk disk, out string name)
    {
        name = disk.List().Last(file => file.EndsWith(".seg", StringComparison.Ordinal));
        using IDiskFile file = disk.Open(name);
        JournalSegment segment = JournalSegment.ReadHeader(disk, file, Test.Chain);
        long offset = FileHeader.Bytes;
        byte[] buffer = [];
        while (segment.TryReadFrame(file, offset, ref buffer, out int bytes))
        {
            offset = JournalSegment.Align(offset + bytes);
        }

        return offset;
    }
}
