namespace Bft.Ledger;

/// <summary>Local settings of a <see cref="QueryIndex"/>.</summary>
public sealed record QueryIndexOptions
{
    /// <summary>How many blocks may wait to be written; beyond it they are left out and read from the ledger later. Default 4096.</summary>
    public int QueueLength { get; init; } = 4096;

    /// <summary>The most blocks written in one transaction. Default 1000.</summary>
    public int BatchBlocks { get; init; } = 1000;

    /// <summary>
    /// The rest between two transactions: each costs a good many flushes of the disk that the journal needs. Default 2 s.
    /// </summary>
    public TimeSpan WriteInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the index is made anew within one run before it is given up. Default 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Told why the index is made anew or given up. Null for silence.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Told after each transaction how far the index is. Null for silence.</summary>
    public Action<QueryIndexStatus>? Progress { get; init; }
}

/// <summary>What a <see cref="QueryIndex"/> is doing.</summary>
/// <param name="Enabled">False when it was given up: every query answers "nothing" until the next start.</param>
/// <param name="Height">The last height in it.</param>
/// <param name="LedgerHeight">The last height in the ledger.</param>
/// <param name="Reason">Why it was made anew or given up the last time; null when it never was.</param>
public readonly record struct QueryIndexStatus(bool Enabled, ulong Height, ulong LedgerHeight, string? Reason);
