namespace Bft.Engine.Mempool;

/// <summary>The bounds of one replica's pool: its own affair, replicas may differ.</summary>
public sealed record PoolOptions
{
    /// <summary>
    /// The most bytes of runs the pool answers for, each run counted with <see cref="RunOverheadBytes"/>. Default 32 MiB.
    /// </summary>
    public long MaxBytes { get; init; } = 32 << 20;

    /// <summary>The most transactions the pool answers for. Default 262,144.</summary>
    public int MaxTransactions { get; init; } = 1 << 18;

    /// <summary>One client may hold the whole room divided by this, so that no client shuts the others out. Default 4.</summary>
    public int ClientShareDivisor { get; init; } = 4;

    /// <summary>How many digests of committed runs are remembered, so that late copies are refused before their execution is known. Default 65,536 (about 6 MiB).</summary>
    public int RecentRuns { get; init; } = 1 << 16;

    /// <summary>The most uncommitted blocks whose runs are held back; beyond it the oldest is taken for abandoned. Default 1024.</summary>
    public int MaxBlocks { get; init; } = 1024;

    /// <summary>A secret of this process for the look-up tables (see <see cref="Execution.DigestComparer"/>).</summary>
    public ulong LookupSeed { get; init; }

    /// <summary>What a run costs beside its bytes: the objects that hold it in the pool.</summary>
    public const int RunOverheadBytes = 384;
}
