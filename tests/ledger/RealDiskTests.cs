using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class RealDiskTests : IDisposable
{
    private static readonly TestChain Test = new();

    private readonly TemporaryFolder _folder = new();

    private FileDisk Disk(string name) => new(Path.Combine(_folder.Path, name));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Journal_blocks_and_snapshots_work_on_a_real_disk_with_background_preparation()
    {
        IReadOnlyList<CommittedBlock> blocks = Test.Committed(200, bytes: 500);
        var options = new JournalOptions { SegmentBytes = 1 << 16 };
        var blockOptions = new BlockStoreOptions { SegmentBytes = 1 << 16 };
        using (Journal journal = Journal.Open(Disk("journal"), Test.Chain, options))
        using (BlockStore store = BlockStore.Open(Disk("blocks"), Test.Chain, blockOptions))
        {
            foreach (CommittedBlock block in blocks)
            {
                journal.Append(block.Block);
                journal.Append(new SafetyRecord(new RecordKey(1), block.Block.Digest.ToArray()));
                journal.MarkCommitted(block.Block.Height, block.Block.Digest);
                journal.Flush();
                store.Append(block);
                journal.Release(store.Flush());
            }

            Assert.InRange(journal.Segments, 1, 3);
        }

        new SnapshotStore(Disk("snapshots"), Test.Chain).Save(Test.GenesisPoint, stream => stream.Write(new byte[300_000]));
        using (Journal journal = Journal.Open(Disk("journal"), Test.Chain, options))
        {
            Assert.Equal((blocks[^1].Block.Height, blocks[^1].Block.Digest), journal.Recovered.Committed);
            Assert.Equal(blocks[^1].Block.Digest.ToArray(), journal.Recovered.Records.Single().Content.ToArray());
            Assert.True(journal.Recovered.Blocks.Length <= 1);
        }

        using (BlockStore store = BlockStore.Open(Disk("blocks"), Test.Chain, blockOptions))
        {
            Assert.Equal(new Height(200), store.Height);
            Assert.Equal(blocks[77].Block.Height, store.Find(blocks[77].Block.Digest));
        }

        using Stream content = new SnapshotStore(Disk("snapshots"), Test.Chain).OpenLatest(default)!.Value.Content;
        Assert.Equal(300_000, content.Length);
        Assert.True(new LedgerAudit(new FileDisk(Path.Combine(_folder.Path, "blocks"), create: false), Test.Chain, TestChain.Rule, new TestClaims(Test), new TestReplay(Test)).Run().Ok);
    }

    [Fact]
    public void An_audit_of_a_folder_that_is_not_there_makes_none()
    {
        string missing = Path.Combine(_folder.Path, "missing");
        Assert.Throws<DirectoryNotFoundException>(() => new FileDisk(missing, create: false));
        Assert.False(Directory.Exists(missing));
    }

    [Fact]
    public void A_flush_that_the_operating_system_refuses_is_an_error()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // Linux answers EINVAL to fsync of a device without a medium, as it does when a file system cannot flush.
        using IDiskFile device = new FileDisk("/dev", create: false).Open("null");
        IOException refused = Assert.Throws<IOException>(device.Flush);
        Assert.Contains("null", refused.Message, StringComparison.Ordinal);
    }
}
