namespace Bft.Ledger;

/// <summary>Local settings of a <see cref="Journal"/>.</summary>
public sealed record JournalOptions
{
    /// <summary>The length of a segment file in bytes; one turn longer than that gets a longer file. Default 64 MiB.</summary>
    public int SegmentBytes { get; init; } = 64 << 20;

    /// <summary>
    /// The most bytes that wait for a flush, also while a full disk holds flushes up; an append beyond it flushes what waits. More than
    /// the largest block. Default 256 MiB.
    /// </summary>
    public int MaxTurnBytes { get; init; } = 256 << 20;

    /// <summary>
    /// From this number of segments on, a rotation carries the few blocks that keep the oldest segment alive forward, so that it may
    /// go. Default 4.
    /// </summary>
    public int MaxSegments { get; init; } = 4;

    /// <summary>
    /// Whether the next segment is zeroed by a background task while the current one fills (a rotation then costs no more than a
    /// flush). False makes the journal single-threaded, for simulation. Default true.
    /// </summary>
    public bool PrepareAhead { get; init; } = true;

    /// <summary>
    /// Gives each segment its own unpredictable number, which every checksum in it depends on: stale bytes of a reused file, and
    /// look-alikes that a client puts into a command, never pass. Null for random ones; a simulation gives its own.
    /// </summary>
    public Func<ulong>? Salt { get; init; }

    /// <summary>What makes a frame whole or nothing; another one than the default's is another format.</summary>
    public FrameChecksum Checksum { get; init; } = FrameChecksum.XxHash3;

    /// <summary>Told what went wrong without harm (a file that could not be deleted …). Null for silence.</summary>
    public Action<string>? Warn { get; init; }
}
