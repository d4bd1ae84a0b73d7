namespace Bft.Network.Api;

/// <summary>Counts the watchers of blocks over gRPC and HTTP together and refuses those beyond <see cref="ApiLimits.MaxWatchers"/>. Thread-safe.</summary>
public sealed class WatchGate
{
    private readonly int _most;
    private int _open;

    /// <summary>Makes a gate.</summary>
    public WatchGate(ApiLimits limits) => _most = limits.MaxWatchers;

    /// <summary>How many watch.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place; null, and the reason, when there is none. Dispose it when the watch ends.</summary>
    public IDisposable? TryEnter(out string? refusal)
    {
        if (Interlocked.Increment(ref _open) > _most)
        {
            Interlocked.Decrement(ref _open);
            refusal = $"This validator serves {_most} watchers, the most it takes (MaxWatchers): watch another validator.";
            return null;
        }

        refusal = null;
        return new Place(this);
    }

    private sealed class Place(WatchGate gate) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Decrement(ref gate._open);
            }
        }
    }
}
