namespace Bft.Network.Peers;

/// <summary>The pauses between attempts: twice as long each time up to a cap, with jitter, so that n restarted peers do not dial in step.</summary>
internal sealed class Backoff(PeerLimits limits, int seed)
{
    private readonly Random _random = new(seed);
    private TimeSpan _ceiling = TimeSpan.Zero;

    /// <summary>The next pause: between half the current ceiling and all of it, never below the least nor above the longest.</summary>
    public TimeSpan Next()
    {
        _ceiling = _ceiling == TimeSpan.Zero ? 2 * limits.MinBackoff : 2 * _ceiling;
        if (_ceiling > limits.MaxBackoff)
        {
            _ceiling = limits.MaxBackoff;
        }

        TimeSpan pause = _ceiling * (0.5 + (0.5 * _random.NextDouble()));
        return pause < limits.MinBackoff ? limits.MinBackoff : pause;
    }

    /// <summary>A link stood for that long; long enough, and the next pause is short again.</summary>
    public void Held(TimeSpan duration)
    {
        if (duration >= limits.SteadyAfter)
        {
            _ceiling = TimeSpan.Zero;
        }
    }
}
