using Bft.Engine;

namespace Bft.Network.Api;

/// <summary>The bounds of what clients may take from one validator. Local settings; a refusal always names the limit.</summary>
public sealed record ApiLimits
{
    /// <summary>The largest content of a frame, in bytes. Default 1 MiB. Must hold at least one run of the chain's largest size.</summary>
    public int MaxFrameBytes { get; init; } = 1 << 20;

    /// <summary>The most runs in a frame. Default 1024.</summary>
    public int MaxFrameRuns { get; init; } = 1024;

    /// <summary>The most client ids a stream may follow. Default 4096.</summary>
    public int MaxSubscribedClients { get; init; } = 4096;

    /// <summary>The most Submit, Receipts and Watch streams at once. Default 1024.</summary>
    public int MaxStreams { get; init; } = 1024;

    /// <summary>
    /// The most Submit, Receipts and Watch streams of one connection. Default 8. A stream holds at most one frame that is read and
    /// not yet acknowledged, so a connection has at most this many times <see cref="MaxFrameBytes"/> in flight, and its HTTP/2 window.
    /// </summary>
    public int MaxStreamsPerConnection { get; init; } = 8;

    /// <summary>The window of a connection: bytes that were sent to us and not yet read. Default 4 MiB.</summary>
    public int ConnectionWindowBytes { get; init; } = 4 << 20;

    /// <summary>The most connections of clients at once, over gRPC and HTTP; one more makes one of the most crowded address give way. Default 2048.</summary>
    public int MaxConnections { get; init; } = 2048;

    /// <summary>How long a connection may take to bring its first request, TLS handshake included. Default 5 s.</summary>
    public TimeSpan FirstRequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the head of an HTTP/1.1 request may take, from its first byte to its last. Default 5 s.</summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection without a request under way is kept. Default 130 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>The most bytes of a request's head beyond its first line. Default 16 KiB.</summary>
    public int MaxHeadBytes { get; init; } = 16 << 10;

    /// <summary>The most header fields of a request. Default 64.</summary>
    public int MaxHeaderFields { get; init; } = 64;

    /// <summary>The least average rate of a request's body and of an answer that waits for its reader, in bytes a second. Streams of gRPC have limits of their own. Default 1024.</summary>
    public int MinBytesPerSecond { get; init; } = 1024;

    /// <summary>How long a body may be slower than <see cref="MinBytesPerSecond"/> at its beginning. More than 1 s. Default 5 s.</summary>
    public TimeSpan SlowBodyGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most block watchers at once, over gRPC and HTTP. Default 256.</summary>
    public int MaxWatchers { get; init; } = 256;

    /// <summary>The most questions at once that decode blocks out of the ledger, over gRPC and HTTP. Default 2; more wait.</summary>
    public int MaxHeavyReads { get; init; } = 2;

    /// <summary>The most bytes of blocks that are on their way to clients as answers, over gRPC and HTTP. Default 256 MiB: four of the largest blocks in JSON.</summary>
    public long MaxResponseBytes { get; init; } = 256 << 20;

    /// <summary>How long a client may take to read a block. Default 30 s.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many acknowledgements wait for a slow reader before its frames are no longer read. Default 64.</summary>
    public int MaxQueuedAcknowledgements { get; init; } = 64;

    /// <summary>How many receipts are kept for a slow reader before it gets a gap instead; 64 codes of a long run count as another receipt. Default 65,536, about 6 MiB.</summary>
    public int MaxQueuedReceipts { get; init; } = 1 << 16;

    /// <summary>The most receipts under one signature in one frame. Default 2048.</summary>
    public int MaxReceiptsPerFrame { get; init; } = 2048;

    /// <summary>The largest key that is looked up, in bytes. Default 4096.</summary>
    public int MaxKeyBytes { get; init; } = 4096;

    /// <summary>The largest body of an HTTP request, in bytes. Default 1 MiB: holds the largest run in base64.</summary>
    public int MaxHttpBodyBytes { get; init; } = 1 << 20;

    /// <summary>How long a new stream may stay silent before its Hello. Default 10 s.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a read may wait for its height. Default 5 s.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The largest frame on that chain: never less than what holds one run of the largest size.</summary>
    public int FrameBytesOn(Chain chain) => Math.Max(MaxFrameBytes, chain.Limits.MaxRunBytes + Frames.RunsFrame.OverheadBytes + Frames.RunsFrame.BytesPerRun);

    /// <summary>The longest nonce of a signed answer, in bytes.</summary>
    public const int MaxNonceBytes = 64;

    /// <summary>The most blocks one listing gives.</summary>
    public const int MaxListedBlocks = 100;
}
