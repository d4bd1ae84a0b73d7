using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed partial class BlockStoreTests
{
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
}
