using Bft.Engine.Storage;

namespace Bft.Engine.Execution;

/// <summary>
/// What happens to a committed block behind the loop, step by step: it is executed, its receipts are told, it is appended to the ledger, which is flushed
/// now and then, and now and then the state is saved. Whoever drives the steps (a thread of the node, a simulator) decides when; one at a time.
/// What is lost here in a crash is executed again from ledger and journal.
/// </summary>
/// <param name="executor">Executes.</param>
/// <param name="ledger">The committed past; appended to here alone.</param>
/// <param name="snapshots">Where the state is saved.</param>
/// <param name="clock">The loop's time.</param>
/// <param name="schedule">When the state is saved.</param>
/// <param name="savers">
/// Who writes what was held on to (<see cref="Executor.Snapshot"/>) while execution goes on; null to write it at once. No two are written at the same time.
/// What goes wrong there besides the disk must be told by whoever runs it.
/// </param>
public sealed class ExecutionStage(Executor executor, ILedger ledger, ISnapshotStore snapshots, IClock clock, SnapshotSchedule schedule, IWorkers? savers = null)
{
    /// <summary>From that many unflushed bytes on a flush is due.</summary>
    public const long FlushBytes = 32 << 20;

    /// <summary>What was appended is flushed at the latest after that time.</summary>
    public static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private long _unflushedBytes;
    private TimeSpan _flushedAt;
    private Height _snapshotAt = executor.Point.Height;
    private Height _flushed = ledger.Height;
    private CommittedBlock? _unappended;
    private StatePoint _unappendedPoint;
    private volatile bool _saving;

    /// <summary>Told of each executed block's receipts, before the block is in the ledger.</summary>
    public Action<CommittedBlock, ExecutionResult>? Receipts { get; set; }

    /// <summary>Told of each block that is executed and in the ledger.</summary>
    public Action<CommittedBlock, StatePoint>? Executed { get; set; }

    /// <summary>Told up to which height the ledger is durable.</summary>
    public Action<Height>? Flushed { get; set; }

    /// <summary>Told of a snapshot or an append that did not succeed; of a snapshot, on the thread that wrote it.</summary>
    public Action<IOException>? Failed { get; set; }

    /// <summary>True when all of the ledger is durable.</summary>
    public bool IsFlushed => _flushed == ledger.Height;

    /// <summary>True while the last executed block is not in the ledger (a full disk): <see cref="Append"/> before the next one.</summary>
    public bool IsAppendPending => _unappended is not null;

    /// <summary>How many heights are executed since the last snapshot.</summary>
    public ulong SinceSnapshot => executor.Point.Height.Value - _snapshotAt.Value;

    /// <summary>Executes the next block and tells its receipts; <see cref="Append"/> has to follow.</summary>
    /// <exception cref="InvalidOperationException">The last block is not in the ledger yet, or the executor refused: a bug.</exception>
    /// <exception cref="StateDivergedException">This replica's state is not that of the quorum.</exception>
    public void Execute(CommittedBlock block)
    {
        if (_unappended is not null)
        {
            throw new InvalidOperationException($"Height {_unappended.Block.Height} is not in the ledger yet: height {block.Block.Height} cannot follow.");
        }

        ExecutionResult result = executor.Execute(block);
        _unappended = block;
        _unappendedPoint = result.Point;
        Receipts?.Invoke(block, result);
    }

    /// <summary>Appends the executed block to the ledger. False when the disk did not take it: there is time to try again, the block is in the journal.</summary>
    /// <exception cref="LedgerFailedException">A flush failed, now or earlier: the replica must stop.</exception>
    public bool Append()
    {
        if (_unappended is not { } block)
        {
            return true;
        }

        try
        {
            ledger.Append(block);
        }
        catch (IOException exception) when (exception is not LedgerFailedException)
        {
            Failed?.Invoke(exception);
            return false;
        }

        _unflushedBytes += block.Block.Encoded.Length;
        _unappended = null;
        Executed?.Invoke(block, _unappendedPoint);
        return true;
    }

    /// <summary>Flushes the ledger if that is due.</summary>
    /// <exception cref="LedgerFailedException">The flush failed: the replica must stop.</exception>
    public void FlushNowAndThen()
    {
        if (!IsFlushed && (_unflushedBytes >= FlushBytes || clock.Now - _flushedAt >= FlushInterval))
        {
            Flush();
        }
    }

    /// <summary>Flushes the ledger.</summary>
    /// <exception cref="LedgerFailedException">The flush failed: the replica must stop.</exception>
    public void Flush()
    {
        _flushedAt = clock.Now;
        _unflushedBytes = 0;
        _flushed = ledger.Flush();
        Flushed?.Invoke(_flushed);
    }

    /// <summary>Saves the state if that is due.</summary>
    /// <exception cref="LedgerFailedException">The flush before it failed: the replica must stop.</exception>
    public void SnapshotNowAndThen()
    {
        if (!_saving && schedule.IsDue(_snapshotAt, executor.Point.Height))
        {
            Flush();
            Snapshot();
        }
    }

    /// <summary>Saves the state; one that fails is told and tried again when the next is due.</summary>
    public void Snapshot()
    {
        StatePoint point = executor.Point;
        Action<Stream> write = executor.Snapshot();
        _snapshotAt = point.Height;
        if (savers is null)
        {
            Save(point, write);
            return;
        }

        _saving = true;
        savers.Queue(() => Save(point, write));
    }

    private void Save(StatePoint point, Action<Stream> write)
    {
        try
        {
            snapshots.Save(point, write);
        }
        catch (IOException exception)
        {
            Failed?.Invoke(exception);
        }
        finally
        {
            _saving = false;
        }
    }
}
