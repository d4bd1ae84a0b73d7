using System.Diagnostics;

namespace Bft.Bench.Throughput;

/// <summary>An open loop: things are due at fixed times whether or not the system keeps up, and their latency counts from when they were due.</summary>
internal static class Pace
{
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(1);

    /// <summary>Calls as often as is due until told to stop.</summary>
    /// <param name="perSecond">How many are due in a second.</param>
    /// <param name="send">Told when the thing was due (a timestamp of <see cref="Stopwatch"/>); answers whether there are more.</param>
    /// <param name="stopping">Whether to stop.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task KeepAsync(double perSecond, Func<long, bool> send, Func<bool> stopping, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        long sent = 0;
        while (!stopping())
        {
            TimeSpan early = TimeSpan.FromSeconds((sent + 1) / perSecond) - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.Zero)
            {
                // Not a tick a millisecond: the clock's thread would take a twentieth of a machine from what is measured.
                await Task.Delay(early < ShortestSleep ? ShortestSleep : early, cancellation);
            }
            else if (!send(start + (long)((sent + 1) / perSecond * Stopwatch.Frequency)))
            {
                return;
            }
            else
            {
                sent++;
            }
        }
    }
}
