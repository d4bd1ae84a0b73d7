using System.Collections.Immutable;
using Bft.Crypto;

namespace Bft.Engine;

/// <summary>
/// What a protocol can ask of the loop during a step. The loop carries effects out once a turn, in one order: <see cref="Hasten"/>,
/// append of <see cref="Store"/> and <see cref="Persist"/>, one flush if there was any, <see cref="Send"/>, timers, commits.
/// If the flush fails, nothing of that turn leaves and voting ends.
/// </summary>
public interface IEffects
{
    /// <summary>Monotonic time since an arbitrary start; constant within a step.</summary>
    TimeSpan Now { get; }

    /// <summary>The state point this replica reached at that height; null when not executed yet or too long ago to be kept.</summary>
    StatePoint? PointAt(Height height);

    /// <summary>The header committed at that height; null when there is none here. A deterministic read of the committed past.</summary>
    BlockHeader? HeaderAt(Height height);

    /// <summary>Keeps a block: durable before any promise of this turn leaves.</summary>
    void Store(Block block);

    /// <summary>Keeps a safety record, the latest of its key: durable before any promise of this turn leaves.</summary>
    void Persist(SafetyRecord record);

    /// <summary>Forgets the records of a kind whose slot is at most <paramref name="throughSlot"/>.</summary>
    void Discard(byte kind, ulong throughSlot);

    /// <summary>A promise: leaves after the flush. To oneself it becomes an input after the flush and is not metered.</summary>
    void Send(ReplicaId to, ProtocolMessage message);

    /// <summary><see cref="Send"/> to every other replica.</summary>
    void Broadcast(ProtocolMessage message);

    /// <summary>A message that promises nothing (a Raft append): leaves before the flush. Never to oneself.</summary>
    void Hasten(ReplicaId to, ProtocolMessage message);

    /// <summary>Starts or restarts a timer. A timer that was armed anew or disarmed never fires with its old deadline.</summary>
    void Arm(TimerId timer, TimeSpan after);

    /// <summary>Stops a timer.</summary>
    void Disarm(TimerId timer);

    /// <summary>Asks for transactions to propose; answered by <see cref="Input.PayloadReady"/>.</summary>
    void RequestPayload(PayloadRequest request);

    /// <summary>Asks some of <paramref name="holders"/> for one block; answered by <see cref="Input.Fetched"/>, or never.</summary>
    void RequestBlock(Digest digest, ReplicaSet holders);

    /// <summary>Asks for committed blocks up to at least that height; answered by <see cref="Input.Synced"/>, perhaps in several parts, or never.</summary>
    void CatchUp(Height atLeast, ReplicaSet holders);

    /// <summary>
    /// Builds a certificate of a quorum's votes over one statement; answered by <see cref="Input.Certified"/>, which is a later input and never
    /// a call within this step; or, under a scheme that checks votes together, by <see cref="Input.VotesRefused"/>.
    /// </summary>
    void Combine(Statement statement, ImmutableArray<Vote> votes);

    /// <summary>Declares a block committed.</summary>
    void Commit(Block block, CommitProof proof);

    /// <summary>Declares the view entered, with its leader if known.</summary>
    void Enter(View view, ReplicaId? leader);

    /// <summary>The read may be answered once the state of that height is there.</summary>
    void ReadReady(ReadId read, Height atLeast);

    /// <summary>The read cannot be answered here.</summary>
    void ReadRefused(ReadId read, ReadRefusal reason);

    /// <summary>Reports a double sign.</summary>
    void Accuse(Evidence evidence);
}

/// <summary>The name of a timer within a protocol.</summary>
/// <param name="Kind">The protocol's kind of timer.</param>
/// <param name="Slot">Which of that kind; 0 when there is one.</param>
public readonly record struct TimerId(byte Kind, ulong Slot = 0);

/// <summary>The name of a pending read.</summary>
public readonly record struct ReadId(ulong Value);

/// <summary>Why a read was refused.</summary>
public enum ReadRefusal
{
    /// <summary>Only the leader answers, and this replica does not lead.</summary>
    NotLeader,

    /// <summary>The leadership needed for the read was lost while it waited.</summary>
    LostLeadership,

    /// <summary>This replica is catching up.</summary>
    Behind,
}

/// <summary>What a proposal needs of the mempool.</summary>
/// <param name="View">The view that will propose.</param>
/// <param name="Height">The height that will hold it.</param>
/// <param name="Ancestors">Digests of the uncommitted ancestors: their transactions must not be given again.</param>
public sealed record PayloadRequest(View View, Height Height, ImmutableArray<Digest> Ancestors);
