using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class BlockStoreTests
{
    [Fact]
    public void A_crash_at_every_byte_of_the_last_record_cuts_it_and_keeps_the_others()
    {
        Filled(5).Dispose();
        string name = _disk.List()[0];
        byte[] whole = _disk.ReadAll(name);
        int start = LastRecordAt(whole, 5);
        for (int cut = start; cut <= whole.Length; cut++)
        {
            foreach (bool zeros in new[] { false, true })
            {
                byte[] torn = [.. whole[..cut], .. new byte[zeros ? whole.Length - cut : 0]];
                int kept = torn.AsSpan().SequenceEqual(whole) ? 5 : 4;
                MemoryDisk disk = _disk.Copy();
                disk.Put(name, torn);
                using (BlockStore again = Open(disk))
                {
                    Assert.Equal(new Height((ulong)kept), again.Height);
                    Assert.Equal(kept == 5 ? 0 : torn.Length - start, again.TornBytes);
                    again.Append(Blocks[kept]);
                    again.Flush();
                }

                disk.Crash();
                using BlockStore third = Open(disk);
                AssertHolds(third, kept + 1);
            }
        }
    }

    [Fact]
    public void A_crash_that_keeps_any_sectors_of_unflushed_records_never_loses_a_flushed_one_and_never_refuses()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var disk = new MemoryDisk();
            var random = new Random(seed);
            int flushed = 0;
            using (BlockStore store = Open(disk, segmentBytes: 4000))
            {
                int count = random.Next(1, 30);
                for (int i = 0; i < count; i++)
                {
                    store.Append(Blocks[i]);
                    if (random.Next(5) == 0)
                    {
                        flushed = (int)store.Flush().Value;
                    }
                }
            }

            disk.Crash(CrashLoss.Torn, seed);
            using BlockStore again = Open(disk, segmentBytes: 4000);
            Assert.True(again.Height.Value >= (ulong)flushed, $"seed {seed}: {flushed} were flushed, {again.Height} are there");
            AssertHolds(again, (int)again.Height.Value);
        }
    }

    [Fact]
    public void What_a_killed_process_appended_and_never_flushed_is_durable_before_it_counts_as_such()
    {
        Filled(2).Dispose();
        using (BlockStore store = Open())
        {
            store.Append(Blocks[2]);
            store.Append(Blocks[3]);
        }

        _disk.Crash(CrashLoss.None);
        using (BlockStore again = Open())
        {
            Assert.Equal(new Height(4), again.Flush());
        }

        _disk.Crash(CrashLoss.All);
        using BlockStore third = Open();
        AssertHolds(third, 4);
    }

    [Fact]
    public void What_a_failed_flush_left_in_memory_is_written_again_before_it_counts_as_durable()
    {
        using (BlockStore store = Filled(2))
        {
            store.Append(Blocks[2]);
            store.Append(Blocks[3]);
            _disk.FailFlushes();
            Assert.Throws<LedgerFailedException>(() => store.Flush());
        }

        _disk.Crash(CrashLoss.None);
        int height;
        using (BlockStore again = Open())
        {
            height = (int)again.Flush().Value;
        }

        _disk.Crash(CrashLoss.All);
        using BlockStore third = Open();
        AssertHolds(third, height);
    }

    [Fact]
    public void A_full_segment_that_was_never_flushed_is_durable_before_the_next_one_is_begun()
    {
        Filled(3, flushEvery: 100).Dispose();
        _disk.Crash(CrashLoss.None);
        using (BlockStore again = Open(segmentBytes: 200))
        {
            again.Append(Blocks[3]);
            Assert.Equal(new Height(4), again.Flush());
        }

        _disk.Crash(CrashLoss.All);
        using BlockStore third = Open(segmentBytes: 200);
        AssertHolds(third, 4);
    }

    [Fact]
    public void A_segment_whose_name_was_not_durable_has_a_durable_name_before_it_counts()
    {
        using (BlockStore store = Filled(2, segmentBytes: 1))
        {
            // The segment's header, then the directory.
            _disk.FailFlushes(after: 1);
            Assert.Throws<LedgerFailedException>(() => store.Append(Blocks[2]));
        }

        _disk.Crash(CrashLoss.None);
        using (BlockStore again = Open(segmentBytes: 1))
        {
            again.Append(Blocks[2]);
            Assert.Equal(new Height(3), again.Flush());
        }

        _disk.Crash(CrashLoss.All);
        using BlockStore third = Open(segmentBytes: 1);
        AssertHolds(third, 3);
    }
}
