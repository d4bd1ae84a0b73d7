namespace Bft.Testnet.Load;

/// <summary>
/// When each transaction of an open loop is due: the k-th at k/rate after the start, whatever became of the others. A closed loop would
/// ask less of a system that slows down and so hide it (coordinated omission).
/// </summary>
/// <param name="transactionsPerSecond">The rate offered, above 0.</param>
public sealed class OpenLoop(double transactionsPerSecond)
{
    /// <summary>How many transactions were handed out.</summary>
    public long Issued { get; private set; }

    /// <summary>The moment transaction <paramref name="index"/> (from 0) is due, counted from the start.</summary>
    public TimeSpan DueAt(long index) => TimeSpan.FromSeconds(index / transactionsPerSecond);

    /// <summary>Hands out what is due by now.</summary>
    /// <param name="elapsed">Time since the start.</param>
    /// <param name="most">The most to hand out; the rest stays due.</param>
    /// <returns>How many; their indices begin at the old value of <see cref="Issued"/>.</returns>
    public int Take(TimeSpan elapsed, int most)
    {
        int taken = (int)Math.Min(Due(elapsed), most);
        Issued += taken;
        return taken;
    }

    /// <summary>How many are due by now and were not handed out.</summary>
    /// <param name="elapsed">Time since the start.</param>
    public long Due(TimeSpan elapsed) =>
        // Transaction 0 is due at once, hence the one more.
        Math.Max(0, (long)Math.Floor(elapsed.TotalSeconds * transactionsPerSecond) + 1 - Issued);
}
