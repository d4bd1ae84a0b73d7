namespace Bft.Simulation.Checkers;

/// <summary>Check 6: whatever grows by what others send stays within its bound.</summary>
public sealed class BoundsChecker : Checker
{
    /// <inheritdoc/>
    public override string Name => "bounds";

    /// <inheritdoc/>
    public override void Sampled(int instance, in ResourceSample sample)
    {
        Check(instance, "bytes in the pool", sample.PoolBytes, sample.PoolLimit);
        Check(instance, "bytes of one peer waiting for the loop", sample.InflowBytes, sample.InflowLimit);
        Check(instance, "bytes of the journal", sample.JournalBytes, sample.JournalLimit);
        Check(instance, "messages and blocks of others", sample.Kept, sample.KeptLimit);
        Check(instance, "bytes of blocks of others", sample.KeptBytes, sample.KeptBytesLimit);
    }

    private void Check(int instance, string what, long value, long limit)
    {
        if (value > limit)
        {
            Violated($"instance {instance} keeps {value} {what}, the bound is {limit}");
        }
    }
}

/// <summary>Check 7: nothing throws out of an honest replica's parts, whatever it is sent.</summary>
public sealed class ExceptionChecker : Checker
{
    /// <inheritdoc/>
    public override string Name => "exception";

    /// <inheritdoc/>
    public override void Threw(int instance, string where, Exception exception) =>
        Violated($"instance {instance}, {where}: {exception.GetType().Name}: {exception.Message} {exception.StackTrace}");
}

/// <summary>Check 5: after everything is healed, whatever waits commits within a stated time. Judged by whoever runs the world.</summary>
public sealed class LivenessChecker : Checker
{
    /// <inheritdoc/>
    public override string Name => "liveness";

    /// <summary>Judges what was reached in the time.</summary>
    /// <param name="bound">The time that was given.</param>
    /// <param name="pending">Commands of clients that still wait.</param>
    /// <param name="behind">Honest instances that are not where the others were when the time began, with their heights.</param>
    /// <param name="target">Where the others were.</param>
    public void Judge(TimeSpan bound, int pending, IReadOnlyList<(int Instance, ulong Height)> behind, ulong target)
    {
        if (pending > 0)
        {
            Violated($"{pending} operations of clients are not done {bound.TotalSeconds:F1} s after all faults ended");
        }

        if (behind.Count > 0)
        {
            Violated($"{bound.TotalSeconds:F1} s after all faults ended, at height {target}, these have not caught up: {string.Join(", ", behind.Select(entry => $"instance {entry.Instance} at {entry.Height}"))}");
        }
    }
}
