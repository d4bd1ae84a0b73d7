using Bft.Engine;

namespace Bft.Network.Gossip;

/// <remarks>
/// Without load a run is in a block within a few milliseconds of its coming, if the leader has it; and the block brings it to everybody. So it is shown to the leader of this view
/// and of the next, and to the others only when it is in no block some time later: one message instead of n−1, where messages are what a small block costs. Who leads is a hint
/// that may be wrong, and a leader may ignore what it gets: the others have it <see cref="GossipOptions.ShowOthersAfter"/> later, as if nothing had been tried.
/// </remarks>
public sealed partial class TransactionGossip
{
    private readonly ITimer _showTimer;
    private List<(Run Run, ReplicaSet Shown)> _unshown = [];

    // Null when everybody gets everything at once: where relays or verifiers need it, when nobody knows who leads, and under load, when runs wait for many others first.
    private ReplicaSet? LeadersToShow()
    {
        if (_leaders is null || _shared is not null || !_overlay.ReachesAll || _pool.Transactions >= _options.LoadFrom)
        {
            return null;
        }

        (ReplicaId? now, ReplicaId? next) = _leaders();
        return now is { } leader ? ReplicaSet.Empty.With(leader).With(next ?? leader) : null;
    }

    private void ShowLeaders(ulong sequence, List<Run> runs, ReplicaSet leaders)
    {
        ReplicaSet receivers = leaders.Without(_identity.Self);
        if (receivers.Count > 0)
        {
            SendTo(receivers, Sign(sequence, runs));
        }

        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            if (_unshown.Count == 0)
            {
                _showTimer.Change(_options.ShowOthersAfter, Timeout.InfiniteTimeSpan);
            }

            _unshown.AddRange(runs.Select(run => (run, leaders)));
        }
    }

    private void ShowOthers()
    {
        List<(Run Run, ReplicaSet Shown)> due;
        lock (_lock)
        {
            (due, _unshown) = (_unshown, []);
        }

        due.RemoveAll(late => !_pool.Waits(late.Run));
        for (int first = 0; first < due.Count;)
        {
            int end = first;
            int bytes = 0;
            ReplicaSet lacking = ReplicaSet.Empty;
            do
            {
                bytes += GossipBatch.EncodedBytes(due[end].Run);
                lacking = Lacking(lacking, due[end].Shown);
                end++;
            }
            while (end < due.Count && bytes + GossipBatch.EncodedBytes(due[end].Run) <= GossipBatch.TargetBytes);

            ulong sequence;
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                sequence = _nextSequence++;
            }

            SendTo(lacking, Sign(sequence, [.. due.GetRange(first, end - first).Select(late => late.Run)]));
            first = end;
        }
    }

    private ReplicaSet Lacking(ReplicaSet lacking, ReplicaSet shown)
    {
        for (int i = 0; i < _chain.Committee.Size; i++)
        {
            var id = new ReplicaId(i);
            if (id != _identity.Self && !shown.Contains(id))
            {
                lacking = lacking.With(id);
            }
        }

        return lacking;
    }
}
