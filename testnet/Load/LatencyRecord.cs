using HdrHistogram;

namespace Bft.Testnet.Load;

/// <summary>Latencies from the moment a transaction was due to its verified commit. Thread-safe.</summary>
/// <remarks>
/// Because it counts from when a transaction was due and not from when it left, a stall is felt by every transaction that fell
/// into it: that is the correction for coordinated omission.
/// </remarks>
public sealed class LatencyRecord
{
    private const long MostMicroseconds = 3_600_000_000;
    private const int SignificantDigits = 3;

    private readonly LongHistogram _histogram = new(1, MostMicroseconds, SignificantDigits);
    private readonly Lock _gate = new();

    /// <summary>How many were recorded.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
            {
                return _histogram.TotalCount;
            }
        }
    }

    /// <summary>Records one latency; anything longer than an hour counts as an hour.</summary>
    /// <param name="latency">The latency.</param>
    /// <param name="times">How many transactions had it.</param>
    public void Record(TimeSpan latency, long times = 1)
    {
        long microseconds = Math.Clamp((long)latency.TotalMicroseconds, 1, MostMicroseconds);
        lock (_gate)
        {
            _histogram.RecordValueWithCount(microseconds, times);
        }
    }

    /// <summary>The latency in milliseconds that this share of all did not exceed; null when nothing was recorded.</summary>
    /// <param name="percentile">From 0 to 100.</param>
    public double? Milliseconds(double percentile)
    {
        lock (_gate)
        {
            return _histogram.TotalCount == 0 ? null : Math.Round(_histogram.GetValueAtPercentile(percentile) / 1000.0, 3);
        }
    }

    /// <summary>The mean in milliseconds; null when nothing was recorded.</summary>
    public double? MeanMilliseconds()
    {
        lock (_gate)
        {
            return _histogram.TotalCount == 0 ? null : Math.Round(_histogram.GetMean() / 1000.0, 3);
        }
    }
}
