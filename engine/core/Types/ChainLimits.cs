namespace Bft.Engine;

/// <summary>The limits every replica of a chain enforces alike; part of genesis.</summary>
public sealed record ChainLimits
{
    /// <summary>The largest payload of a block in bytes. Default 1 MiB.</summary>
    public int MaxPayloadBytes { get; init; } = 1 << 20;

    /// <summary>The largest run of transactions (a client's message) in bytes. Default 256 KiB.</summary>
    public int MaxRunBytes { get; init; } = 256 << 10;

    /// <summary>The most transactions in one run. Default 1024.</summary>
    public int MaxRunTransactions { get; init; } = 1024;

    /// <summary>The largest command in bytes. Default 80 KiB.</summary>
    public int MaxCommandBytes { get; init; } = 80 << 10;

    /// <summary>How many intervals of recent sequences a client's session remembers with their results. Default 128.</summary>
    public int SessionIntervals { get; init; } = 128;

    /// <summary>
    /// How many runs a client may have between its oldest that has no result yet and its newest, both counted, so that its session forgets none of them, whatever order
    /// leaders put them in. It is half of what the session remembers: runs that are sent again may split into more intervals.
    /// </summary>
    /// <param name="runTransactions">The most transactions in one of its runs.</param>
    public int RunsUnderWay(int runTransactions) =>
        Math.Max(1, Math.Min(SessionIntervals / 2, TransactionsUnderWay / Math.Max(1, runTransactions)));

    /// <summary>
    /// How many transactions those runs may hold together (one run alone may hold more): half of the results that a session remembers where no two beside each other are
    /// equal. 32,768 for every chain.
    /// </summary>
    public static int TransactionsUnderWay => Execution.Session.MaxCodeBytes / 2;

    /// <summary>How many headers a commit proof may carry. Default 4096.</summary>
    public int MaxProofHeaders { get; init; } = 4096;

    /// <summary>The most bytes of a certificate's signature in a block, of whatever scheme: 256 KiB, that is 79 signatures of ML-DSA.</summary>
    public const int MaxCertificateBytes = 256 << 10;

    private const int HeaderAndFramingBytes = 4096;

    /// <summary>The largest encoded block: payload, header, certificate and framing.</summary>
    public int MaxBlockBytes => MaxPayloadBytes + MaxCertificateBytes + HeaderAndFramingBytes;
}
