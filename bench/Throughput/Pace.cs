using System.Diagnostics;

namespace Bft.Bench.Throughput;

/// <summary>An open loop: things are due at fixed times whether or not the system keeps up, and their latency counts from when they were due.</summary>
internal static class Pace
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    /// <summary>Calls as often as is due until told to stop.</summary>
    /// <param name="perSecond">How many are due in a second.</param>
    /// <param name="send">Told when the thing was due (a timestamp of <see cref="Stopwatch"/>); answers whether there are more.</param>
    /// <param name="stopping">Whether to stop.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task KeepAsync(double perSecond, Func<long, bool> send, Func<bool> stopping, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        long sent = 0;
        using var timer = new PeriodicTimer(Tick);
        while (!stopping() && await timer.WaitForNextTickAsync(cancellation))
        {
            for (; (sent + 1) / perSecond <= Stopwatch.GetElapsedTime(start).TotalSeconds; sent++)
            {
                if (!send(start + (long)((sent + 1) / perSecond * Stopwatch.Frequency)))
                {
                    return;
                }
            }
        }
    }
}
