using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class BlockStoreTests
{
    [Fact]
    public void A_full_disk_cuts_the_record_and_the_append_may_be_repeated()
    {
        using BlockStore store = Filled(2);
        long length = _disk.ReadAll(_disk.List()[0]).Length;
        for (int written = 0; written < 300; written += 13)
        {
            _disk.FailWritesAfter(written, once: true);
            Assert.ThrowsAny<IOException>(() => store.Append(Blocks[2]));
            Assert.Equal(length, _disk.ReadAll(_disk.List()[0]).Length);
            AssertHolds(store, 2);
        }

        store.Append(Blocks[2]);
        store.Flush();
        AssertHolds(store, 3);
        _disk.Crash();
        using BlockStore again = Open();
        AssertHolds(again, 3);
    }

    [Fact]
    public void No_space_for_a_new_segment_or_its_index_is_resumable()
    {
        BlockStore store = Filled(1, segmentBytes: 1);
        _disk.FailWritesAfter(50, once: true);
        Assert.ThrowsAny<IOException>(() => store.Append(Blocks[1]));
        // The new segment's header goes through, the index does not.
        _disk.FailWritesAfter(FileHeader.Bytes, once: true);
        store.Append(Blocks[1]);
        Assert.Single(_warnings);
        store.Append(Blocks[2]);
        store.Flush();
        AssertHolds(store, 3);
        store.Dispose();
        _disk.Crash();
        using BlockStore again = Open(segmentBytes: 1);
        AssertHolds(again, 3);
    }

    [Fact]
    public void A_failed_flush_is_latched()
    {
        using BlockStore store = Filled(2);
        store.Append(Blocks[2]);
        _disk.FailFlushes();
        Assert.Throws<LedgerFailedException>(() => store.Flush());
        Assert.Throws<LedgerFailedException>(() => store.Flush());
        Assert.Throws<LedgerFailedException>(() => store.Append(Blocks[3]));
        store.Dispose();
        _disk.Crash();
        using BlockStore again = Open();
        AssertHolds(again, 2);
    }

    [Fact]
    public void A_failed_flush_on_the_way_to_a_new_segment_is_latched_and_loses_nothing()
    {
        for (int after = 0; after < 2; after++)
        {
            var disk = new MemoryDisk();
            using (BlockStore store = Filled(2, segmentBytes: 1, disk: disk))
            {
                disk.FailFlushes(after: after);
                Assert.Throws<LedgerFailedException>(() => store.Append(Blocks[2]));
                Assert.Throws<LedgerFailedException>(() => store.Append(Blocks[2]));
            }

            disk.Crash(CrashLoss.Torn, after);
            using BlockStore again = Open(disk, segmentBytes: 1);
            AssertHolds(again, 2);
        }
    }
}
