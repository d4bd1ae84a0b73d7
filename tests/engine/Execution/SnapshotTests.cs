using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine.Execution;
using Bft.Engine.Storage;

namespace Bft.Engine.Tests.Execution;

public sealed class SnapshotTests : IDisposable
{
    private readonly Chain _chain = TestChain.Create();
    private readonly TestBlocks _blocks;
    private readonly MemoryLedger _ledger;
    private readonly MemorySnapshots _snapshots = new();
    private readonly Executor _executor;
    private int _sequence;

    public SnapshotTests()
    {
        _blocks = new TestBlocks(_chain);
        _ledger = new MemoryLedger(_chain);
        _executor = new Executor(_chain, new KeyValueApplication());
    }

    [Fact]
    public void A_restart_from_snapshot_and_tail_reaches_the_same_point_and_goes_on_alike()
    {
        Execute(10);
        _executor.SaveTo(_snapshots);
        Execute(64);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Recovery recovery = restarted.RecoverFrom(_snapshots, _ledger);
        Assert.Equal((new Height(10), 0), (recovery.Start.Height, recovery.Refused.Length));
        Assert.Equal(_executor.Point, restarted.Point);

        // Sessions came with it: what was executed before the snapshot is a repeat.
        CommittedBlock repeat = _blocks.Next(_ledger.Read(new Height(3))!.Block.Payload.Runs[0]);
        ExecutionResult here = restarted.Execute(repeat);
        Assert.Equal(0, here.Executed);
        Assert.Equal(new Height(3), here.Receipts[0].Height);
        Assert.Equal(_executor.Execute(repeat).Point, here.Point);
    }

    [Fact]
    public void The_number_of_transactions_survives_a_restart_without_a_look_at_the_blocks_before_the_snapshot()
    {
        Execute(6);
        Append(_ledger.Read(new Height(2))!.Block.Payload.Runs[0]);
        _executor.SaveTo(_snapshots);
        Height saved = _ledger.Height;
        Execute(64);
        Append(_ledger.Read(new Height(3))!.Block.Payload.Runs[0]);
        var restarted = new Executor(_chain, new KeyValueApplication());
        var tail = new TailOnly(_ledger, saved);
        Assert.Equal(saved, restarted.RecoverFrom(_snapshots, tail).Start.Height);
        Assert.Equal(70ul * 40, restarted.Transactions);
        Assert.Equal(_executor.Transactions, restarted.Transactions);
    }

    [Fact]
    public void Without_a_snapshot_everything_is_executed_from_genesis()
    {
        Execute(5);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Assert.Equal(default, restarted.RecoverFrom(_snapshots, _ledger).Start.Height);
        Assert.Equal(_executor.Point, restarted.Point);
    }

    [Fact]
    public void A_snapshot_at_the_tip_is_not_enough_headers_name_results_of_some_heights_ago()
    {
        Execute(30);
        _executor.SaveTo(_snapshots);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Assert.Equal(default, restarted.RecoverFrom(_snapshots, _ledger).Start.Height);
        for (var height = new Height(1); height <= _ledger.Height; height = height.Next())
        {
            Assert.Equal(_executor.PointAt(height), restarted.PointAt(height));
        }
    }

    [Fact]
    public void A_tree_that_grew_and_emptied_again_keeps_its_root()
    {
        Execute(30);
        for (int client = 0; client < 30; client++)
        {
            Append(_chain.Run(1000 + client, 1, [.. Enumerable.Range(0, 40).Select(i => (ReadOnlyMemory<byte>)KeyValueCommand.Delete(Key(client, i)))]));
        }

        _executor.SaveTo(_snapshots);
        Height saved = _ledger.Height;
        Execute(64);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Assert.Equal(saved, restarted.RecoverFrom(_snapshots, _ledger).Start.Height);
        Execute(1);
        Assert.Equal(_executor.Point, restarted.Execute(_ledger.Read(_ledger.Height)!).Point);
    }

