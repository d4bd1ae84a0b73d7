namespace Bft.Network.Peers;

/// <summary>A rate with a burst, in bytes. Not thread-safe.</summary>
internal sealed class TokenBucket(long bytesPerSecond, long burst, TimeProvider time)
{
    private double _tokens = burst;
    private long _last = time.GetTimestamp();

    /// <summary>Takes that much if it is there.</summary>
    public bool TryTake(long bytes)
    {
        Refill();
        if (_tokens < bytes)
        {
            return false;
        }

        _tokens -= bytes;
        return true;
    }

    /// <summary>Takes that much at once, into debt if need be, and tells how long to wait until the debt is paid.</summary>
    public TimeSpan Take(long bytes)
    {
        Refill();
        _tokens -= bytes;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / bytesPerSecond);
    }

    private void Refill()
    {
        long now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_last, now).TotalSeconds * bytesPerSecond));
        _last = now;
    }
}
