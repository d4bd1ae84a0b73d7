namespace Bft.Ledger;

/// <summary>Local settings of a <see cref="BlockStore"/>.</summary>
public sealed record BlockStoreOptions
{
    /// <summary>From this length in bytes on, a segment is sealed and the next one begun. At most 2 GiB. Default 64 MiB.</summary>
    public int SegmentBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Gives each segment its own unpredictable number, which every checksum in it depends on, so that a look-alike inside a client's
    /// command never passes for a record. Null for random ones; a simulation gives its own.
    /// </summary>
    public Func<ulong>? Salt { get; init; }

    /// <summary>Told what went wrong without harm (an index file that had to be rebuilt …). Null for silence.</summary>
    public Action<string>? Warn { get; init; }
}
