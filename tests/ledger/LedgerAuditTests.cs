using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class LedgerAuditTests
{
    private static readonly TestChain Test = new();
    private static readonly IReadOnlyList<CommittedBlock> Blocks = Test.Committed(12);

    private static MemoryDisk Filled(IEnumerable<CommittedBlock> blocks, int segmentBytes = 1500)
    {
        var disk = new MemoryDisk();
        using BlockStore store = BlockStore.Open(disk, Test.Chain, new BlockStoreOptions { SegmentBytes = segmentBytes });
        foreach (CommittedBlock block in blocks)
        {
            store.Append(block);
        }

        store.Flush();
        return disk;
    }

    private static AuditResult Audit(IDisk disk, Action<AuditProgress>? progress = null) =>
        new LedgerAudit(disk, Test.Chain, TestChain.Rule, new TestClaims(Test), new TestReplay(Test)).Run(progress);

    // The chain with one block replaced; everything after it is left out.
    private static IEnumerable<CommittedBlock> With(int index, Func<CommittedBlock, CommittedBlock> change) => [.. Blocks.Take(index), change(Blocks[index])];

    private static CommittedBlock Recertified(BlockHeader header, CommittedBlock block, Payload? payload = null, QuorumCertificate? justify = null)
    {
        payload ??= block.Block.Payload;
        var changed = new Block(Test.Chain, header with { PayloadRoot = payload.Root }, payload, justify ?? block.Block.Justify);
        return new CommittedBlock(changed, new CommitProof(Test.Certify(changed), []));
    }

    private static void AssertRefused(IEnumerable<CommittedBlock> blocks, int height, string reason)
    {
        AuditResult result = Audit(Filled(blocks));
        Assert.False(result.Ok);
        Assert.Equal(new Height((ulong)height - 1), result.Height);
        Assert.Equal(new Height((ulong)height), result.Error!.Height);
        Assert.Contains(reason, result.Error.Reason, StringComparison.Ordinal);
        Assert.True(result.Error.Offset >= FileHeader.Bytes);
    }

    [Fact]
    public void A_good_ledger_passes_with_its_height_transactions_and_state_root()
    {
        var replay = new TestReplay(Test);
        Digest root = Blocks.Select(replay.Execute).ToList()[^1].StateRoot;
        List<AuditProgress> progress = [];
        AuditResult result = Audit(Filled(Blocks), progress.Add);
        Assert.Equal(new AuditResult(true, new Height(12), 24, root, 0, null), result);
        Assert.Equal(progress[^1].TotalBytes, progress[^1].Bytes);
    }

    [Fact]
    public void A_block_that_is_earlier_than_the_one_before_it_is_refused() => AssertRefused(
        With(4, block => Recertified(block.Block.Header with { Time = Blocks[3].Block.Header.Time - 1 }, block)), 5, "time is 1 ms before");

    [Fact]
    public void An_empty_ledger_passes() => Assert.Equal(new AuditResult(true, default, 0, Test.GenesisPoint.StateRoot, 0, null), Audit(Filled([])));

    [Fact]
    public void Any_flipped_byte_of_any_segment_is_found_with_its_position()
    {
        MemoryDisk disk = Filled(Blocks.Take(6));
        int segments = 0;
        foreach (string name in disk.List().Where(name => name.EndsWith(".seg", StringComparison.Ordinal)))
        {
            segments++;
            int length = disk.ReadAll(name).Length;
            for (int offset = 0; offset < length; offset++)
            {
                byte mask = (byte)(1 << (offset % 8));
                disk.Flip(name, offset, mask);
                AuditResult result = Audit(disk);
                Assert.False(result.Ok, $"{name} offset {offset}");
                Assert.EndsWith(name, result.Error!.File, StringComparison.Ordinal);
                Assert.True(result.Error.Offset <= offset);
                Assert.Equal(result.Height.Next(), result.Error.Height);
                disk.Flip(name, offset, mask);
            }
        }

        Assert.True(segments > 1);
        Assert.True(Audit(disk).Ok);
    }

    [Fact]
    public void A_record_that_a_killed_process_was_writing_is_no_error_in_the_last_segment_only()
    {
        MemoryDisk disk = Filled(Blocks);
        string last = disk.List().Last(name => name.EndsWith(".seg", StringComparison.Ordinal));
        disk.Put(last, disk.ReadAll(last)[..^30]);
        AuditResult result = Audit(disk);
        Assert.True(result.Ok);
        Assert.Equal(new Height(11), result.Height);
        Assert.True(result.TornBytes > 0);

        string first = disk.List().First(name => name.EndsWith(".seg", StringComparison.Ordinal));
        disk.Put(first, disk.ReadAll(first)[..^30]);
        Assert.False(Audit(disk).Ok);
    }

    [Fact]
    public void A_missing_segment_and_another_chain_are_errors_not_exceptions()
    {
        MemoryDisk disk = Filled(Blocks);
        string second = disk.List().Where(name => name.EndsWith(".seg", StringComparison.Ordinal)).ElementAt(1);
        disk.Delete(second);
        AuditResult result = Audit(disk);
        Assert.Equal("the file is missing", result.Error!.Reason);
        Assert.EndsWith(second, result.Error.File, StringComparison.Ordinal);

        var other = new TestChain("other");
        AuditResult foreign = new LedgerAudit(disk, other.Chain, TestChain.Rule, new TestClaims(other), new TestReplay(other)).Run();
        Assert.Contains("written for chain", foreign.Error!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_audit_writes_nothing()
    {
        MemoryDisk disk = Filled(Blocks);
        disk.Put("blocks-next.tmp", [1]);
        disk.Delete(disk.List()[0]);
        int writes = disk.Writes;
        _ = Audit(disk);
        Assert.Equal(writes, disk.Writes);
        Assert.Contains("blocks-next.tmp", disk.List());
    }

    [Fact]
    public void A_proof_that_does_not_prove_is_found() => AssertRefused(
        With(5, block => block with { Proof = new CommitProof(Test.Certify(Blocks[4].Block), []) }), 6, "proof does not show");

    [Fact]
    public void A_certificate_that_nobody_signed_is_found()
    {
        AssertRefused(With(5, block => block with { Proof = new CommitProof(Forged(block.Proof.Certificate!), []) }), 6, "proof does not show");
        AssertRefused(With(5, block => Recertified(block.Block.Header, block, justify: Forged(block.Block.Justify!))), 6, "certificate inside the block");

        static QuorumCertificate Forged(QuorumCertificate certificate) => new(certificate.Statement, certificate.Signers, new byte[32]);
    }

    [Fact]
    public void A_certificate_inside_that_is_not_the_parents_or_is_missing_is_found()
    {
        // The block's digest does not cover it, so the proof still holds.
        AssertRefused(With(5, block => block with { Block = Rejustified(block.Block, Blocks[2].Block.Justify) }), 6, "certificate inside the block");
        AssertRefused(With(5, block => block with { Block = Rejustified(block.Block, null) }), 6, "certificate inside the block");
        AssertRefused(With(0, block => block with { Block = Rejustified(block.Block, null) }), 1, "certificate inside the block");

        static Block Rejustified(Block block, QuorumCertificate? justify) => new(Test.Chain, block.Header, block.Payload, justify);
    }

    [Fact]
    public void A_transaction_that_its_client_did_not_sign_is_found() => AssertRefused(
        With(5, block => Recertified(block.Block.Header, block, Test.Payload(Run.WithoutSignature(Test.Chain, TestChain.Client(1), 1, [new byte[] { 0xBA }])))), 6, "transaction's signature");

    [Fact]
    public void A_block_with_another_parent_is_found()
    {
        AssertRefused(With(5, block => Recertified(block.Block.Header with { Parent = Blocks[3].Block.Digest }, block)), 6, "parent");
        AssertRefused(With(5, block => Recertified(block.Block.Header with { Parent = Digest.None }, block)), 6, "parent");
        AssertRefused(With(0, block => Recertified(block.Block.Header with { Parent = Blocks[3].Block.Digest }, block)), 1, "parent");
    }

    [Fact]
    public void A_header_that_vouches_for_another_state_is_found()
    {
        AssertRefused(With(5, block => Recertified(block.Block.Header with { Executed = block.Block.Header.Executed with { StateRoot = Digest.None } }, block)), 6, "vouches for state root");
        AssertRefused(With(5, block => Recertified(block.Block.Header with { Executed = block.Block.Header.Executed with { Chain = Digest.None } }, block)), 6, "vouches for state root");
        AssertRefused(With(5, block => Recertified(block.Block.Header with { Executed = block.Block.Header.Executed with { Height = new Height(6) } }, block)), 6, "vouches for the state of height");
    }

    [Fact]
    public void Slot_protocols_have_no_parents_and_fillers_that_vouch_for_nothing()
    {
        CommittedBlock Certified(Block block) => new(block, new CommitProof(new QuorumCertificate(
            new Statement(StatementKind.Commit, default, new View(1), block.Height, block.Digest),
            ReplicaSet.Of(0, 1, 2),
            Test.SignatureOf(new Statement(StatementKind.Commit, default, new View(1), block.Height, block.Digest))), []));
        CommittedBlock[] slots = [Certified(Test.Block(1)), Certified(Block.Null(Test.Chain, new Height(2))), Certified(Test.Block(3))];
        AuditResult result = Audit(Filled(slots));
        Assert.True(result.Ok, result.Error?.Reason);
        Assert.Equal(new Height(3), result.Height);
        Assert.Equal(2, result.Transactions);
    }

    [Fact]
    public void A_transaction_that_was_committed_twice_is_one_transaction()
    {
        Block first = Test.Block(1);
        Block again = Test.Block(2, Digest.None, first.Payload, default);
        AuditResult result = Audit(Filled([new CommittedBlock(first, new CommitProof(Test.Certify(first), [])), new CommittedBlock(again, new CommitProof(Test.Certify(again), []))]));
        Assert.True(result.Ok, result.Error?.Reason);
        Assert.Equal((new Height(2), 1), (result.Height, result.Transactions));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_segment_that_may_not_be_read_is_an_answer_with_what_holds_before_it(int refused)
    {
        MemoryDisk disk = Filled(Blocks);
        string[] segments = [.. disk.List().Where(name => BlockSegment.TryParseName(name, out _))];
        Assert.True(segments.Length > 2);
        AuditResult result = Audit(new RefusingDisk(disk, segments[refused]));
        Assert.False(result.Ok);
        Assert.Contains(segments[refused], result.Error!.File, StringComparison.Ordinal);
        Assert.Equal("Permission denied.", result.Error.Reason);
        Assert.Equal(refused > 0, result.Height.Value > 0);
    }

    [Fact]
    public void A_directory_that_may_not_be_read_is_an_answer()
    {
        AuditResult result = Audit(new RefusingDisk(Filled(Blocks), null));
        Assert.False(result.Ok);
        Assert.Equal("Permission denied.", result.Error!.Reason);
    }

    [Fact]
    public void A_cancelled_audit_stops()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => new LedgerAudit(Filled(Blocks), Test.Chain, TestChain.Rule, new TestClaims(Test), new TestReplay(Test)).Run(null, stop.Token));
    }

    // Refuses one file as a file system would that permits to see it and not to read it; or, without a name, to be listed.
    private sealed class RefusingDisk(IDisk disk, string? refused) : IDisk
    {
        public string Location => disk.Location;

        public IReadOnlyList<string> List() => refused is null ? throw new UnauthorizedAccessException("Permission denied.") : disk.List();

        public IDiskFile Open(string name, bool writable = true) => name == refused ? throw new IOException("Permission denied.") : disk.Open(name, writable);

        public IDiskFile Create(string name) => throw new InvalidOperationException("An audit reads only.");

        public void Rename(string from, string to) => throw new InvalidOperationException("An audit reads only.");

        public void Delete(string name) => throw new InvalidOperationException("An audit reads only.");

        public void Flush() => throw new InvalidOperationException("An audit reads only.");
    }
}
