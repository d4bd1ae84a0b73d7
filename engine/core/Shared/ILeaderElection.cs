namespace Bft.Engine.Shared;

/// <summary>
/// Who leads a view, and where a timeout leads to: the two lines in which the cure for the silent leader lives. Pure: the answer is a
/// function of the view and of the <see cref="Standing"/> that follows from the chain being extended, so that all who extend the
/// same block agree.
/// </summary>
public interface ILeaderElection
{
    /// <summary>The name in options.</summary>
    string Name { get; }

    /// <summary>The leader of a view for those who extend the block with that standing.</summary>
    ReplicaId Leader(View view, Standing standing);

    /// <summary>The view that a timeout certificate of <paramref name="view"/> leads to; above it.</summary>
    View AfterTimeout(View view);

    /// <summary>The standing of a block, from its parent's.</summary>
    Standing After(Standing parentStanding, BlockHeader parent, BlockHeader block);

    /// <summary>What a fold begins with at a <see cref="FoldStart"/> height: it depends on nothing before.</summary>
    Standing Begin(BlockHeader header);

    /// <summary>The height at or below <paramref name="height"/> from which folding <see cref="After"/> over the headers, begun with <see cref="Begin"/>, is exact.</summary>
    Height FoldStart(Height height);
}

/// <summary>What the chain up to a block says about its replicas as leaders. Immutable.</summary>
/// <param name="Tenure">The tenure of the block.</param>
/// <param name="AtStart">Who was passed over when that tenure began: holds to its end, so that a tenure has one leader.</param>
/// <param name="Latest">Who is passed over from the next tenure on.</param>
/// <param name="Order">The members of <paramref name="Latest"/> in the order they failed, the oldest first.</param>
public sealed record Standing(ulong Tenure, ReplicaSet AtStart, ReplicaSet Latest, System.Collections.Immutable.ImmutableArray<int> Order)
{
    /// <summary>Nobody is passed over.</summary>
    public static Standing Fresh { get; } = new(0, ReplicaSet.Empty, ReplicaSet.Empty, []);
}
