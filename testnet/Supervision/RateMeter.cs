namespace Bft.Testnet.Supervision;

/// <summary>How fast a counter grows, from one look to the next.</summary>
/// <param name="time">The clock.</param>
internal sealed class RateMeter(TimeProvider time)
{
    private long _lookedAt;
    private ulong? _value;

    /// <summary>Counts a second since the last look; 0 at the first.</summary>
    public double Of(ulong value)
    {
        long now = time.GetTimestamp();
        double seconds = time.GetElapsedTime(_lookedAt, now).TotalSeconds;
        double rate = _value is { } before && before <= value && seconds > 0 ? (value - before) / seconds : 0;
        (_lookedAt, _value) = (now, value);
        return rate;
    }
}