    [Fact]
    public void No_changed_byte_of_a_snapshot_is_accepted()
    {
        Execute(2);
        _executor.SaveTo(_snapshots);
        (StatePoint point, byte[] content) = _snapshots.Saved[0];
        var loaded = new Executor(_chain, new KeyValueApplication());
        StatePoint genesis = loaded.Point;
        for (int place = 0; place < content.Length; place++)
        {
            byte[] damaged = (byte[])content.Clone();
            damaged[place] ^= 0x41;
            Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point, new MemoryStream(damaged)));
            Assert.Equal(genesis, loaded.Point);
        }

        loaded.ReadSnapshot(point, new MemoryStream(content));
        Assert.Equal(point, loaded.Point);
    }

    [Fact]
    public void A_shorter_or_longer_snapshot_is_refused()
    {
        Execute(2);
        _executor.SaveTo(_snapshots);
        (StatePoint point, byte[] content) = _snapshots.Saved[0];
        var loaded = new Executor(_chain, new KeyValueApplication());
        for (int length = 0; length < content.Length; length += 13)
        {
            Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point, new MemoryStream(content, 0, length)));
        }

        Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point, new MemoryStream([.. content, 0])));
    }

    [Fact]
    public void A_snapshot_of_another_chain_height_or_point_is_refused()
    {
        Execute(2);
        _executor.SaveTo(_snapshots);
        (StatePoint point, byte[] content) = _snapshots.Saved[0];
        var foreign = new Executor(TestChain.Create(name: "another chain"), new KeyValueApplication());
        Assert.Throws<InvalidDataException>(() => foreign.ReadSnapshot(point, new MemoryStream(content)));
        var loaded = new Executor(_chain, new KeyValueApplication());
        Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point with { Height = new Height(3) }, new MemoryStream(content)));
        Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point with { StateRoot = point.Chain }, new MemoryStream(content)));
        Assert.Throws<InvalidDataException>(() => loaded.ReadSnapshot(point with { Chain = point.StateRoot }, new MemoryStream(content)));
    }

    [Fact]
    public void Damaged_and_foreign_snapshots_are_passed_over_for_an_older_one()
    {
        Execute(4);
        _executor.SaveTo(_snapshots);
        Execute(4);
        _executor.SaveTo(_snapshots);
        _snapshots.Saved[^1].Content[^1] ^= 1;
        Execute(2);
        _executor.SaveTo(_snapshots);
        _snapshots.Saved[^1] = (_snapshots.Saved[^1].Point with { Chain = _chain.Id }, _snapshots.Saved[^1].Content);
        Execute(64);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Recovery recovery = restarted.RecoverFrom(_snapshots, _ledger);
        Assert.Equal(new Height(4), recovery.Start.Height);
        Assert.Equal(2, recovery.Refused.Length);
        Assert.Contains("height 10", recovery.Refused[0], StringComparison.Ordinal);
        Assert.Equal(_executor.Point, restarted.Point);
    }

    [Fact]
    public void What_is_held_is_written_as_it_was_whatever_is_executed_before_it_is_written()
    {
        Execute(5);
        _executor.SaveTo(_snapshots);
        StatePoint point = _executor.Point;
        Action<Stream> write = _executor.Snapshot();

        // The same keys get other values, some go, others come, clients go on and new ones begin.
        Append(_chain.Run(0, 41, [.. Enumerable.Range(0, 40).Select(key => (ReadOnlyMemory<byte>)KeyValueCommand.Put(Key(0, key), "other"u8))]));
        Append(_chain.Run(1, 41, [.. Enumerable.Range(0, 40).Select(key => (ReadOnlyMemory<byte>)KeyValueCommand.Delete(Key(1, key)))]));
        Execute(3);
        using var later = new MemoryStream();
        write(later);
        Assert.NotEqual(point, _executor.Point);
        Assert.Equal(_snapshots.Saved[0].Content, later.ToArray());
    }

    [Fact]
    public void Replicas_save_one_after_the_other_and_each_once_in_a_period()
    {
        const ulong Every = 10_000;
        foreach (int n in new[] { 1, 4, 7, 100 })
        {
            Dictionary<ulong, int> due = [];
            for (int id = 0; id < n; id++)
            {
                var schedule = SnapshotSchedule.Of(new ReplicaId(id), n, Every);
                ulong last = 0;
                for (ulong height = 1; height <= 3 * Every; height++)
                {
                    if (schedule.IsDue(new Height(last), new Height(height)))
                    {
                        Assert.True(last == 0 || height - last == Every);
                        last = height;
                        Assert.True(due.TryAdd(height, id), $"n = {n}: {id} and {due[height]} at height {height}");
                    }
                }

                // One that caught up in leaps saves as soon as it can, once.
                Assert.True(schedule.IsDue(new Height(last), new Height(last + (5 * Every))));
            }

            Assert.Equal(3 * n, due.Count);
        }
    }

    [Fact]
    public void A_snapshot_above_the_ledger_is_not_used()
    {
        Execute(3);
        var behind = new MemoryLedger(_chain);
        behind.Append(_ledger.Read(new Height(1))!);
        _executor.SaveTo(_snapshots);
        var restarted = new Executor(_chain, new KeyValueApplication());
        Assert.Equal(default, restarted.RecoverFrom(_snapshots, behind).Start.Height);
        Assert.Equal(_executor.PointAt(new Height(1)), restarted.Point);
    }

    public void Dispose() => _ledger.Dispose();

    private static byte[] Key(int client, int index) => System.Text.Encoding.UTF8.GetBytes($"{client}/{index}");

    private void Execute(int blocks)
    {
        for (int i = 0; i < blocks; i++)
        {
            int client = _sequence++;
            Append(_chain.Run(client, 1, [.. Enumerable.Range(0, 40).Select(key => (ReadOnlyMemory<byte>)KeyValueCommand.Put(Key(client, key), Key(key, client)))]));
        }
    }

    private void Append(params Run[] runs)
    {
        CommittedBlock block = _blocks.Next(runs);
        _ledger.Append(block);
        _executor.Execute(block);
    }

    /// <summary>A ledger whose blocks up to a height may not be read.</summary>
    private sealed class TailOnly(MemoryLedger whole, Height after) : ILedger
    {
        public Height Height => whole.Height;

        public Digest ChainDigest => whole.ChainDigest;

        public void Append(CommittedBlock block) => throw new NotSupportedException();

        public Height Flush() => throw new NotSupportedException();

        public CommittedBlock? Read(Height height) => height > after ? whole.Read(height) : throw new InvalidOperationException($"Height {height} was read.");

        public BlockHeader? ReadHeader(Height height) => Read(height)?.Block.Header;

        public Digest? ChainAt(Height height) => whole.ChainAt(height);

        public Height? Find(Digest block) => throw new NotSupportedException();

        public Height? Find(TransactionId transaction) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
