using System.Collections.Immutable;

namespace Bft.Engine.Shared;

/// <summary>
/// Leaders keep <see cref="TenureViews"/> consecutive views, a timeout ends the tenure, and whoever let its tenure lapse is passed over
/// for the rest of an era of <see cref="EraHeights"/> heights.
/// </summary>
/// <remarks>
/// Why it is live: a three-chain needs the blocks of three consecutive views and a fourth leader turn to gather the last votes; with one view
/// a leader and n = 4 a single silent leader leaves runs of two certified views, and nothing ever commits. Four views of one
/// live leader certify three of its own blocks. Why it is safe: leaders are a matter of liveness only; votes, locks and the
/// commit rule (three consecutive views) are untouched, and a replica votes once a view whoever proposes. Who is passed over follows from
/// the headers of the extended chain alone: a tenure that the views of two successive headers skip was lost by its leader. At most f are
/// passed over, the latest failures, so that n−f candidates remain; at the start of an era all get another chance, which costs a dead
/// validator's two timeouts (the votes of the view before its tenure go to it as well) once an era instead of once a rotation. An era that begins within a tenure leaves
/// that tenure to its leader. The fold starts anew with each era, so a restart needs at most one era of headers and a tenure: less than a second.
/// </remarks>
public sealed class TenureElection : ILeaderElection
{
    private readonly Committee _committee;
    private readonly bool _passOver;

    /// <summary>Makes the election of a committee.</summary>
    /// <param name="committee">The candidates.</param>
    /// <param name="tenureViews">Views a tenure; 4 is the least that lets one leader complete a three-chain.</param>
    /// <param name="eraHeights">Heights an era.</param>
    /// <param name="passOver">False: nobody is passed over (plain rotation of tenures).</param>
    /// <param name="name">The name in options.</param>
    public TenureElection(Committee committee, ulong tenureViews = 4, ulong eraHeights = 1 << 18, bool passOver = true, string name = "reputation")
    {
        ArgumentOutOfRangeException.ThrowIfZero(tenureViews);
        ArgumentOutOfRangeException.ThrowIfZero(eraHeights);
        _committee = committee;
        TenureViews = tenureViews;
        EraHeights = eraHeights;
        _passOver = passOver;
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Views a tenure.</summary>
    public ulong TenureViews { get; }

    /// <summary>Heights an era.</summary>
    public ulong EraHeights { get; }

    /// <summary>The elections an option can name.</summary>
    /// <exception cref="ArgumentException">Unknown name; the message lists the known ones.</exception>
    public static ILeaderElection Create(string? name, Committee committee) => name switch
    {
        null or "reputation" => new TenureElection(committee),
        "tenure" => new TenureElection(committee, passOver: false, name: "tenure"),
        "round-robin" => new TenureElection(committee, tenureViews: 1, passOver: false, name: "round-robin"),
        _ => throw new ArgumentException($"Unknown leader election \"{name}\"; known: reputation, tenure, round-robin.", nameof(name)),
    };

    /// <inheritdoc/>
    public ReplicaId Leader(View view, Standing standing)
    {
        ulong tenure = TenureOf(view);
        ReplicaSet passedOver = tenure == standing.Tenure ? standing.AtStart : standing.Latest;
        int candidates = _committee.Size - passedOver.Count;
        int nth = (int)(tenure % (ulong)candidates);
        if (candidates == _committee.Size)
        {
            return new ReplicaId(nth);
        }

        for (int i = 0; i < _committee.Size; i++)
        {
            if (!passedOver.Contains(new ReplicaId(i)) && nth-- == 0)
            {
                return new ReplicaId(i);
            }
        }

        throw new InvalidOperationException("There is always a candidate: at most f replicas are passed over.");
    }

    /// <inheritdoc/>
    public View AfterTimeout(View view) => new((TenureOf(view) * TenureViews) + 1);

    /// <inheritdoc/>
    public Height FoldStart(Height height)
    {
        // An era's first block tells everything but who led when its tenure began, and that is past a tenure of blocks later.
        ulong settled = height.Value > TenureViews ? height.Value - TenureViews : 0;
        return new Height(settled - (settled % EraHeights));
    }

    /// <inheritdoc/>
    public Standing Begin(BlockHeader header) => new(TenureOf(header.View), ReplicaSet.Empty, ReplicaSet.Empty, []);

    /// <inheritdoc/>
    public Standing After(Standing parentStanding, BlockHeader parent, BlockHeader block)
    {
        ulong tenure = TenureOf(block.View);
        ReplicaSet atStart = tenure == parentStanding.Tenure ? parentStanding.AtStart : parentStanding.Latest;
        if (block.Height.Value % EraHeights == 0)
        {
            // The tenure under way keeps its leader: another one in the middle of it, perhaps a dead one, would cost a view change for nothing.
            return new Standing(tenure, atStart, ReplicaSet.Empty, []);
        }

        ImmutableArray<int> order = _passOver ? Failures(parentStanding, parent, block) : [];
        if (tenure == parentStanding.Tenure && order == parentStanding.Order)
        {
            return parentStanding;
        }

        ReplicaSet latest = ReplicaSet.Empty;
        foreach (int id in order)
        {
            latest = latest.With(new ReplicaId(id));
        }

        return new Standing(tenure, atStart, latest, order);
    }

    // View 0 is genesis; the views of tenure t (from 1) are (t−1)·T+1 … t·T.
    private ulong TenureOf(View view) => (view.Value + TenureViews - 1) / TenureViews;

    private ImmutableArray<int> Failures(Standing standing, BlockHeader parent, BlockHeader block)
    {
        ulong from = TenureOf(parent.View);
        ulong to = TenureOf(block.View);
        ImmutableArray<int> order = standing.Order;
        if (from == to)
        {
            return order;
        }

        // The certificate of a tenure's last view is gathered by the next leader: its lack is not this leader's failure.
        if (parent.View.Value > 0 && parent.View.Value + 1 < from * TenureViews)
        {
            order = Failed(order, parent.Proposer);
        }

        ulong first = Math.Max(from + 1, to > (ulong)_committee.Size ? to - (ulong)_committee.Size : 0);
        for (ulong tenure = first; tenure < to; tenure++)
        {
            order = Failed(order, Leader(new View(tenure * TenureViews), standing));
        }

        return order.Remove(block.Proposer.Value);
    }

    private ImmutableArray<int> Failed(ImmutableArray<int> order, ReplicaId leader)
    {
        order = order.Remove(leader.Value).Add(leader.Value);
        return order.Length > _committee.FaultBound ? order.RemoveAt(0) : order;
    }
}
