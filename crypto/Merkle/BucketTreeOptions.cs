namespace Bft.Crypto.Merkle;

/// <summary>How a state tree is set up. Replicas of one chain must agree on <see cref="InitialDepth"/>; the rest is each one's own affair.</summary>
public sealed record BucketTreeOptions
{
    /// <summary>Depth of the empty tree, <see cref="BucketTree.MinimumDepth"/> to <see cref="BucketTree.MaximumDepth"/>. Part of the state: 8 unless the genesis says otherwise.</summary>
    public int InitialDepth { get; init; } = 8;

    /// <summary>
    /// How many committed versions, the newest included, can be proved from; at least 1. Each costs memory in proportion to what the version after it
    /// changed: some 600 bytes an update at a million keys, and while a version from before a growth is among them, its nodes (64 bytes a bucket).
    /// </summary>
    public int History { get; init; } = 16;

    /// <summary>
    /// The most bytes of overwritten buckets and nodes kept for proofs of earlier versions. When large versions exceed it the oldest go first, but for the
    /// last <see cref="LeastHistory"/>. Default 64 MiB.
    /// </summary>
    public long HistoryBytes { get; init; } = 64 << 20;

    /// <summary>So many of the last versions are kept whatever they take, if <see cref="History"/> is not less.</summary>
    public const int LeastHistory = 4;

    /// <summary>The path SHA-256 takes; the roots are the same for all.</summary>
    public Sha256LaneWidth Width { get; init; } = Sha256Lanes.Widest;
}
