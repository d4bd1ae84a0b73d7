using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class BlockStoreTests
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
