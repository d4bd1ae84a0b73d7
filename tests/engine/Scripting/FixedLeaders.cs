using Bft.Engine.Shared;

namespace Bft.Engine.Tests.Scripting;

/// <summary>Leaders as a script names them, the first for view 1; later views rotate among the replicas named last, four views each. A timeout leads to the next view.</summary>
internal sealed class FixedLeaders(int[] leaders, int[] afterwards) : ILeaderElection
{
    private const ulong Tenure = 4;

    public string Name => "fixed";

    public ReplicaId Leader(View view, Standing standing) => Leader(view.Value);

    public ReplicaId Leader(ulong view) => new(
        view == 0 ? leaders[0] :
        view <= (ulong)leaders.Length ? leaders[view - 1] :
        afterwards[(view - (ulong)leaders.Length - 1) / Tenure % (ulong)afterwards.Length]);

    public View AfterTimeout(View view) => view.Next();

    public Standing After(Standing parentStanding, BlockHeader parent, BlockHeader block) => parentStanding;

    public Standing Begin(BlockHeader header) => Standing.Fresh;

    public Height FoldStart(Height height) => height;
}
