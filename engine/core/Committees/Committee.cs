namespace Bft.Engine;

/// <summary>
/// The n replicas of one epoch and the arithmetic of their quorums. Every question "is this set enough" is asked here,
/// so that weights and joint configurations can hide behind the same two answers.
/// </summary>
/// <remarks>
/// Byzantine: f = ⌊(n−1)/3⌋ and q = ⌊(n+f)/2⌋+1, the least size for which two quorums share an honest replica
/// (2q−n ≥ f+1) while q ≤ n−f. "2f+1" is right only for n = 3f+1: with n = 6 two sets of 3 may be disjoint.
/// Crash: f = ⌊(n−1)/2⌋ and q = ⌊n/2⌋+1.
/// </remarks>
public class Committee
{
    /// <summary>Makes a committee of equal replicas.</summary>
    /// <param name="size">n, from 1 to <see cref="ReplicaSet.Capacity"/>.</param>
    /// <param name="model">What a faulty replica may do.</param>
    /// <param name="epoch">The epoch this committee serves in.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is out of range.</exception>
    public Committee(int size, FaultModel model = FaultModel.Byzantine, Epoch epoch = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, ReplicaSet.Capacity);
        Size = size;
        Model = model;
        Epoch = epoch;
        FaultBound = MaxFaults(size, model);
        QuorumSize = model == FaultModel.Byzantine ? ((size + FaultBound) / 2) + 1 : (size / 2) + 1;
        HonestSize = model == FaultModel.Byzantine ? FaultBound + 1 : 1;
        Everyone = ReplicaSet.FirstOf(size);
    }

    /// <summary>n.</summary>
    public int Size { get; }

    /// <summary>What a faulty replica may do.</summary>
    public FaultModel Model { get; }

    /// <summary>The epoch this committee serves in.</summary>
    public Epoch Epoch { get; }

    /// <summary>f: how many replicas may be faulty.</summary>
    public int FaultBound { get; }

    /// <summary>q: the size of a quorum. Set by those only who show what wrong arithmetic leads to.</summary>
    public int QuorumSize { get; protected internal init; }

    /// <summary>How many distinct replicas hold at least one honest one: f+1 (1 under crash faults, where nobody lies). Set like <see cref="QuorumSize"/>.</summary>
    public int HonestSize { get; protected internal init; }

    /// <summary>All members.</summary>
    public ReplicaSet Everyone { get; }

    /// <summary>True when the replica is a member.</summary>
    public bool Contains(ReplicaId id) => (uint)id.Value < (uint)Size;

    /// <summary>True when the members of <paramref name="set"/> are a quorum; a set with a stranger in it never is.</summary>
    public bool IsQuorum(ReplicaSet set) => set.Bound <= Size && set.Count >= QuorumSize;

    /// <summary>True when <paramref name="set"/> surely holds an honest member; a set with a stranger in it never does.</summary>
    public bool HasHonest(ReplicaSet set) => set.Bound <= Size && set.Count >= HonestSize;

    /// <summary>The largest f a committee of n survives.</summary>
    public static int MaxFaults(int size, FaultModel model) => model == FaultModel.Byzantine ? (size - 1) / 3 : (size - 1) / 2;

    /// <summary>The smallest n that survives f faults: 3f+1 or 2f+1.</summary>
    public static int SmallestFor(int faults, FaultModel model) => model == FaultModel.Byzantine ? (3 * faults) + 1 : (2 * faults) + 1;
}
