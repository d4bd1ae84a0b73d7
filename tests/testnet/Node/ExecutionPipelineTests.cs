using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Network.Api;
using Bft.Testnet.Node;

namespace Bft.Testnet.Tests.Node;

public sealed class ExecutionPipelineTests : IDisposable
{
    private static readonly Chain Chain = new(HashFunction.Sha256.Hash("pipeline"u8), "toy", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly MemoryDisk _disk = new();
    private readonly BlockStore _ledger;
    private readonly ExecutionPipeline _pipeline;
    private readonly TaskCompletionSource<Exception> _warned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ExecutionPipelineTests()
    {
        _ledger = BlockStore.Open(_disk, Chain, new BlockStoreOptions { SegmentBytes = 1 });
        _pipeline = new ExecutionPipeline(
            new Executor(Chain, new KeyValueApplication()), _ledger, new SnapshotStore(new MemoryDisk(), Chain), new ReceiptFeed(), new StoppedClock(), snapshotEvery: 10_000)
        {
            Failed = (fatal, exception) => (fatal ? _stopped : _warned).TrySetResult(exception),
        };
    }

    public void Dispose()
    {
        _pipeline.Dispose();
        _ledger.Dispose();
    }

    [Fact]
    public async Task A_ledger_whose_flush_failed_stops_the_replica_and_is_not_tried_again()
    {
        // The second block needs a new segment, and with it a flush of the first.
        _disk.FailFlushes();
        Enqueue(1, 2, 3);
        _pipeline.Start();
        Task<Exception> first = await Task.WhenAny(_stopped.Task, _warned.Task).WaitAsync(Patience);
        Assert.IsType<LedgerFailedException>(await first);
        Assert.True(_stopped.Task.IsCompleted, "the failure was told as one that passes");
    }

    [Fact]
    public async Task A_full_disk_does_not_hold_up_the_end_however_much_is_queued()
    {
        _disk.FailWritesAfter(0);
        Enqueue(1, 2, 3);
        _pipeline.Start();
        Assert.IsNotType<LedgerFailedException>(await _warned.Task.WaitAsync(Patience));
        await Task.Run(_pipeline.Dispose).WaitAsync(Patience);
        Assert.False(_stopped.Task.IsCompleted);
        Assert.Equal(default, _ledger.Height);
    }

    [Fact]
    public async Task A_block_that_found_no_room_is_appended_once_there_is_some()
    {
        _disk.FailWritesAfter(10, once: true);
        Enqueue(1, 2, 3);
        _pipeline.Start();
        await _warned.Task.WaitAsync(Patience);
        while (_ledger.Height.Value < 3)
        {
            Task next = _pipeline.NextBlock();
            if (_ledger.Height.Value < 3)
            {
                await next.WaitAsync(Patience);
            }
        }

        await Task.Run(_pipeline.Dispose).WaitAsync(Patience);
        Assert.False(_stopped.Task.IsCompleted);
    }

    private void Enqueue(params ulong[] heights)
    {
        foreach (ulong height in heights)
        {
            _pipeline.Enqueue(new CommittedBlock(Block.Null(Chain, new Height(height)), new CommitProof(null, [])));
        }
    }

    private sealed class StoppedClock : IClock
    {
        public TimeSpan Now => TimeSpan.Zero;

        public ulong UnixMilliseconds => 0;
    }
}
