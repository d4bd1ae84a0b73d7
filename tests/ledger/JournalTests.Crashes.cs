using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class JournalTests
{
    [Fact]
    public void A_crash_at_every_byte_of_the_last_turn_keeps_all_turns_before_it_and_none_of_it()
    {
        long start;
        using (Journal journal = Open())
        {
            journal.Append(Test.Block(1));
            journal.Append(Record(1, 0, "old"));
            journal.Flush();
            start = EndOf(_disk, out _);
            journal.Append(Test.Block(2));
            journal.Append(Record(1, 0, "new"));
            journal.Append(Record(2, 0, "new too"));
            journal.Flush();
        }

        _ = EndOf(_disk, out string name);
        byte[] whole = _disk.ReadAll(name);
        long end = start + JournalSegment.FrameHeaderBytes + BitConverter.ToUInt32(whole, (int)start + 12);
        for (long cut = start; cut <= end; cut++)
        {
            foreach (bool zeros in new[] { true, false })
            {
                // Zero-filled beyond the cut, or the file ends there.
                byte[] torn = [.. whole[..(int)cut], .. new byte[zeros ? whole.Length - cut : 0]];
                bool isWhole = torn.AsSpan().IndexOf(whole.AsSpan((int)start, (int)(end - start))) >= 0;
                MemoryDisk disk = _disk.Copy();
                disk.Put(name, torn);
                using (Journal again = Open(disk))
                {
                    Assert.Equal(isWhole ? "new" : "old", Text(again.Recovered, 1));
                    Assert.Equal(isWhole ? 2 : 1, again.Recovered.Blocks.Length);
                    Assert.Equal(isWhole ? 2 : 1, again.Recovered.Records.Length);

                    // What comes next lands where the torn turn was.
                    again.Append(Record(9, 0, "after"));
                    again.Flush();
                }

                disk.Crash();
                using Journal third = Open(disk);
                Assert.Equal("after", Text(third.Recovered, 9));
                Assert.Equal(isWhole ? "new" : "old", Text(third.Recovered, 1));
            }
        }
    }

    [Fact]
    public void A_crash_that_keeps_any_sectors_of_any_writes_loses_only_the_turn_that_was_not_flushed()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var disk = new MemoryDisk();
            var random = new Random(seed);
            int flushed = 0;
            using (Journal journal = Open(disk, Options(segmentBytes: 4096)))
            {
                int turns = random.Next(1, 12);
                for (int turn = 1; turn <= turns; turn++)
                {
                    journal.Append(Test.Block((ulong)turn, bytes: random.Next(1, 1500)));
                    journal.Append(Record(1, 0, $"{turn}"));
                    if (random.Next(4) == 0)
                    {
                        journal.Release(new Height((ulong)random.Next(turn)));
                    }

                    if (turn == turns && random.Next(2) == 0)
                    {
                        disk.FailFlushes();
                        Assert.ThrowsAny<IOException>(journal.Flush);
                        continue;
                    }

                    journal.Flush();
                    flushed = turn;
                }
            }

            disk.Crash(CrashLoss.Torn, seed);
            using Journal again = Open(disk, Options(segmentBytes: 4096));
            int recovered = again.Recovered.Records.IsEmpty ? 0 : int.Parse(Text(again.Recovered, 1), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(recovered >= flushed, $"seed {seed}: turn {flushed} was flushed, {recovered} is the last one");
            ulong highest = again.Recovered.Blocks.IsEmpty ? 0 : again.Recovered.Blocks.Max(block => block.Height.Value);
            Assert.True(recovered == 0 || highest == (ulong)recovered, $"seed {seed}: records of turn {recovered}, blocks up to {highest}");
        }
    }

    [Fact]
    public void A_crash_while_a_new_segment_is_made_loses_nothing_that_was_flushed()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk();
            using (Journal journal = Open(disk, Options(segmentBytes: 1024)))
            {
                journal.Append(Record(1, 0, "kept"));
                journal.Flush();
                journal.Append(Test.Block(1, bytes: 2000));
                // One of the flushes on the way to the new segment fails: of the zeros, the frame, the directory.
                disk.FailFlushes(after: seed % 3);
                Assert.ThrowsAny<IOException>(journal.Flush);
            }

            disk.Crash(CrashLoss.Torn, seed);
            using Journal again = Open(disk, Options(segmentBytes: 1024));
            Assert.Equal("kept", Text(again.Recovered, 1));
        }
    }

    [Fact]
    public void What_a_killed_process_wrote_and_never_flushed_is_durable_before_it_is_trusted()
    {
        // The kill comes between write and flush: the next start reads the turn from the kernel's memory.
        KillBeforeTheFlush(_disk);
        using (Journal again = Open())
        {
            Assert.Equal("sent again without a new record", Text(again.Recovered, 1));
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal("sent again without a new record", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void What_a_failed_flush_left_in_memory_is_written_again_before_it_is_trusted()
    {
        using (Journal journal = Open())
        {
            journal.Append(Record(1, 0, "promised"));
            journal.Flush();
            journal.Append(Record(1, 0, "its pages are clean and not on the medium"));
            _disk.FailFlushes();
            Assert.Throws<JournalFailedException>(journal.Flush);
        }

        _disk.Crash(CrashLoss.None);
        string trusted;
        using (Journal again = Open())
        {
            trusted = Text(again.Recovered, 1);
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal(trusted, Text(Reopened(_disk), 1));
    }

    [Fact]
    public void A_segment_whose_name_was_not_durable_has_a_durable_name_before_it_is_trusted()
    {
        using (Journal journal = Open(options: Options(segmentBytes: 1024)))
        {
            journal.Append(Record(1, 0, "old"));
            journal.Flush();
            journal.Append(Record(1, 0, "in the next segment"));
            journal.Append(Test.Block(1, bytes: 2000));
            // The zeros, the frame, then the directory.
            _disk.FailFlushes(after: 2);
            Assert.Throws<JournalFailedException>(journal.Flush);
            Assert.Equal(2, _disk.List().Count(name => name.EndsWith(".seg", StringComparison.Ordinal)));
        }

        _disk.Crash(CrashLoss.None);
        using (Journal again = Open(options: Options(segmentBytes: 1024)))
        {
            Assert.Equal("in the next segment", Text(again.Recovered, 1));
        }

        _disk.Crash(CrashLoss.All);
        Assert.Equal("in the next segment", Text(Reopened(_disk), 1));
    }

    [Fact]
    public void A_start_that_cannot_make_durable_what_it_read_fails()
    {
        KillBeforeTheFlush(_disk);
        for (int after = 0; after < 2; after++)
        {
            _disk.FailFlushes(after: after);
            Assert.ThrowsAny<IOException>(() => Open());
        }

        Open().Dispose();
        _disk.Crash(CrashLoss.All);
        Assert.Equal("sent again without a new record", Text(Reopened(_disk), 1));
    }

    // Leaves a whole frame in the file that no flush followed.
    private void KillBeforeTheFlush(MemoryDisk disk)
    {
        using (Journal journal = Open(disk))
        {
            journal.Append(Record(1, 0, "flushed"));
            journal.Flush();
        }

        long start = EndOf(disk, out string name);
        MemoryDisk other = disk.Copy();
        using (Journal journal = Open(other))
        {
            journal.Append(Record(1, 0, "sent again without a new record"));
            journal.Flush();
            byte[] whole = other.ReadAll(name);
            using IDiskFile file = disk.Open(name);
            file.Write(start, whole.AsSpan((int)start, 512));
        }

        disk.Crash(CrashLoss.None);
    }

    private JournalContents Reopened(MemoryDisk disk)
    {
        using Journal journal = Open(disk.Copy());
        return journal.Recovered;
    }
}
