using Bft.Engine;
using Bft.Engine.Mempool;

namespace Bft.Testnet.Node;

/// <summary>
/// Spreads runs again that wait too long. Gossip may lose a batch, and the client that sent the run may be gone: then only this validator
/// has it, and a leader that never saw it would never propose it; or only this validator has a block with it, and while nothing else is to be done
/// it would give up the leader's view alone. Who has the run already drops the copy.
/// </summary>
/// <param name="pool">Where runs wait.</param>
/// <param name="spread">Gossips one run, to everybody.</param>
internal sealed class OverdueRuns(TransactionPool pool, Action<Run> spread)
{
    /// <summary>A run that waited that long should have been in a block: about as long as a client waits before it tries another validator.</summary>
    public static readonly TimeSpan After = TimeSpan.FromSeconds(2);

    /// <summary>The most bytes of runs in one round, unless a single run is larger.</summary>
    public const int MaxRoundBytes = 256 << 10;

    /// <summary>One round; to be called about once a second.</summary>
    public void Spread()
    {
        foreach (Run run in pool.TakeOverdue(After, MaxRoundBytes))
        {
            spread(run);
        }
    }
}
