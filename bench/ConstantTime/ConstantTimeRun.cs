using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Bft.Bench.ConstantTime;

/// <summary>What was found about one routine.</summary>
/// <param name="Routine">Its name.</param>
/// <param name="Of">What it stands for.</param>
/// <param name="Samples">Timings that were judged, of both classes together.</param>
/// <param name="MeanNanoseconds">The mean time of a call with the fixed secret, the timing itself included.</param>
/// <param name="DifferenceNanoseconds">How much longer random secrets took in the mean.</param>
/// <param name="MaxT">The largest |t|.</param>
/// <param name="Leaks">Whether it is above the threshold.</param>
/// <param name="AsExpected">Controls: whether the one that must be found was, and the other was not; for all others, whether nothing was found.</param>
public sealed record LeakReport(string Routine, string Of, long Samples, double MeanNanoseconds, double DifferenceNanoseconds, double MaxT, bool Leaks, bool AsExpected);

/// <summary>The measurement.</summary>
/// <param name="Seed">Draws classes and secrets.</param>
/// <param name="SecondsPerRoutine">How long each routine was measured.</param>
/// <param name="Threshold">|t| above which a difference counts as found.</param>
/// <param name="Results">Controls first.</param>
public sealed record ConstantTimeReport(int Seed, double SecondsPerRoutine, double Threshold, IReadOnlyList<LeakReport> Results)
{
    /// <summary>False when a control was not as it must be: the other figures mean nothing then; or when a leak was found.</summary>
    public bool Ok => Results.All(result => result.AsExpected);

    /// <summary>The table for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (LeakReport one in Results)
        {
            string verdict = one.Leaks ? one.AsExpected ? "found, as it must be" : "FOUND" : one.AsExpected ? "none found" : "NOT FOUND";
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{one.Routine,-18} {one.Samples,10:N0} samples  {one.MeanNanoseconds,12:N0} ns  {one.DifferenceNanoseconds,+10:N1} ns  max |t| {one.MaxT,7:F2}  {verdict}"));
        }

        return text.Append(CultureInfo.InvariantCulture, $"threshold {Threshold}, seed {Seed}, {SecondsPerRoutine} s a routine").ToString();
    }
}

/// <summary>
/// Times each routine with a fixed secret and with random ones, interleaved at random, and looks for a difference: Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?" (DATE 2017).
/// </summary>
/// <remarks>Every call has a secret of its own in memory of its own, also the fixed one: else caches would tell the classes apart.</remarks>
/// <param name="routines">What is measured; the controls among them.</param>
/// <param name="seconds">How long each.</param>
/// <param name="seed">Draws classes and secrets.</param>
/// <param name="log">Progress.</param>
public sealed class ConstantTimeRun(IReadOnlyList<SecretRoutine> routines, double seconds, int seed, TextWriter log)
{
    private const int BatchSize = 128;
    private const int LeastCalibration = 512;

    /// <summary>Measures.</summary>
    public ConstantTimeReport Run(CancellationToken cancellation)
    {
        List<LeakReport> results = [];
        foreach (SecretRoutine routine in routines)
        {
            cancellation.ThrowIfCancellationRequested();
            log.WriteLine(routine.Name);
            results.Add(Measure(routine));
        }

        return new ConstantTimeReport(seed, seconds, LeakTest.Threshold, results);
    }

    private LeakReport Measure(SecretRoutine routine)
    {
        var random = new Random(seed);
        var fixedSecret = new byte[routine.SecretBytes];
        random.NextBytes(fixedSecret);
        fixedSecret = routine.Special ?? fixedSecret;
        var batch = new Batch(routine, fixedSecret, random);
        List<double> calibration = [];
        long start = Stopwatch.GetTimestamp();

        // A fifth of the time compiles, warms up and gives the thresholds; only its second half counts for these.
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 5 || calibration.Count < LeastCalibration)
        {
            batch.Time();
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds / 10)
            {
                calibration.AddRange(batch.Times);
            }
        }

        var test = new LeakTest(calibration);
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds || test.Samples < LeastCalibration)
        {
            batch.Time();
            for (int i = 0; i < BatchSize; i++)
            {
                test.Add(batch.Groups[i], batch.Times[i]);
            }
        }

        return new LeakReport(
            routine.Name, routine.Of, test.Samples, Math.Round(test.Mean(0), 1), Math.Round(test.Mean(1) - test.Mean(0), 2), Math.Round(test.MaxT, 2), test.Leaks, test.Leaks == routine.MustLeak);
    }

    // All secrets of a batch are there before the first of its calls is timed.
    private sealed class Batch(SecretRoutine routine, byte[] fixedSecret, Random random)
    {
        private readonly Action[] _calls = new Action[BatchSize];

        public int[] Groups { get; } = new int[BatchSize];

        public double[] Times { get; } = new double[BatchSize];

        public void Time()
        {
            for (int i = 0; i < BatchSize; i++)
            {
                // Drawn for both classes, so that preparing them takes the same course.
                var secret = new byte[fixedSecret.Length];
                random.NextBytes(secret);
                Groups[i] = random.Next(2);
                if (Groups[i] == 0)
                {
                    fixedSecret.CopyTo(secret, 0);
                }

                _calls[i] = routine.Prepare(secret);
            }

            double nanoseconds = 1e9 / Stopwatch.Frequency;
            for (int i = 0; i < BatchSize; i++)
            {
                Action call = _calls[i];
                long before = Stopwatch.GetTimestamp();
                call();
                Times[i] = (Stopwatch.GetTimestamp() - before) * nanoseconds;
            }
        }
    }
}
