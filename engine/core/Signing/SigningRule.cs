using System.Collections.Immutable;

namespace Bft.Engine;

/// <summary>What a replica of a protocol may sign of one kind. The views of one key never decrease, and one view has one statement.</summary>
/// <param name="Kind">The kind of statement.</param>
/// <param name="PerSlot">True when each slot has its own sequence of views (PBFT); false when the kind has one (HotStuff).</param>
/// <param name="FencedBy">Kinds whose signature in a view forbids this kind in that view and below: after a timeout no vote.</param>
/// <param name="FencedBelowBy">
/// Kinds whose signature in a view forbids this kind in every view below, not in that view: whoever votes for a Raft leader or changes the PBFT view acknowledges
/// nothing older, and takes part in the new one.
/// </param>
public sealed record SigningRule(
    StatementKind Kind, bool PerSlot = false, ImmutableArray<StatementKind> FencedBy = default, ImmutableArray<StatementKind> FencedBelowBy = default);

/// <summary>Why the voter would not sign.</summary>
public enum SigningRefusal
{
    /// <summary>It signed.</summary>
    None,

    /// <summary>This replica lost its safety records and has not earned its vote back, or its journal failed.</summary>
    MayNotVote,

    /// <summary>The protocol has no rule for this kind.</summary>
    UnknownKind,

    /// <summary>A later view of this kind was signed before.</summary>
    OlderView,

    /// <summary>Another statement of this kind and view was signed before.</summary>
    Contradiction,

    /// <summary>A fencing statement of this or a later view was signed before.</summary>
    Fenced,
}

/// <summary>What the voter answers: the signed vote with the record that must be durable before it leaves, or a refusal.</summary>
/// <param name="Vote">The signed vote; meaningful when not refused.</param>
/// <param name="Record">What to persist; null when this very vote was recorded before.</param>
/// <param name="Refusal">Why not.</param>
public readonly record struct SigningAnswer(Vote Vote, SafetyRecord? Record, SigningRefusal Refusal)
{
    /// <summary>True when there is a vote to send.</summary>
    public bool Signed => Refusal == SigningRefusal.None;
}
