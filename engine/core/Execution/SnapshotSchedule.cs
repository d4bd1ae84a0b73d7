namespace Bft.Engine.Execution;

/// <summary>
/// When the state is saved: at the heights that leave <paramref name="Offset"/> when divided by <paramref name="Every"/>, or as soon as may be after. With
/// an offset of its own each replica saves while the others do not, so that no quorum ever has its processors and disks at that at once.
/// </summary>
/// <param name="Every">Heights from one snapshot to the next; at least 1.</param>
/// <param name="Offset">Below <paramref name="Every"/>.</param>
public readonly record struct SnapshotSchedule(ulong Every, ulong Offset = 0)
{
    /// <summary>The schedule of one of several replicas, spread evenly.</summary>
    public static SnapshotSchedule Of(ReplicaId self, int replicas, ulong every) => new(every, every * (ulong)self.Value / (ulong)replicas);

    /// <summary>Whether such a height was reached since the last snapshot (or the start).</summary>
    public bool IsDue(Height last, Height now) => Passed(now) > Passed(last);

    private ulong Passed(Height height) => (height.Value + Every - Offset) / Every;
}
