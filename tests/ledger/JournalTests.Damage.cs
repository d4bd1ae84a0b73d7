using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class JournalTests
{
    [Fact]
    public void A_bad_turn_that_good_ones_follow_is_refused_with_file_and_offset_whichever_byte_is_bad()
    {
        List<long> starts = [];
        using (Journal journal = Open())
        {
            for (ulong turn = 1; turn <= 4; turn++)
            {
                starts.Add(EndOf(_disk, out _));
                journal.Append(Test.Block(turn));
                journal.Append(Record(1, 0, $"{turn}"));
                journal.Flush();
            }
        }

        _ = EndOf(_disk, out string name);
        for (long offset = starts[0]; offset < starts[3]; offset++)
        {
            if (IsPadding(offset))
            {
                continue;
            }

            MemoryDisk disk = _disk.Copy();
            disk.Flip(name, offset, 0x10);
            JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open(disk));
            Assert.Equal(name, damage.File);
            Assert.Equal(starts.Last(start => start <= offset), damage.Offset);
        }

        // Up to seven bytes between a frame and the next multiple of eight belong to nobody.
        bool IsPadding(long offset)
        {
            long start = starts.Last(start => start <= offset);
            uint length = BitConverter.ToUInt32(_disk.ReadAll(name), (int)start + 12);
            return offset >= start + JournalSegment.FrameHeaderBytes + length;
        }
    }

    [Fact]
    public void Damage_in_a_segment_that_is_not_the_last_is_refused_even_in_its_last_turn()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            for (ulong turn = 1; journal.Segments < 3 && turn < 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
            }
        }

        string first = _disk.List()[0];
        byte[] bytes = _disk.ReadAll(first);
        int last = Array.FindLastIndex(bytes, value => value != 0);
        _disk.Flip(first, last);
        JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open());
        Assert.Equal(first, damage.File);
        Assert.InRange(damage.Offset, FileHeader.Bytes, last);
    }

    [Fact]
    public void A_missing_segment_and_a_bad_segment_header_are_refused()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 2048)))
        {
            for (ulong turn = 1; journal.Segments < 4 && turn < 100; turn++)
            {
                journal.Append(Test.Block(turn, bytes: 300));
                journal.Flush();
            }
        }

        MemoryDisk missing = _disk.Copy();
        missing.Delete(missing.List()[1]);
        Assert.Equal("the file is missing", Assert.Throws<JournalDamagedException>(() => Open(missing)).Reason);

        foreach (string name in _disk.List())
        {
            MemoryDisk disk = _disk.Copy();
            disk.Flip(name, 50);
            JournalDamagedException damage = Assert.Throws<JournalDamagedException>(() => Open(disk));
            Assert.Equal((name, 0), (damage.File, damage.Offset));
        }
    }

    [Fact]
    public void A_journal_of_another_chain_is_refused_with_both_names()
    {
        Open().Dispose();
        var other = new TestChain("other");
        ForeignFileException foreign = Assert.Throws<ForeignFileException>(() => Journal.Open(_disk, other.Chain, Options()));
        Assert.Contains(Test.Chain.Id.ToShortString(), foreign.Message, StringComparison.Ordinal);
        Assert.Contains(other.Chain.Id.ToShortString(), foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_stale_bytes_of_a_reused_file_never_come_back()
    {
        // A segment is filled, released and reused; the new life is cut at every frame boundary of the old one.
        using (Journal journal = Open(options: Options(segmentBytes: 4096)))
        {
            for (ulong turn = 1; turn <= 60; turn++)
            {
                journal.Append(Record(1, 0, $"{turn:D4}"));
                journal.Append(Test.Block(turn, bytes: 100));
                journal.Flush();
                journal.Release(new Height(turn));
            }

            journal.Flush();
        }

        string name = _disk.List().Last(file => file.EndsWith(".seg", StringComparison.Ordinal));
        Assert.True(_disk.ReadAll(name).AsSpan().IndexOf("0001"u8) < 0);
        Assert.Contains(_disk.ReadAll(name).AsSpan((int)EndOf(_disk, out _)).ToArray(), value => value != 0);
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("0060", Text(recovered, 1));
        Assert.Empty(recovered.Blocks);
    }

    [Fact]
    public void A_frame_of_an_earlier_life_at_the_very_same_place_is_stale()
    {
        // Two segments of the same layout and different salts: what is good in one is no frame in the other.
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "first life"));
            journal.Flush();
        }

        byte[] old = _disk.ReadAll(_disk.List()[0]);
        var disk = new MemoryDisk();
        Open(disk).Dispose();
        long end = EndOf(disk, out string name);
        byte[] reused = disk.ReadAll(name);
        old.AsSpan((int)end).CopyTo(reused.AsSpan((int)end));
        disk.Put(name, reused);
        Assert.Empty(Reopened(disk).Records);
    }
}
