using System.Diagnostics;

namespace Bft.Bench.Certificates;

/// <summary>Measures one thing on one thread.</summary>
internal static class Stopwatches
{
    private const int LeastRounds = 3;
    private const int Rounds = 9;

    /// <summary>Calls once to compile and warm up, then in rounds that take the time together.</summary>
    /// <param name="each">The time of all rounds.</param>
    /// <param name="call">What is measured; answers whether all went as expected.</param>
    /// <exception cref="InvalidOperationException">It did not: the figure would be of something else.</exception>
    public static Microseconds Measure(TimeSpan each, Func<bool> call)
    {
        double single = Time(call, 1);
        int calls = (int)Math.Clamp(each.TotalMicroseconds / Rounds / Math.Max(single, 0.01), 1, 1_000_000);
        var rounds = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (rounds.Count < LeastRounds || (rounds.Count < Rounds && Stopwatch.GetElapsedTime(start) < each))
        {
            rounds.Add(Time(call, calls));
        }

        rounds.Sort();
        return new Microseconds(Math.Round(rounds[0], 2), Math.Round(rounds[rounds.Count / 2], 2));
    }

    /// <summary>Microseconds a call.</summary>
    public static double Time(Func<bool> call, int calls = 1)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            if (!call())
            {
                throw new InvalidOperationException("A signature was judged otherwise than it must be: this figure means nothing.");
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls;
    }
}
