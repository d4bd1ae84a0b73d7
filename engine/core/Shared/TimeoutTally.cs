namespace Bft.Engine.Shared;

/// <summary>
/// The highest view each replica says it gave up on: one entry a sender, so a flood costs nothing. Tells which view to join.
/// </summary>
public class TimeoutTally
{
    private readonly Committee _committee;
    private readonly View[] _highest;

    /// <summary>Makes an empty tally.</summary>
    public TimeoutTally(Committee committee)
    {
        _committee = committee;
        _highest = new View[committee.Size];
    }

    /// <summary>Notes a verified timeout.</summary>
    public virtual void Add(ReplicaId signer, View view)
    {
        if (_committee.Contains(signer))
        {
            _highest[signer.Value] = View.Max(_highest[signer.Value], view);
        }
    }

    /// <summary>
    /// The highest view that senders with an honest one among them gave up on, <b>counting those at or above it</b>: counting equal views
    /// only, replicas that restarted into different views (3, 4, 2, 2) would wait for each other for ever.
    /// </summary>
    public virtual View JoinView()
    {
        View join = default;
        foreach (View candidate in _highest)
        {
            if (candidate > join && _committee.HasHonest(AtOrAbove(candidate)))
            {
                join = candidate;
            }
        }

        return join;
    }

    private ReplicaSet AtOrAbove(View view)
    {
        ReplicaSet set = ReplicaSet.Empty;
        for (int i = 0; i < _highest.Length; i++)
        {
            if (_highest[i] >= view)
            {
                set = set.With(new ReplicaId(i));
            }
        }

        return set;
    }
}
