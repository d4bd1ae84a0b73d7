namespace Bft.Testnet.Submission;

/// <summary>What a line of an input file may hold at most.</summary>
public sealed record SubmissionLimits
{
    /// <summary>The longest line in bytes, without its end. Default 1 MiB; longer ones are passed over without being kept in memory.</summary>
    public int MostLineBytes { get; init; } = 1 << 20;

    /// <summary>The longest key in bytes of UTF-8. Default 1024.</summary>
    public int MostKeyBytes { get; init; } = 1024;

    /// <summary>The longest value in bytes of UTF-8. Default 64 KiB.</summary>
    public int MostValueBytes { get; init; } = 64 << 10;
}
