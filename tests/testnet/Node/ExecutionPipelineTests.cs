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
            new Executor(Chain, new KeyValueApplication()), _ledger, new SnapshotStore(new MemoryDisk(), Chain), new ReceiptFeed(), new StoppedClock(), new SnapshotSchedule(10_000))
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
        await ReachAsync(_pipeline, 3);

        await Task.Run(_pipeline.Dispose).WaitAsync(Patience);
        Assert.False(_stopped.Task.IsCompleted);
    }

    [Fact]
    public async Task A_snapshot_is_written_while_execution_goes_on_and_no_two_at_once()
    {
        using var store = new SlowStore();
        using ExecutionPipeline pipeline = Saving(store);
        pipeline.Start();
        Enqueue(pipeline, 1, 10);
        Assert.True(await store.BegunAsync());

        // Two more would be due: execution waits for neither, and the second is not begun while the first is under way.
        Enqueue(pipeline, 11, 35);
        await ReachAsync(pipeline, 35);
        Assert.Equal([10UL], store.Points);
        store.Release();
        ulong height = 35;
        for (bool begun = false; !begun; begun = store.HasBegun)
        {
            height++;
            Enqueue(pipeline, height, height);
            await ReachAsync(pipeline, height);
        }

        Assert.Equal(2, store.Points.Count);
        Assert.Equal(1, store.Finished);

        // The end waits for what is under way: nobody writes into a directory that is given up.
        Task end = Task.Run(pipeline.Dispose);
        Assert.False(end.IsCompleted);
        store.Release();
        await end.WaitAsync(Patience);
        Assert.Equal(2, store.Finished);
        Assert.False(_stopped.Task.IsCompleted || _warned.Task.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_that_refuses_a_snapshot_is_told_and_anything_else_that_happens_there_stops_the_replica(bool disk)
    {
        using var store = new SlowStore { Fault = disk ? new IOException("no room") : new InvalidOperationException("a bug") };
        using ExecutionPipeline pipeline = Saving(store);
        pipeline.Start();
        Enqueue(pipeline, 1, 10);
        Assert.True(await store.BegunAsync());
        store.Release();
        Assert.Same(store.Fault, await (disk ? _warned : _stopped).Task.WaitAsync(Patience));
        Assert.False((disk ? _stopped : _warned).Task.IsCompleted);
    }

    private ExecutionPipeline Saving(ISnapshotStore store) =>
        new(new Executor(Chain, new KeyValueApplication()), _ledger, store, new ReceiptFeed(), new StoppedClock(), new SnapshotSchedule(10))
        {
            Failed = (fatal, exception) => (fatal ? _stopped : _warned).TrySetResult(exception),
        };

    private async Task ReachAsync(ExecutionPipeline pipeline, ulong height)
    {
        while (_ledger.Height.Value < height)
        {
            Task next = pipeline.NextBlock();
            if (_ledger.Height.Value < height)
            {
                await next.WaitAsync(Patience);
            }
        }
    }

    private static void Enqueue(ExecutionPipeline pipeline, ulong first, ulong last)
    {
        for (ulong height = first; height <= last; height++)
        {
            pipeline.Enqueue(new CommittedBlock(Block.Null(Chain, new Height(height)), new CommitProof(null, [])));
        }
    }

    private void Enqueue(params ulong[] heights)
    {
        foreach (ulong height in heights)
        {
            _pipeline.Enqueue(new CommittedBlock(Block.Null(Chain, new Height(height)), new CommitProof(null, [])));
        }
    }

    /// <summary>A store that writes when it is let.</summary>
    private sealed class SlowStore : ISnapshotStore, IDisposable
    {
        private readonly SemaphoreSlim _begun = new(0);
        private readonly SemaphoreSlim _released = new(0);
        private int _finished;

        public List<ulong> Points { get; } = [];

        public int Finished => Volatile.Read(ref _finished);

        public Exception? Fault { get; init; }

        public bool HasBegun => _begun.Wait(0);

        public Task<bool> BegunAsync() => _begun.WaitAsync(Patience);

        public void Release() => _released.Release();

        public void Save(StatePoint point, Action<Stream> write)
        {
            Points.Add(point.Height.Value);
            _begun.Release();
            Assert.True(_released.Wait(Patience));
            write(Stream.Null);
            if (Fault is { } fault)
            {
                throw fault;
            }

            Interlocked.Increment(ref _finished);
        }

        public (StatePoint Point, Stream Content)? OpenLatest(Height atMost) => null;

        public void Dispose()
        {
            _begun.Dispose();
            _released.Dispose();
        }
    }

    private sealed class StoppedClock : IClock
    {
        public TimeSpan Now => TimeSpan.Zero;

        public ulong UnixMilliseconds => 0;
    }
}
