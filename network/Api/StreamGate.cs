namespace Bft.Network.Api;

/// <summary>Counts the long-lived streams of clients, in all and by connection, and refuses those beyond the limits. Thread-safe.</summary>
public sealed class StreamGate
{
    private readonly ApiLimits _limits;
    private readonly Dictionary<string, int> _byConnection = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _open;

    /// <summary>Makes a gate.</summary>
    public StreamGate(ApiLimits limits) => _limits = limits;

    /// <summary>How many streams are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place for a stream; null, and the reason, when there is none. Dispose the place when the stream ends.</summary>
    public IDisposable? TryEnter(string connection, out string? refusal)
    {
        lock (_gate)
        {
            int ofConnection = _byConnection.GetValueOrDefault(connection);
            if (ofConnection >= _limits.MaxStreamsPerConnection)
            {
                refusal = $"This connection has {ofConnection} streams open, the most there may be (MaxStreamsPerConnection): close one or share it.";
                return null;
            }

            if (_open >= _limits.MaxStreams)
            {
                refusal = $"This validator serves {_open} streams, the most it takes (MaxStreams): try another validator.";
                return null;
            }

            _byConnection[connection] = ofConnection + 1;
            _open++;
        }

        refusal = null;
        return new Place(this, connection);
    }

    private void Leave(string connection)
    {
        lock (_gate)
        {
            _open--;
            if (--_byConnection[connection] == 0)
            {
                _byConnection.Remove(connection);
            }
        }
    }

    private sealed class Place(StreamGate gate, string connection) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave(connection);
            }
        }
    }
}
