using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class BlockStoreTests
{
    private static readonly TestChain Test = new();
    private static readonly IReadOnlyList<CommittedBlock> Blocks = Test.Committed(60);

    private readonly MemoryDisk _disk = new();
    private readonly List<string> _warnings = [];

    private BlockStoreOptions Options(int segmentBytes = 1 << 20)
    {
        ulong salt = 11;
        return new BlockStoreOptions { SegmentBytes = segmentBytes, Salt = () => unchecked(salt = (salt * 6364136223846793005UL) + 1442695040888963407UL), Warn = _warnings.Add };
    }

    private BlockStore Open(IDisk? disk = null, int segmentBytes = 1 << 20) => BlockStore.Open(disk ?? _disk, Test.Chain, Options(segmentBytes));

    private BlockStore Filled(int count, int segmentBytes = 1 << 20, int flushEvery = 1, IDisk? disk = null)
    {
        BlockStore store = Open(disk, segmentBytes);
        foreach (CommittedBlock block in Blocks.Take(count))
        {
            store.Append(block);
            if (block.Block.Height.Value % (ulong)flushEvery == 0)
            {
                store.Flush();
            }
        }

        return store;
    }

    private static void AssertHolds(BlockStore store, int count)
    {
        Assert.Equal((ulong)count, store.Height.Value);
        Digest chain = BlockStore.ChainStart(Test.Chain);
        Assert.Equal(chain, store.ChainAt(default));
        for (int i = 0; i < count; i++)
        {
            Block block = Blocks[i].Block;
            chain = Test.Chain.Link(chain, block.Digest);
            CommittedBlock read = store.Read(block.Height)!;
            Assert.True(read.Block.Encoded.Span.SequenceEqual(block.Encoded.Span));
            Assert.True(read.Proof.Certificate!.ContentEquals(Blocks[i].Proof.Certificate!));
            Assert.True(store.TryReadEncoded(block.Height, out ReadOnlyMemory<byte> encoded));
            Assert.Equal(Blocks[i].ToBytes(), encoded.ToArray());
            Assert.Equal(block.Header, store.ReadHeader(block.Height));
            Assert.Equal(chain, store.ChainAt(block.Height));
            Assert.Equal(block.Height, store.Find(block.Digest));
            Run run = block.Payload.Runs[0];
            Assert.Equal(block.Height, store.Find(new TransactionId(run.Client, run.First)));
            Assert.Equal(block.Height, store.Find(new TransactionId(run.Client, run.Last)));
        }

        Assert.Equal(chain, store.ChainDigest);
        var above = new Height((ulong)count + 1);
        Assert.Null(store.Read(above));
        Assert.False(store.TryReadEncoded(above, out _));
        Assert.Null(store.ReadHeader(above));
        Assert.Null(store.ChainAt(above));
        Assert.Null(store.Read(default));
        Assert.False(store.TryReadEncoded(default, out _));
        Assert.Null(store.Find(Test.Chain.Hash.Hash("nobody"u8)));
        Assert.Null(store.Find(new TransactionId(Blocks[0].Block.Payload.Runs[0].Client, 9999)));
        Assert.Null(store.Find(new TransactionId(Test.Chain.Id, 1)));
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(1200)]
    [InlineData(1)]
    public void What_was_appended_is_found_by_height_digest_and_transaction_before_and_after_a_restart(int segmentBytes)
    {
        using (BlockStore store = Filled(60, segmentBytes, flushEvery: 7))
        {
            AssertHolds(store, 60);
            Assert.Equal(new Height(60), store.Flush());
        }

        _disk.Crash();
        using (BlockStore again = Open(segmentBytes: segmentBytes))
        {
            AssertHolds(again, 60);
        }

        Assert.Empty(_warnings);
    }

    [Fact]
    public void An_empty_ledger_is_at_genesis_and_goes_on_after_a_restart()
    {
        using (BlockStore store = Open())
        {
            AssertHolds(store, 0);
        }

        _disk.Crash();
        using BlockStore again = Filled(3);
        AssertHolds(again, 3);
    }

    [Fact]
    public void Only_the_next_height_may_be_appended()
    {
        using BlockStore store = Filled(2);
        Assert.Throws<ArgumentException>(() => store.Append(Blocks[1]));
        Assert.Throws<ArgumentException>(() => store.Append(Blocks[3]));
        AssertHolds(store, 2);
    }

    [Fact]
    public void A_transaction_that_two_blocks_hold_is_where_it_came_first()
    {
        using BlockStore store = Open(segmentBytes: 700);
        Digest parent = default;
        for (ulong height = 1; height <= 6; height++)
        {
            Block block = Test.Block(height, parent, Test.Payload(Test.Run(1, 10, 5), Test.Run(2, height, 3)), Test.GenesisPoint);
            store.Append(new CommittedBlock(block, new CommitProof(null, [])));
            parent = block.Digest;
        }

        Digest one = Test.Run(1, 10).Client;
        Digest two = Test.Run(2, 1).Client;
        Assert.Equal(new Height(1), store.Find(new TransactionId(one, 14)));
        Assert.Null(store.Find(new TransactionId(one, 15)));
        Assert.Null(store.Find(new TransactionId(one, 9)));
        Assert.Equal([1, 1, 1, 2, 3, 4, 5, 6], Enumerable.Range(1, 8).Select(sequence => (int)store.Find(new TransactionId(two, (ulong)sequence))!.Value.Value));
    }

    [Fact]
    public void Many_runs_of_many_clients_are_found_through_several_pages_of_a_sealed_index()
    {
        using BlockStore store = Open(segmentBytes: 1 << 17);
        for (ulong height = 1; height <= 12; height++)
        {
            Run[] runs = [.. Enumerable.Range(0, 120).Select(client => Test.Run(client, ((height - 1) * 4) + 1, 4, 10))];
            store.Append(new CommittedBlock(Test.Block(height, default, Test.Payload(runs), Test.GenesisPoint), new CommitProof(null, [])));
        }

        for (int client = 0; client < 120; client++)
        {
            Digest name = Test.Run(client, 1).Client;
            for (ulong sequence = 1; sequence <= 48; sequence += 3)
            {
                Assert.Equal(new Height(((sequence - 1) / 4) + 1), store.Find(new TransactionId(name, sequence)));
            }

            Assert.Null(store.Find(new TransactionId(name, 49)));
        }
    }

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
    public void A_flipped_byte_before_what_was_flushed_later_is_refused_with_file_offset_and_height()
    {
        Filled(4).Dispose();
        string name = _disk.List()[0];
        byte[] whole = _disk.ReadAll(name);
        int last = LastRecordAt(whole, 4);
        for (int offset = FileHeader.Bytes; offset < last; offset++)
        {
            MemoryDisk disk = _disk.Copy();
            disk.Flip(name, offset, 0x40);
            LedgerDamagedException damage = Assert.Throws<LedgerDamagedException>(() => Open(disk));
            Assert.Equal(name, damage.File);
            Assert.Equal(RecordAt(whole, (int)damage.Height.Value), damage.Offset);
            Assert.InRange(offset, damage.Offset, RecordAt(whole, (int)damage.Height.Value + 1) - 1);
        }
    }

    [Fact]
    public void Damage_in_a_sealed_segment_is_found_when_it_is_read_and_missing_or_foreign_ones_when_it_is_opened()
    {
        Filled(60, 1200).Dispose();
        string[] segments = [.. _disk.List().Where(name => name.EndsWith(".seg", StringComparison.Ordinal))];

        MemoryDisk flipped = _disk.Copy();
        flipped.Flip(segments[0], 400);
        using (BlockStore store = Open(flipped, 1200))
        {
            Assert.Equal(new Height(1), Assert.Throws<LedgerDamagedException>(() => store.Read(new Height(1))).Height);
        }

        MemoryDisk missing = _disk.Copy();
        missing.Delete(segments[2]);
        Assert.Equal(segments[2], Assert.Throws<LedgerDamagedException>(() => Open(missing, 1200)).File);

        MemoryDisk shorter = _disk.Copy();
        shorter.Put(segments[1], shorter.ReadAll(segments[1])[..^5]);
        Assert.Equal(segments[1], Assert.Throws<LedgerDamagedException>(() => Open(shorter, 1200)).File);

        MemoryDisk swapped = _disk.Copy();
        swapped.Put(segments[1], _disk.ReadAll(segments[2]));
        Assert.Equal((segments[1], 0), (Assert.Throws<LedgerDamagedException>(() => Open(swapped, 1200)).File, 0));

        var other = new TestChain("other");
        Assert.Throws<ForeignFileException>(() => BlockStore.Open(_disk, other.Chain, Options()));
    }

    [Fact]
    public void A_header_or_link_that_went_bad_is_not_handed_out()
    {
        using BlockStore store = Filled(3);
        byte[] whole = _disk.ReadAll(_disk.List()[0]);
        _disk.Flip(_disk.List()[0], RecordAt(whole, 2) + BlockRecord.BlockHeaderAt + 30);
        Assert.Throws<LedgerDamagedException>(() => store.ReadHeader(new Height(2)));
        _disk.Flip(_disk.List()[0], RecordAt(whole, 1) + BlockRecord.ChainAt);
        Assert.Throws<LedgerDamagedException>(() => store.ChainAt(new Height(1)));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("header")]
    [InlineData("offsets")]
    [InlineData("pages")]
    [InlineData("short")]
    public void An_index_file_that_is_missing_or_damaged_is_made_anew(string damage)
    {
        Filled(60, 1200).Dispose();
        string index = _disk.List().First(name => name.EndsWith(".idx", StringComparison.Ordinal));
        byte[] good = _disk.ReadAll(index);
        switch (damage)
        {
            case "missing":
                _disk.Delete(index);
                break;
            case "header":
                _disk.Flip(index, 60);
                break;
            case "offsets":
                _disk.Flip(index, FileHeader.Bytes + 5);
                break;
            case "pages":
                _disk.Flip(index, good.Length - 4000);
                break;
            default:
                _disk.Put(index, good[..^1]);
                break;
        }

        using (BlockStore store = Open(segmentBytes: 1200))
        {
            AssertHolds(store, 60);
        }

        Assert.Single(_warnings);
        Assert.Equal(good, _disk.ReadAll(index));
    }

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

    [Fact]
    public async Task Readers_beside_the_appender_see_whole_blocks_only()
    {
        using BlockStore store = Open(segmentBytes: 3000);
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            do
            {
                Height height = store.Height;
                if (height.Value == 0)
                {
                    continue;
                }

                int index = random.Next((int)height.Value);
                Block expected = Blocks[index].Block;
                Assert.Equal(expected.Digest, store.Read(expected.Height)!.Block.Digest);
                Assert.Equal(expected.Header, store.ReadHeader(expected.Height));
                Assert.NotNull(store.ChainAt(expected.Height));
                Assert.Equal(expected.Height, store.Find(expected.Digest));
                Assert.Equal(expected.Height, store.Find(new TransactionId(expected.Payload.Runs[0].Client, expected.Payload.Runs[0].First)));
            }
            while (!done.IsCancellationRequested);
        }))];
        foreach (CommittedBlock block in Blocks)
        {
            store.Append(block);
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public void A_look_alike_inside_a_command_is_no_record()
    {
        // A client copies a whole record of a later height, which it saw, into a command; then the tail of that very block is torn off.
        Filled(3).Dispose();
        byte[] whole = _disk.ReadAll(_disk.List()[0]);
        byte[] record = whole[RecordAt(whole, 3)..];
        var run = Run.WithoutSignature(Test.Chain, TestChain.Client(9), 1, [record]);
        var disk = new MemoryDisk();
        using (BlockStore store = Open(disk))
        {
            store.Append(Blocks[0]);
            store.Append(new CommittedBlock(Test.Block(2, Blocks[0].Block.Digest, Test.Payload(run), Test.GenesisPoint), new CommitProof(null, [])));
        }

        byte[] torn = disk.ReadAll(disk.List()[0]);
        disk.Put(disk.List()[0], [.. torn[..RecordAt(torn, 2)], .. new byte[40], .. torn[(RecordAt(torn, 2) + 40)..]]);
        using BlockStore again = Open(disk);
        AssertHolds(again, 1);
    }

    [Fact]
    public void A_record_with_right_checksums_that_does_not_belong_there_is_refused_and_never_cut_away()
    {
        var wrongChain = (Block: Blocks[2], Chain: Test.Chain.Id);
        Digest chain = BlockStore.ChainStart(Test.Chain);
        foreach (CommittedBlock block in Blocks.Take(2))
        {
            chain = Test.Chain.Link(chain, block.Block.Digest);
        }

        var wrongHeight = (Block: Blocks[3], Chain: Test.Chain.Link(chain, Blocks[3].Block.Digest));
        foreach ((CommittedBlock block, Digest link) in new[] { wrongChain, wrongHeight })
        {
            var disk = new MemoryDisk();
            Filled(2, disk: disk).Dispose();
            string name = disk.List()[0];
            byte[] whole = disk.ReadAll(name);
            ulong salt = BitConverter.ToUInt64(whole, 40 + 48);
            var record = new StagingBuffer();
            BlockRecord.Write(record, new CanonicalWriter(), block, link, salt, whole.Length, whole.Length);
            disk.Put(name, [.. whole, .. record.Written]);

            LedgerDamagedException damage = Assert.Throws<LedgerDamagedException>(() => Open(disk));
            Assert.Equal((name, whole.Length, new Height(3)), (damage.File, damage.Offset, damage.Height));
            AuditResult audit = new LedgerAudit(disk, Test.Chain, TestChain.Rule, new TestClaims(Test), new TestReplay(Test)).Run();
            Assert.Equal((new Height(2), whole.Length), (audit.Height, audit.Error!.Offset));
        }
    }

    private static int LastRecordAt(byte[] segment, int count) => RecordAt(segment, count);

    // Where the record of a height starts in a segment that starts with height 1.
    private static int RecordAt(byte[] segment, int height)
    {
        int offset = FileHeader.Bytes;
        for (int i = 1; i < height; i++)
        {
            offset += BlockRecord.HeaderBytes + (int)BlockRecord.ContentLength(segment.AsSpan(offset));
        }

        return offset;
    }
}
