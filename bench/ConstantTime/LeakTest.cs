namespace Bft.Bench.ConstantTime;

/// <summary>
/// The statistics of Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?" (DATE 2017): Welch's t-test over all timings and, as slow outliers hide small differences, over those below several
/// percentiles; the largest |t| counts.
/// </summary>
/// <remarks>Thresholds come from a first batch of timings, which is not judged: a threshold taken from the very samples that it cuts would favour the faster class.</remarks>
public sealed class LeakTest
{
    /// <summary>|t| above this is a leak: with no difference one test exceeds it about once in 150,000 times.</summary>
    public const double Threshold = 4.5;

    /// <summary>Samples of each class below which a test says nothing.</summary>
    public const int LeastSamples = 200;

    private readonly double[] _limits;
    private readonly WelchTest[] _tests;

    /// <summary>Takes the thresholds.</summary>
    /// <param name="calibration">Timings of both classes, mixed, in any order; not empty.</param>
    /// <param name="crops">How many percentiles there are beside the whole.</param>
    /// <exception cref="ArgumentException">There are no timings.</exception>
    public LeakTest(IEnumerable<double> calibration, int crops = 20)
    {
        double[] sorted = [.. calibration.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("Thresholds come from timings; there are none.", nameof(calibration));
        }

        // Denser towards the whole, as in the paper's program: 1 - 2^(-10 k/crops).
        _limits = [double.PositiveInfinity, .. Enumerable.Range(1, crops).Select(k => sorted[(int)((1 - Math.Pow(0.5, 10.0 * k / crops)) * (sorted.Length - 1))])];
        _tests = [.. _limits.Select(_ => new WelchTest())];
    }

    /// <summary>Timings that were judged.</summary>
    public long Samples => _tests[0].Count;

    /// <summary>The mean of all timings of a class.</summary>
    public double Mean(int group) => _tests[0].Mean(group);

    /// <summary>The largest |t| of the tests that have enough samples of both classes.</summary>
    public double MaxT => _tests.Where(test => test.Least >= LeastSamples).Select(test => Math.Abs(test.T)).DefaultIfEmpty(0).Max();

    /// <summary>Whether a difference was found.</summary>
    public bool Leaks => MaxT > Threshold;

    /// <summary>Adds a timing.</summary>
    /// <param name="group">0 for the fixed secret, 1 for random ones.</param>
    /// <param name="time">In any unit.</param>
    public void Add(int group, double time)
    {
        for (int i = 0; i < _limits.Length; i++)
        {
            if (time <= _limits[i])
            {
                _tests[i].Add(group, time);
            }
        }
    }
}
