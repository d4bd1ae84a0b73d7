using Bft.Engine.Mempool;
using Bft.Engine.Storage;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>Time as the loop sees it.</summary>
public interface IClock
{
    /// <summary>Monotonic time since an arbitrary start.</summary>
    TimeSpan Now { get; }

    /// <summary>Milliseconds since 1970-01-01 UTC; written into proposed headers; a proposal far ahead of it is not voted for.</summary>
    ulong UnixMilliseconds { get; }
}

/// <summary>Where committed blocks go to be executed, in order; the answer for each is <see cref="Replica.Executed"/>.</summary>
public interface IExecution
{
    /// <summary>Takes the next committed block. Never blocks.</summary>
    void Enqueue(CommittedBlock block);
}

/// <summary>What a replica tells the world. Called on the loop: must return at once.</summary>
public interface IReplicaObserver
{
    /// <summary>A block was committed here.</summary>
    void Committed(CommittedBlock block);

    /// <summary>A certificate was formed or learned.</summary>
    void Certified(QuorumCertificate certificate);

    /// <summary>A view was entered.</summary>
    void Entered(View view, ReplicaId? leader);

    /// <summary>A replica was caught signing twice.</summary>
    void Accused(Evidence evidence);

    /// <summary>Something that an operator must see.</summary>
    void Alarm(ReplicaAlarm alarm, string detail);

    /// <summary>The vote was earned back after the safety records were lost.</summary>
    void VotingResumed(View above);
}

/// <summary>Why a replica alarms.</summary>
public enum ReplicaAlarm
{
    /// <summary>A block claims another result for a height than this replica computed: it was not voted for.</summary>
    ResultMismatch,

    /// <summary>A committed block proves that this replica's own state is wrong: it votes no more.</summary>
    Diverged,

    /// <summary>A journal flush failed: it votes no more until restart.</summary>
    JournalFailed,

    /// <summary>A journal write failed: it pauses and tries again.</summary>
    JournalFull,

    /// <summary>A proposal's time is far ahead of this replica's clock: it was not voted for.</summary>
    ClockAhead,

    /// <summary>A replica sent votes that its key did not sign.</summary>
    FalseVotes,
}

/// <summary>Does the loop's heavy arithmetic on other threads.</summary>
public interface IWorkers
{
    /// <summary>Does a piece of work soon, on any thread. Never blocks.</summary>
    void Queue(Action work);
}

/// <summary>What a replica is made of besides its protocol.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Self">Which replica this is.</param>
/// <param name="Protocol">The protocol's description (decoder, commit rule).</param>
/// <param name="Voter">The only key holder.</param>
/// <param name="Journal">The hot file.</param>
/// <param name="Ledger">The committed past.</param>
/// <param name="Pool">The mempool.</param>
/// <param name="Transport">The way to other replicas.</param>
/// <param name="Meter">Where cost is booked.</param>
/// <param name="Clock">Time.</param>
/// <param name="Execution">Where committed blocks go.</param>
/// <param name="Observer">Who is told.</param>
/// <param name="Certificates">Builds certificates.</param>
/// <param name="Workers">Where heavy work is done; null to do it in the loop's own turn (simulation).</param>
public sealed record ReplicaPorts(
    Chain Chain,
    ReplicaId Self,
    ProtocolDescriptor Protocol,
    Voter Voter,
    IJournal Journal,
    ILedger Ledger,
    IPayloadSource Pool,
    ITransport Transport,
    IMeter Meter,
    IClock Clock,
    IExecution Execution,
    IReplicaObserver Observer,
    Crypto.Certificates.ICertificateScheme Certificates,
    IWorkers? Workers = null)
{
    /// <summary>What is demanded of blocks.</summary>
    public BlockRules BlockRules { get; init; } = BlockRules.Sound;

    /// <summary>The least that <see cref="CatchUpBlocksPerSecond"/> can be.</summary>
    public const int LeastCatchUpBlocksPerSecond = 16;

    /// <summary>Blocks a second by which this replica draws nearer at most when it is more than a thousand behind; null for as fast as it can.</summary>
    public int? CatchUpBlocksPerSecond { get; init; }
}
