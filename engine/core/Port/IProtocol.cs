namespace Bft.Engine;

/// <summary>
/// A replication protocol: a deterministic function of (state, input). It reads no clock, random source, file, socket or thread;
/// everything it wants done is an effect, and every answer to an effect is a later input.
/// </summary>
/// <remarks>
/// A protocol promises: <see cref="IEffects.Commit"/> for every height once, ascending, without gaps; nothing signed except by its
/// <see cref="Voter"/>, and whatever is signed goes to disk with what justified it in the same step; no view entered at start below
/// one it signed in; quorum questions only to <see cref="Committee"/>; only certificates or sets with an honest member move its view;
/// whatever may be lost is sent again on a timer or reachable by sync.
/// </remarks>
public interface IProtocol
{
    /// <summary>Called once, before any step, with what survived the last run.</summary>
    void Start(RecoveredState recovered, IEffects effects);

    /// <summary>Takes one input. One method, so that traitors, twins, traces and replays wrap one thing.</summary>
    void Step(Input input, IEffects effects);

    /// <summary>
    /// The highest view that any replica can have entered while a quorum of the others was in none above <paramref name="shown"/>; never below
    /// the next. Higher where giving up on a view leads farther. Whoever lost its records must not vote at or below it. Pure.
    /// </summary>
    View LeadsTo(View shown) => shown.Next();

    /// <summary>How many messages and blocks of others it keeps for later; bounded, whatever they send. Read between steps, for people and checks only.</summary>
    int Kept => 0;

    /// <summary>Bytes of the blocks among what it keeps: a bound on their number alone is none on memory. Read between steps, for people and checks only.</summary>
    long KeptBytes => 0;

    /// <summary>What the protocol believes now; read between steps, for people and metrics, and by the edge to tell what is worth an effort.</summary>
    ProtocolStatus Status { get; }
}

/// <summary>A snapshot of a protocol's state for people and metrics.</summary>
/// <param name="View">The current view.</param>
/// <param name="Leader">Whom it believes to lead, if anyone.</param>
/// <param name="HighestCertified">The highest certified view it knows.</param>
/// <param name="ViewChanges">How many views it left by timeout since the start.</param>
public readonly record struct ProtocolStatus(View View, ReplicaId? Leader, View HighestCertified, ulong ViewChanges)
{
    /// <summary>Who leads the view after this one, as far as can be told now.</summary>
    public ReplicaId? NextLeader { get; init; }

    /// <summary>The view that giving up on this one leads to.</summary>
    public View AfterTimeout { get; init; }

    /// <summary>Who leads that view.</summary>
    public ReplicaId? LeaderAfterTimeout { get; init; }

    /// <summary>Whether a proposal of that replica for that view is what this replica waits for.</summary>
    public bool Awaits(View view, ReplicaId proposer) =>
        (view == View && proposer == Leader) || (view == View.Next() && proposer == NextLeader) || (view == AfterTimeout && proposer == LeaderAfterTimeout);
}
