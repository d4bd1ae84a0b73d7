namespace Bft.Applications.KeyValue;

/// <summary>One replica's settings of the key-value application; none of them changes a root.</summary>
public sealed record KeyValueOptions
{
    /// <summary>How many of the last heights can be proved from, the newest included. At least 2. Default 16.</summary>
    public int History { get; init; } = 16;

    /// <summary>
    /// The most bytes of overwritten values kept for proofs of earlier heights, and again the most of the tree's overwritten nodes. When replacing
    /// large values, or many, exceeds it, the oldest heights go first. Default 64 MiB.
    /// </summary>
    public long HistoryBytes { get; init; } = 64 << 20;

    /// <summary>A secret of this process for the look-up table (see <see cref="Engine.Execution.DigestComparer"/>).</summary>
    public ulong LookupSeed { get; init; }
}
