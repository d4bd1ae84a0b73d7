using Bft.Engine;
using Bft.Testnet.Load;

namespace Bft.Bench.Throughput;

/// <summary>What a throughput run is asked for.</summary>
internal sealed record ThroughputOptions
{
    /// <summary>Validators.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>The certificate scheme; null for the default.</summary>
    public string? Scheme { get; init; }

    /// <summary>Bytes of each value.</summary>
    public int ValueBytes { get; init; } = 128;

    /// <summary>How long is measured, after the warm-up.</summary>
    public int Seconds { get; init; } = 20;

    /// <summary>How long the load runs before the measurement begins.</summary>
    public int WarmUpSeconds { get; init; } = 8;

    /// <summary>A chain that admits unsigned transactions, and a client that sends them.</summary>
    public bool Unsigned { get; init; }

    /// <summary>Transactions under way (closed loop).</summary>
    public int Window { get; init; } = 8192;

    /// <summary>Transactions offered a second (open loop); null for a closed loop.</summary>
    public double? Rate { get; init; }

    /// <summary>Transactions a client message holds.</summary>
    public int PerMessage { get; init; } = 64;

    /// <summary>Transactions under one signature; at most <see cref="PerMessage"/>. Default 1: every transaction signed.</summary>
    public int PerSignature { get; init; } = 1;

    /// <summary>Different keys written.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>Validators that are never started.</summary>
    public int Dead { get; init; }

    /// <summary>Whether f+1 validators check each client signature in place of all.</summary>
    public bool SharedVerification { get; init; }

    /// <summary>Signed runs made before the clock starts, at the most.</summary>
    public int PreSigned { get; init; } = 600_000;

    /// <summary>
    /// Client identities, used in turn: as many as the window needs, 8 at the least, since each may have only <see cref="ChainLimits.RunsUnderWay"/> runs under way.
    /// </summary>
    public int Clients => Math.Max(8, (Window / RunTransactions / new ChainLimits().RunsUnderWay(RunTransactions)) + 1);

    /// <summary>Transactions in one run.</summary>
    public int RunTransactions => Unsigned ? PerMessage : Math.Min(PerSignature, PerMessage);
}

/// <summary>What was measured.</summary>
/// <param name="TransactionsPerSecond">Committed and verified at the client.</param>
/// <param name="LatencyMs">Of each transaction.</param>
/// <param name="CpuSecondsPer1000">Processor time of all processes, the client's too, for 1,000 transactions.</param>
/// <param name="PeakMemoryMiB">The most resident memory each validator ever had.</param>
/// <param name="ResidentMiB">The validators' mean resident memory, at ten moments spread evenly over the measurement.</param>
/// <param name="BytesPerTransaction">Sent among validators.</param>
/// <param name="FsyncsPerSecond">Of one validator.</param>
/// <param name="BlocksPerSecond">Committed.</param>
/// <param name="TransactionsPerBlock">On average.</param>
/// <param name="Committed">Transactions.</param>
/// <param name="Failed">Transactions without a result.</param>
/// <param name="Seconds">Measured.</param>
/// <param name="VerifyMicroseconds">One Ed25519 verification with all cores at it, before and after the measurement: how fast this machine was (<see cref="Yardstick"/>).</param>
/// <param name="VerificationsPerTransaction">Processor time of one transaction, in such verifications: comparable between machines.</param>
/// <param name="Options">What was asked for.</param>
internal sealed record ThroughputReport(
    double TransactionsPerSecond,
    LatencyReport LatencyMs,
    double CpuSecondsPer1000,
    double[] PeakMemoryMiB,
    double[] ResidentMiB,
    double BytesPerTransaction,
    double FsyncsPerSecond,
    double BlocksPerSecond,
    double TransactionsPerBlock,
    long Committed,
    long Failed,
    double Seconds,
    double[] VerifyMicroseconds,
    double VerificationsPerTransaction,
    ThroughputOptions Options);

/// <summary>Latency from submit (or, in an open loop, from when it was due) to verified commit, in milliseconds.</summary>
internal sealed record LatencyReport(double P50, double P99, double P999, double Mean)
{
    /// <summary>What was recorded until now; zeros when nothing was.</summary>
    public static LatencyReport Of(LatencyRecord record) =>
        new(record.Milliseconds(50) ?? 0, record.Milliseconds(99) ?? 0, record.Milliseconds(99.9) ?? 0, record.MeanMilliseconds() ?? 0);
}
