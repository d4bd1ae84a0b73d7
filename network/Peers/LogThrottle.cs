namespace Bft.Network.Peers;

/// <summary>Lets one line a key and minute through, so that a peer cannot fill the log. Thread-safe; keys are few and ours.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static TimeSpan Quiet { get; } = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Peer, int Occasion), long> _last = [];

    /// <summary>True when the line may be written.</summary>
    /// <param name="peer">Whose line; −1 for strangers.</param>
    /// <param name="occasion">What kind of line.</param>
    public bool Permits(int peer, int occasion)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            if (_last.TryGetValue((peer, occasion), out long last) && time.GetElapsedTime(last, now) < Quiet)
            {
                return false;
            }

            _last[(peer, occasion)] = now;
            return true;
        }
    }
}
