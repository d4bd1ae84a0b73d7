using System.Collections.Concurrent;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Storage;
using Bft.Network.Api;

namespace Bft.Testnet.Node;

/// <summary>
/// Behind the loop, on a thread of its own: executes committed blocks in order, publishes their receipts, appends them to the ledger,
/// flushes that now and then, and saves snapshots (<see cref="SnapshotThread"/>). What is lost here in a crash is executed again from ledger and journal.
/// </summary>
internal sealed class ExecutionPipeline : IExecution, IDisposable
{
    // Executing fewer blocks again at the next start is quicker than writing a snapshot now, and keeps the older one far enough behind the tip.
    private const ulong WorthASnapshot = 1000;

    private readonly ConcurrentQueue<CommittedBlock> _queue = [];

    // No spinning: whoever spins here takes the processor from the loop.
    private readonly ManualResetEventSlim _arrived = new(false, 0);
    private readonly ExecutionStage _stage;
    private readonly Executor _executor;
    private readonly Thread _thread;
    private readonly SnapshotThread _saver;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _stopping = new();
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ending;

    /// <summary>Prepares the thread.</summary>
    public ExecutionPipeline(Executor executor, ILedger ledger, ISnapshotStore snapshots, ReceiptFeed receipts, IClock clock, SnapshotSchedule schedule)
    {
        _executor = executor;
        _saver = new SnapshotThread(exception => Failed?.Invoke(true, exception));
        _stage = new ExecutionStage(executor, ledger, snapshots, clock, schedule, _saver)
        {
            Receipts = (block, result) => receipts.Publish(block.Block.Height, [.. result.Receipts]),
            Executed = Advance,
            Flushed = height => Flushed?.Invoke(height),
            Failed = exception => Failed?.Invoke(false, exception),
        };
        _thread = new Thread(Run) { Name = "executor", IsBackground = true };
    }

    /// <summary>Told of each executed block, on this thread.</summary>
    public Action<CommittedBlock, StatePoint>? Executed { get; set; }

    /// <summary>Told up to which height the ledger is durable, on this thread.</summary>
    public Action<Height>? Flushed { get; set; }

    /// <summary>Told of what went wrong, on the thread where it did: fatal (true) when this replica must stop, else a snapshot or append that did not succeed.</summary>
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
                    _stage.Execute(block);
                    if (!AppendToLedger())
                    {
                        // The state is ahead of the ledger: no snapshot of it.
                        _stage.Flush();
                        return;
                    }

                    _stage.FlushNowAndThen();
                    _stage.SnapshotNowAndThen();
                }

                _stage.FlushNowAndThen();
            }

            _stage.Flush();
            if (_stage.SinceSnapshot >= WorthASnapshot)
            {
                _saver.Wait();
                _stage.Snapshot();
            }
        }
        catch (Exception exception)
        {
            Failed?.Invoke(true, exception);
        }
        finally
        {
            _saver.Wait();
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

            if (!_arrived.Wait(_stage.IsFlushed ? Timeout.InfiniteTimeSpan : ExecutionStage.FlushInterval))
            {
                _stage.Flush();
            }
        }
    }

    // A full disk is not the end: the block is in the journal; try again until there is room. A flush that failed is the end.
    // False when the ledger did not take the block before the end.
    private bool AppendToLedger()
    {
        while (!_stage.Append())
        {
            if (_stopping.Wait(ExecutionStage.FlushInterval))
            {
                return false;
            }
        }

        return true;
    }

    private void Advance(CommittedBlock block, StatePoint point)
    {
        Executed?.Invoke(block, point);
        TaskCompletionSource advanced;
        lock (_gate)
        {
            advanced = _advanced;
            _advanced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        advanced.SetResult();
    }
}
