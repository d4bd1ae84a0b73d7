using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class QueryIndexTests : IDisposable
{
    private static readonly TestChain Test = new();
    private static readonly IReadOnlyList<CommittedBlock> Blocks = Test.Committed(50);
    private static readonly IReadOnlyList<IndexedValidator> Committee = [new(new ReplicaId(0), "alpha", "a:1", "a:2"), new(new ReplicaId(1), "beta", "b:1", "b:2")];

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _warnings = [];
    private EvidenceFile? _evidence;
    private readonly BlockStore _ledger = BlockStore.Open(new MemoryDisk(), Test.Chain);

    private string IndexPath => Path.Combine(_folder.Path, "index.db");

    public void Dispose()
    {
        _ledger.Dispose();
        _folder.Dispose();
    }

    private QueryIndex Open(BlockStore? ledger = null, TestChain? chain = null, int queue = 4096, int batch = 1000) => QueryIndex.Open(
        _folder.Path, (chain ?? Test).Chain, ledger ?? _ledger, Committee, () => _evidence?.All ?? [], new QueryIndexOptions { QueueLength = queue, BatchBlocks = batch, WriteInterval = TimeSpan.Zero, Warn = _warnings.Enqueue });

    private void Append(int from, int count, QueryIndex? index = null)
    {
        foreach (CommittedBlock block in Blocks.Skip(from).Take(count))
        {
            _ledger.Append(block);
            index?.Add(block);
        }
    }

    private static void AssertHolds(QueryIndex index, int count)
    {
        Assert.Equal(new QueryIndexStatus(true, (ulong)count, (ulong)count, index.Status.Reason), index.Status);
        foreach (CommittedBlock committed in Blocks.Take(count))
        {
            Block block = committed.Block;
            var expected = new IndexedBlock(block.Height, block.Digest, block.Header.Proposer, block.View, block.Header.Time, block.Payload.Transactions, block.Encoded.Length);
            Assert.Equal(expected, index.ByHeight(block.Height));
            Assert.Equal(expected, index.ByDigest(block.Digest));
            Assert.Contains(expected, index.Search(block.Digest.ToString()[..6].ToUpperInvariant(), 10));
        }

        Assert.Null(index.ByHeight(new Height((ulong)count + 1)));
    }

    [Fact]
    public async Task Blocks_are_found_by_height_digest_prefix_and_range()
    {
        using QueryIndex index = Open();
        Append(0, 50, index);
        await index.WhenWritten();
        AssertHolds(index, 50);
        Assert.Equal([50UL, 49, 48], index.Latest(3).Select(block => block.Height.Value));
        Assert.Equal([7UL, 8, 9, 10], index.Range(new Height(7), 4).Select(block => block.Height.Value));
        Assert.Equal([50UL], index.Range(new Height(50), 4).Select(block => block.Height.Value));
        Assert.Empty(index.Search("", 5));
        Assert.Empty(index.Search("xyz", 5));
        Assert.Empty(index.Search(new string('a', 65), 5));
        Assert.Null(index.ByDigest(Digest.None));
        Assert.Equal(Committee, index.Validators());
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Evidence_is_kept_once_and_survives_a_restart()
    {
        Evidence evidence = Test.DoubleVote(2, 3);
        using (QueryIndex index = Open())
        {
            Assert.True(index.Add(evidence));
            Assert.True(index.Add(evidence));
            await index.WhenWritten();
        }

        using QueryIndex again = Open();
        await again.WhenWritten();
        Evidence kept = Assert.Single(again.Evidence(10));
        Assert.Equal(evidence.First.Statement, kept.First.Statement);
        Assert.Equal(evidence.Second.Statement, kept.Second.Statement);
        Assert.True(new TestClaims(Test).IsVote(kept.Second));
    }

    [Fact]
    public async Task Evidence_outlives_an_index_that_was_deleted_or_never_opened()
    {
        var disk = new MemoryDisk();
        Evidence first = Test.DoubleVote(2, 3);
        Evidence second = Test.DoubleVote(1, 4);
        using (_evidence = EvidenceFile.Open(disk, Test.Chain))
        using (QueryIndex index = Open())
        {
            _evidence.Add(first);
            index.Add(first);
            await index.WhenWritten();
            Assert.Single(index.Evidence(10));

            // The lock is taken: this one is given up at once, and knows of nothing.
            using QueryIndex never = Open();
            _evidence.Add(second);
            never.Add(second);
            Assert.Empty(never.Evidence(10));
        }

        File.Delete(IndexPath);
        using (_evidence = EvidenceFile.Open(disk, Test.Chain))
        {
            using QueryIndex again = Open();
            await again.WhenWritten();
            Assert.Equal([1, 2], again.Evidence(10).Select(evidence => evidence.First.Signer.Value));
        }
    }

    [Fact]
    public async Task An_index_that_is_missing_or_behind_catches_up_from_the_ledger()
    {
        Append(0, 20);
        using (QueryIndex index = Open(batch: 3))
        {
            await index.WhenWritten();
            AssertHolds(index, 20);
        }

        Append(20, 10);
        using QueryIndex behind = Open(batch: 4);
        await behind.WhenWritten();
        AssertHolds(behind, 30);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Blocks_that_found_no_room_in_the_queue_are_read_from_the_ledger()
    {
        using QueryIndex index = Open(queue: 1);
        Append(0, 50, index);
        await index.WhenWritten();
        AssertHolds(index, 50);
    }

    [Fact]
    public async Task An_index_of_another_chain_or_ahead_of_the_ledger_or_of_other_blocks_is_made_anew()
    {
        Append(0, 20);
        using (QueryIndex index = Open())
        {
            await index.WhenWritten();
        }

        using BlockStore shorter = BlockStore.Open(new MemoryDisk(), Test.Chain);
        foreach (CommittedBlock block in Blocks.Take(5))
        {
            shorter.Append(block);
        }

        using (QueryIndex index = Open(shorter))
        {
            await index.WhenWritten();
            AssertHolds(index, 5);
            Assert.Contains("goes up to height 20", Assert.Single(_warnings), StringComparison.Ordinal);
        }

        var other = new TestChain("other");
        using BlockStore foreign = BlockStore.Open(new MemoryDisk(), other.Chain);
        foreach (CommittedBlock block in other.Committed(7))
        {
            foreign.Append(block);
        }

        using (QueryIndex index = Open(foreign, other))
        {
            await index.WhenWritten();
            Assert.Equal((7UL, true), (index.Status.Height, index.Status.Enabled));
            Assert.Contains("another chain", _warnings.Last(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("zeroed pages")]
    [InlineData("cut")]
    public async Task A_damaged_index_is_made_anew(string damage)
    {
        Append(0, 50);
        using (QueryIndex index = Open())
        {
            await index.WhenWritten();
        }

        byte[] bytes = await File.ReadAllBytesAsync(IndexPath);
        byte[] damaged = damage switch
        {
            "garbage" => [.. Enumerable.Repeat((byte)0x5A, bytes.Length)],
            "cut" => bytes[..100],
            _ => [.. bytes[..8192], .. new byte[bytes.Length - 8192]],
        };
        await File.WriteAllBytesAsync(IndexPath, damaged);
        using QueryIndex again = Open();
        await again.WhenWritten();
        // What was not found at the start is found by the first query that meets it.
        _ = Blocks.Select(block => again.ByHeight(block.Block.Height)).Count(block => block is null);
        await again.WhenWritten();
        AssertHolds(again, 50);
        Assert.NotEmpty(_warnings);
    }

    [Fact]
    public async Task A_document_whose_bytes_went_bad_is_never_handed_out_and_the_index_is_made_anew()
    {
        Append(0, 50);
        using (QueryIndex index = Open())
        {
            await index.WhenWritten();
        }

        // The time of block 20 (its document's fields are plain in the file).
        byte[] bytes = await File.ReadAllBytesAsync(IndexPath);
        int digest = bytes.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes(Blocks[19].Block.Digest.ToString()));
        int time = digest + bytes.AsSpan(digest).IndexOf("Time"u8) + 5;
        bytes[time] ^= 1;
        await File.WriteAllBytesAsync(IndexPath, bytes);

        using QueryIndex again = Open();
        await again.WhenWritten();
        Assert.Null(again.ByHeight(new Height(20)));
        await again.WhenWritten();
        AssertHolds(again, 50);
        Assert.Contains("height 20 is damaged", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_that_cannot_be_written_is_given_up_and_hurts_nobody()
    {
        Directory.CreateDirectory(IndexPath);
        using QueryIndex index = Open();
        Append(0, 5, index);
        await index.WhenWritten();
        index.Add(Blocks[0]);
        Assert.False(index.Status.Enabled);
        Assert.NotNull(index.Status.Reason);
        Assert.Null(index.ByHeight(new Height(1)));
        Assert.Empty(index.Latest(5));
        Assert.NotEmpty(_warnings);
    }

    [Fact]
    public async Task Two_indices_on_one_home_do_not_share_a_file()
    {
        Append(0, 5);
        using QueryIndex first = Open();
        await first.WhenWritten();
        using QueryIndex second = Open();
        await second.WhenWritten();
        Assert.False(second.Status.Enabled);
        Assert.Contains("in use", second.Status.Reason, StringComparison.Ordinal);
        AssertHolds(first, 5);
    }

    [Fact]
    public async Task Height_zero_would_be_no_trap()
    {
        // LiteDB numbers an id of 0 itself unless told not to: validator 0 is the case that shows it.
        using QueryIndex index = Open();
        await index.WhenWritten();
        Assert.Equal("alpha", index.Validators().Single(validator => validator.Id.Value == 0).Name);
    }
}
