namespace Bft.Engine.Execution;

/// <summary>What the execution of one block gave.</summary>
public sealed class ExecutionResult
{
    private readonly Receipt[] _receipts;
    private readonly int[]? _starts;

    internal ExecutionResult(StatePoint point, Receipt[] receipts, int[]? starts, int executed)
    {
        Point = point;
        _receipts = receipts;
        _starts = starts;
        Executed = executed;
    }

    /// <summary>The state after the block.</summary>
    public StatePoint Point { get; }

    /// <summary>The receipts of all runs, in the order of the block.</summary>
    public IReadOnlyList<Receipt> Receipts => _receipts;

    /// <summary>How many transactions were executed now; the others are repeats.</summary>
    public int Executed { get; }

    /// <summary>The receipts of the run at that place of the block: one, or one for each height that executed a part of it.</summary>
    public ReadOnlySpan<Receipt> ReceiptsOf(int run) => _starts is null
        ? _receipts.AsSpan(run, 1)
        : _receipts.AsSpan(_starts[run], _starts[run + 1] - _starts[run]);
}

/// <summary>
/// This replica's state differs from what a committed header says a quorum reached at the same height: damaged memory or disk, or a
/// part that is not deterministic. The replica must stop before it tells anybody a result; it can start again from a snapshot
/// below that height, or from the others.
/// </summary>
/// <param name="ours">What this replica reached.</param>
/// <param name="committed">What the committed header says.</param>
public sealed class StateDivergedException(StatePoint ours, StatePoint committed)
    : Exception($"The state of height {committed.Height} diverged: here root {ours.StateRoot} and chain {ours.Chain}, in a committed block root {committed.StateRoot} and chain {committed.Chain}. " +
        "Stop this validator, remove its snapshots above or at that height and start it again; if it happens twice, its software differs from the others'.")
{
    /// <summary>What this replica reached.</summary>
    public StatePoint Ours { get; } = ours;

    /// <summary>What the committed header says.</summary>
    public StatePoint Committed { get; } = committed;
}
