namespace Bft.Network.Gossip;

/// <summary>How transactions spread, and what that may cost.</summary>
public sealed record GossipOptions
{
    /// <summary>
    /// To how many validators a batch is handed on by each that has it; null for all in committees of up to 8 and 6 in larger ones.
    /// With all, nobody needs to relay.
    /// </summary>
    public int? FanOut { get; init; }

    /// <summary>
    /// Seeds the choice of receivers of each batch. When all validators of a chain have the same seed (0 does), the receivers of a batch form
    /// one connected ring-like overlay, another for every batch, that a few silent relays cannot cut; otherwise each chooses for itself.
    /// </summary>
    public ulong Seed { get; init; }

    /// <summary>How long runs are collected after a batch was sent; the first run after silence goes at once. Default 1 ms.</summary>
    public TimeSpan CollectFor { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How long they are collected while the pool holds <see cref="LoadFrom"/> transactions: each batch costs every validator some, and what stands behind many others need not hurry. Default 10 ms.</summary>
    public TimeSpan CollectUnderLoad { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How many transactions in the pool are taken for load. Default 512.</summary>
    public int LoadFrom { get; init; } = 512;

    /// <summary>
    /// How long the others wait for runs that were shown to the leaders first, where leaders are known, everybody is reached directly and there is no load. What is
    /// in a block by then is not sent to them at all: the block brings it. Default 25 ms.
    /// </summary>
    public TimeSpan ShowOthersAfter { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// The sequence of the first batch. It must be above every sequence this identity signed before, also before a restart, or peers take
    /// its batches for old ones; no clock is to be trusted with that. See <see cref="FirstSequenceOf"/>.
    /// </summary>
    public required ulong FirstSequence { get; init; }

    /// <summary>The first sequence of an incarnation: above all of lower ones as long as none makes 2^32 batches, years at full load.</summary>
    /// <param name="incarnation">A number that grows with every start and is durable before it is used.</param>
    /// <exception cref="OverflowException">2^32 or more.</exception>
    public static ulong FirstSequenceOf(ulong incarnation) => (ulong)checked((uint)incarnation) << 32;

    /// <summary>How many batches of one origin are remembered; older ones are refused. Default 4096 (about 50 bytes each).</summary>
    public int RememberedBatches { get; init; } = 4096;

    /// <summary>How many bytes from one sender may wait to be verified; beyond it its batches are dropped. Default 4 MiB.</summary>
    public int MaxWaitingBytes { get; init; } = 4 << 20;

    /// <summary>How many bytes of batches one origin may spread a second in the long run; beyond it they are dropped. Default 32 MiB.</summary>
    public long MaxOriginBytesPerSecond { get; init; } = 32 << 20;

    /// <summary>How many bytes of batches one origin may spread at once on top of the rate. Default 16 MiB.</summary>
    public long MaxOriginBurstBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How many validators check the client signatures of a batch, its origin among them; null for all of them. f+1 is the least that is safe: among
    /// so many one is honest.
    /// </summary>
    public int? Verifiers { get; init; }

    /// <summary>
    /// How long a validator waits for those that check a batch, after it last heard of them, before it checks it itself. Default 200 ms: a busy machine keeps an honest process
    /// waiting longer than one would think, and who is silent for good costs this a few times only.
    /// </summary>
    public TimeSpan AttestationDeadline { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a batch waits at the most for those that are heard of and have not left it out. Default 3 s: under load they are behind, and doing their work for them makes that worse.</summary>
    public TimeSpan AttestationLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How many batches are verified at a time on pool threads; 0 verifies within <see cref="TransactionGossip.OnMessage"/>. Default 1.</summary>
    public int Workers { get; init; } = 1;
}
