using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger.Tests;

public sealed class SnapshotStoreTests
{
    private static readonly TestChain Test = new();

    private readonly MemoryDisk _disk = new();
    private readonly List<string> _warnings = [];

    private SnapshotStore Open(TestChain? chain = null) => new(_disk, (chain ?? Test).Chain, _warnings.Add);

    private static StatePoint Point(ulong height) => new(new Height(height), Test.Chain.Hash.Hash([(byte)height]), Test.Chain.Id);

    private static byte[] Content(ulong height) => [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * (int)height))];

    private static byte[] ReadAll((StatePoint Point, Stream Content)? snapshot)
    {
        using Stream content = snapshot!.Value.Content;
        var memory = new MemoryStream();
        content.CopyTo(memory);
        return memory.ToArray();
    }

    private void Save(params ulong[] heights)
    {
        foreach (ulong height in heights)
        {
            Open().Save(Point(height), stream => stream.Write(Content(height)));
        }
    }

    [Fact]
    public void The_newest_at_or_below_a_height_comes_back_byte_for_byte_after_a_crash()
    {
        Assert.Null(Open().OpenLatest(new Height(ulong.MaxValue)));
        Save(10, 20);
        _disk.Crash();
        (StatePoint Point, Stream Content)? newest = Open().OpenLatest(new Height(25));
        Assert.Equal(Point(20), newest!.Value.Point);
        Assert.Equal(Content(20), ReadAll(newest));
        Assert.Equal(Content(10), ReadAll(Open().OpenLatest(new Height(19))));
        Assert.Null(Open().OpenLatest(new Height(9)));
    }

    [Fact]
    public void Only_the_newest_two_are_kept()
    {
        Save(10, 20, 30, 40);
        Assert.Equal(2, _disk.List().Count);
        Assert.Null(Open().OpenLatest(new Height(29)));
    }

    [Fact]
    public void A_damaged_one_is_passed_over_with_a_warning_wherever_the_damage_is()
    {
        Save(10, 20);
        string newest = _disk.List()[^1];
        int length = _disk.ReadAll(newest).Length;
        foreach (long offset in new long[] { 0, 45, 127, 128, 100_000, length - 41, length - 40, length - 1 })
        {
            _warnings.Clear();
            _disk.Flip(newest, offset);
            Assert.Equal(Content(10), ReadAll(Open().OpenLatest(new Height(99))));
            Assert.Contains(newest, Assert.Single(_warnings), StringComparison.Ordinal);
            _disk.Flip(newest, offset);
        }

        _disk.Put(newest, _disk.ReadAll(newest)[..^1]);
        Assert.Equal(Content(10), ReadAll(Open().OpenLatest(new Height(99))));
    }

    [Fact]
    public void One_of_another_chain_is_passed_over()
    {
        Save(10);
        Assert.Null(Open(new TestChain("other")).OpenLatest(new Height(99)));
        Assert.Single(_warnings);
    }

    [Fact]
    public void A_snapshot_that_fails_half_way_leaves_the_older_ones_alone()
    {
        Save(10);
        _disk.FailWritesAfter(150_000);
        Assert.ThrowsAny<IOException>(() => Save(20));
        _disk.HealWrites();
        _disk.FailFlushes();
        Assert.ThrowsAny<IOException>(() => Save(20));
        Assert.Throws<InvalidDataException>(() => Open().Save(Point(20), _ => throw new InvalidDataException("the application failed")));
        for (int seed = 0; seed < 20; seed++)
        {
            _disk.Crash(CrashLoss.Torn, seed);
            Assert.Equal(Content(10), ReadAll(Open().OpenLatest(new Height(99))));
        }

        Assert.Empty(_warnings);
    }
}
