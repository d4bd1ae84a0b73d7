using Bft.Engine;
using Bft.Engine.Shared;

namespace Bft.Simulation.Scenarios;

/// <summary>Leaders as a script names them, the first for view 1; later views are led by those named last, four views each in turn. A timeout leads to the next view.</summary>
/// <param name="leaders">The leaders of views 1, 2, …</param>
/// <param name="afterwards">Who leads in turn after these.</param>
public sealed class FixedLeaders(IReadOnlyList<int> leaders, IReadOnlyList<int> afterwards) : ILeaderElection
{
    private const ulong Tenure = 4;

    /// <inheritdoc/>
    public string Name => "fixed";

    /// <summary>The leader of a view.</summary>
    public ReplicaId Leader(View view) => new(
        view.Value > 0 && view.Value <= (ulong)leaders.Count
            ? leaders[(int)view.Value - 1]
            : afterwards[(int)((view.Value > (ulong)leaders.Count ? view.Value - (ulong)leaders.Count - 1 : 0) / Tenure % (ulong)afterwards.Count)]);

    /// <inheritdoc/>
    public ReplicaId Leader(View view, Standing standing) => Leader(view);

    /// <inheritdoc/>
    public View AfterTimeout(View view) => view.Next();

    /// <inheritdoc/>
    public Standing After(Standing parentStanding, BlockHeader parent, BlockHeader block) => parentStanding;

    /// <inheritdoc/>
    public Standing Begin(BlockHeader header) => Standing.Fresh;

    /// <inheritdoc/>
    public Height FoldStart(Height height) => height;
}
