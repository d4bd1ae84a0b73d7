using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class JournalTests
{
    [Fact]
    public void A_disk_that_is_full_in_the_middle_of_a_turn_leaves_no_trace_and_the_turn_goes_out_when_there_is_space()
    {
        using Journal journal = Open();
        journal.Append(Record(1, 0, "old"));
        journal.Flush();
        byte[] before = _disk.ReadAll(_disk.List()[0]);
        journal.Append(Test.Block(1));
        journal.Append(Record(1, 0, "new"));
        long length = before.Length;
        for (int written = 0; written < 300; written += 7)
        {
            // Cutting overwrites bytes that the file has: it needs no space.
            _disk.FailWritesAfter(written, once: true);
            Assert.Throws<JournalWriteException>(journal.Flush);
            Assert.Equal("old", Text(Reopened(_disk), 1));
            Assert.Equal(length, _disk.ReadAll(_disk.List()[0]).Length);
        }

        journal.Append(Record(2, 0, "a later turn"));
        journal.Flush();
        JournalContents recovered = Reopened(_disk);
        Assert.Equal("new", Text(recovered, 1));
        Assert.Equal("a later turn", Text(recovered, 2));
        Assert.Equal([Test.Block(1).Digest], recovered.Blocks.Select(block => block.Digest));
    }

    [Fact]
    public void A_write_that_fails_and_cannot_be_cut_away_is_latched()
    {
        using Journal journal = Open();
        journal.Append(Record(1, 0, "vote"));
        _disk.FailWritesAfter(10);
        Assert.Throws<JournalFailedException>(journal.Flush);
        _disk.HealWrites();
        Assert.Throws<JournalFailedException>(journal.Flush);
    }

    [Fact]
    public void A_failed_flush_is_latched_though_the_next_one_would_succeed()
    {
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "promised"));
            journal.Flush();
            journal.Append(Record(1, 0, "lost"));
            _disk.FailFlushes();
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Throws<JournalFailedException>(() => journal.Append(Record(2, 0, "x")));
            Assert.Throws<JournalFailedException>(() => journal.Append(Test.Block(1)));
            Assert.Throws<JournalFailedException>(() => journal.Discard(1, 0));
            Assert.Throws<JournalFailedException>(() => journal.MarkCommitted(new Height(1), default));
            journal.Release(new Height(1));
        }

        _disk.Crash();
        Assert.Equal("promised", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void No_space_for_the_next_segment_is_resumable()
    {
        using Journal journal = Open(options: Options(segmentBytes: 1024));
        journal.Append(Test.Block(1, bytes: 2000));
        _disk.CapacityBytes = 1500;
        Assert.Throws<JournalWriteException>(journal.Flush);
        Assert.Throws<JournalWriteException>(journal.Flush);
        _disk.CapacityBytes = null;
        journal.Flush();
        Assert.Equal([1UL], Reopened(_disk).Blocks.Select(block => block.Height.Value));
    }

    [Fact]
    public void What_waits_while_the_disk_is_full_is_bounded_and_goes_out_when_there_is_space()
    {
        using Journal journal = Open(options: Options() with { MaxTurnBytes = 4096 });
        ulong taken = 0;
        Assert.Throws<JournalWriteException>(() =>
        {
            for (; taken < 100; taken++)
            {
                // Cutting a failed write away needs no space.
                _disk.FailWritesAfter(100, once: true);
                journal.Append(Test.Block(taken + 1, bytes: 500));
            }
        });
        _disk.HealWrites();
        Assert.InRange(taken, 1UL, 8UL);
        journal.Append(Test.Block(taken + 1, bytes: 500));
        journal.Flush();
        Assert.Equal((int)taken + 1, Reopened(_disk).Blocks.Length);
    }

    [Fact]
    public void A_failed_directory_flush_after_an_old_segment_was_let_go_is_latched()
    {
        foreach (CrashLoss loss in new[] { CrashLoss.None, CrashLoss.All })
        {
            var disk = new MemoryDisk();
            List<string> warnings = [];
            using (Journal journal = Open(disk, Options(segmentBytes: 2048) with { Warn = warnings.Add }))
            {
                ulong height = 0;
                while (journal.Segments < 2)
                {
                    journal.Append(Test.Block(++height, bytes: 300));
                    journal.Flush();
                }

                journal.Release(new Height(height));
                journal.Append(Record(1, 0, "durable"));
                // The turn's own flush succeeds.
                disk.FailFlushes(after: 1);
                Assert.Throws<JournalFailedException>(journal.Flush);
                Assert.Equal(1, journal.Segments);
                Assert.Throws<JournalFailedException>(() => journal.Append(Record(1, 0, "refused")));
                Assert.Throws<JournalFailedException>(journal.Flush);
                Assert.Empty(warnings);
            }

            disk.Crash(loss);
            Assert.Equal("durable", Text(Reopened(disk), 1));
        }
    }
}
