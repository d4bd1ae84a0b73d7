using System.Collections.Concurrent;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Storage;
using Bft.Network.Api;

namespace Bft.Testnet.Node;

/// <summary>
/// Behind the loop, on a thread of its own: executes committed blocks in order, publishes their receipts, appends them to the ledger,
/// flushes that now and then, and saves snapshots. What is lost here in a crash is executed again from ledger and journal.
/// </summary>
internal sealed class ExecutionPipeline : IExecution, IDisposable
{
    private const long FlushBytes = 32 << 20;

    // Executing fewer blocks again at the next start is quicker than writing a snapshot now, and keeps the older one far enough behind the tip.
    private const ulong WorthASnapshot = 1000;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<CommittedBlock> _queue = [];

    // No spinning: whoever spins here takes the processor from the loop.
    private readonly ManualResetEventSlim _arrived = new(false, 0);
    private readonly Executor _executor;
    private readonly ILedger _ledger;
    private readonly ISnapshotStore _snapshots;
    private readonly ReceiptFeed _receipts;
    private readonly IClock _clock;
    private readonly ulong _snapshotEvery;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _stopping = new();
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ending;
    private long _unflushedBytes;
    private TimeSpan _flushedAt;
    private Height _snapshotAt;
    private Height _flushed;

    /// <summary>Prepares the thread.</summary>
    public ExecutionPipeline(Executor executor, ILedger ledger, ISnapshotStore snapshots, ReceiptFeed receipts, IClock clock, ulong snapshotEvery)
    {
        _executor = executor;
        _ledger = ledger;
        _snapshots = snapshots;
        _receipts = receipts;
        _clock = clock;
        _snapshotEvery = snapshotEvery;
        _snapshotAt = executor.Point.Height;
        _flushed = ledger.Height;
        _thread = new Thread(Run) { Name = "executor", IsBackground = true };
    }

    /// <summary>Told of each executed block, on this thread.</summary>
    public Action<CommittedBlock, StatePoint>? Executed { get; set; }

    /// <summary>Told up to which height the ledger is durable, on this thread.</summary>
    public Action<Height>? Flushed { get; set; }

    /// <summary>Told of what went wrong: fatal (true) when this replica must stop, else a snapshot or append that did not succeed.</summary>
    public Action<bool, Exception>? Failed { get; set; }

    /// <summary>Transactions executed since genesis, repeats not counted.</summary>
    public long Transactions => (long)_executor.Transactions;

    /// <summary>Starts executing.</summary>
    public void Start() => _thread.Start();

    /// <inheritdoc/>
    public void Enqueue(CommittedBlock block)
    {
        _queue.Enqueue(block);
        _arrived.Set();
    }

    /// <summary>Completes at the next executed block.</summary>
    public Task NextBlock()
    {
        lock (_gate)
        {
            return _advanced.Task;
        }
    }

    /// <summary>
    /// Executes what is queued, saves a snapshot and ends. What finds no room on a full disk is left to the next start, which has it from
    /// the journal.
    /// </summary>
    public void Dispose()
    {
        _ending = true;
        _arrived.Set();
        _stopping.Set();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        // The signals themselves stay: the loop may still hand in a block.
    }

    private void Run()
    {
        try
        {
            while (WaitForBlock())
            {
                while (_queue.TryDequeue(out CommittedBlock? block))
                {
                    if (!Execute(block))
                    {
                        // The state is ahead of the ledger: no snapshot of it.
                        Flush();
                        return;
                    }

                    FlushNowAndThen();
                    SnapshotNowAndThen();
                }

                FlushNowAndThen();
            }

            Flush();
            if (_executor.Point.Height.Value >= _snapshotAt.Value + WorthASnapshot)
            {
                Snapshot();
            }
        }
        catch (Exception exception)
        {
            Failed?.Invoke(true, exception);
        }
    }

    // Waits without end when all is flushed, else for one flush interval at the most. False at the end, with nothing queued.
    private bool WaitForBlock()
    {
        while (true)
        {
            _arrived.Reset();
            if (!_queue.IsEmpty)
            {
                return true;
            }

            if (_ending)
            {
                return false;
            }

            if (!_arrived.Wait(_flushed == _ledger.Height ? Timeout.InfiniteTimeSpan : FlushInterval))
            {
                Flush();
            }
        }
    }

    // False when the ledger did not take the block before the end.
    private bool Execute(CommittedBlock block)
    {
        ExecutionResult result = _executor.Execute(block);
        _receipts.Publish(block.Block.Height, [.. result.Receipts]);
        if (!AppendToLedger(block))
        {
            return false;
        }

        Executed?.Invoke(block, result.Point);
        TaskCompletionSource advanced;
        lock (_gate)
        {
            advanced = _advanced;
            _advanced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        advanced.SetResult();
        return true;
    }

    // A full disk is not the end: the block is in the journal; try again until there is room. A flush that failed is the end.
    private bool AppendToLedger(CommittedBlock block)
    {
        while (true)
        {
            try
            {
                _ledger.Append(block);
                _unflushedBytes += block.Block.Encoded.Length;
                return true;
            }
            catch (IOException exception) when (exception is not LedgerFailedException)
            {
                Failed?.Invoke(false, exception);
                if (_stopping.Wait(FlushInterval))
                {
                    return false;
                }
            }
        }
    }

    private void FlushNowAndThen()
    {
        if (_flushed < _ledger.Height && (_unflushedBytes >= FlushBytes || _clock.Now - _flushedAt >= FlushInterval))
        {
            Flush();
        }
    }

    private void Flush()
    {
        _flushedAt = _clock.Now;
        _unflushedBytes = 0;
        _flushed = _ledger.Flush();
        Flushed?.Invoke(_flushed);
    }

    private void SnapshotNowAndThen()
    {
        if (_executor.Point.Height.Value >= _snapshotAt.Value + _snapshotEvery)
        {
            Flush();
            Snapshot();
        }
    }

    private void Snapshot()
    {
        try
        {
            _executor.SaveTo(_snapshots);
        }
        catch (IOException exception)
        {
            Failed?.Invoke(false, exception);
        }

        _snapshotAt = _executor.Point.Height;
    }
}
