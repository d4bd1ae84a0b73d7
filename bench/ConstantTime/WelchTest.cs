namespace Bft.Bench.ConstantTime;

/// <summary>Welch's t-test of two classes of timings, one pass, numerically stable (Welford 1962; Welch 1947).</summary>
public sealed class WelchTest
{
    private readonly long[] _counts = new long[2];
    private readonly double[] _means = new double[2];
    private readonly double[] _squares = new double[2];

    /// <summary>Samples of the smaller class.</summary>
    public long Least => Math.Min(_counts[0], _counts[1]);

    /// <summary>Samples of both classes.</summary>
    public long Count => _counts[0] + _counts[1];

    /// <summary>Adds a sample.</summary>
    /// <param name="group">0 or 1.</param>
    /// <param name="value">The timing.</param>
    public void Add(int group, double value)
    {
        _counts[group]++;
        double difference = value - _means[group];
        _means[group] += difference / _counts[group];
        _squares[group] += difference * (value - _means[group]);
    }

    /// <summary>The mean of a class.</summary>
    public double Mean(int group) => _means[group];

    /// <summary>
    /// t: the difference of the means in units of its standard error. 0 with fewer than two samples in a class or equal means without variance; infinite when constant classes differ.
    /// </summary>
    public double T
    {
        get
        {
            if (Least < 2)
            {
                return 0;
            }

            double difference = _means[0] - _means[1];
            double error = Math.Sqrt((_squares[0] / (_counts[0] - 1) / _counts[0]) + (_squares[1] / (_counts[1] - 1) / _counts[1]));
            return difference == 0 ? 0 : difference / error;
        }
    }
}
