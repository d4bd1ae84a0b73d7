using System.Net;
using Bft.Network.Connections;

namespace Bft.Network.Api;

/// <summary>
/// Counts the long-lived streams of clients, in all and by connection, and refuses those beyond the limits. Who comes from a crowded address gives way to who does
/// not (<see cref="SharedPlaces"/>). Thread-safe.
/// </summary>
public sealed class StreamGate
{
    private readonly ApiLimits _limits;
    private readonly SharedPlaces _places;
    private readonly Dictionary<string, int> _byConnection = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Makes a gate.</summary>
    public StreamGate(ApiLimits limits)
    {
        _limits = limits;
        _places = new SharedPlaces(limits.MaxStreams);
    }

    /// <summary>How many streams are open.</summary>
    public int Open => _places.Taken;

    /// <summary>Takes a place for a stream; null, and the reason, when there is none. Dispose the place when the stream ends.</summary>
    internal StreamPlace? TryEnter(string connection, IPAddress? address, out string? refusal)
    {
        lock (_gate)
        {
            int ofConnection = _byConnection.GetValueOrDefault(connection);
            if (ofConnection >= _limits.MaxStreamsPerConnection)
            {
                refusal = $"This connection has {ofConnection} streams open, the most there may be (MaxStreamsPerConnection): close one or share it.";
                return null;
            }

            if (_places.TryEnter(address) is not { } place)
            {
                refusal = $"This validator serves {_limits.MaxStreams} streams, the most it takes (MaxStreams): try another validator.";
                return null;
            }

            _byConnection[connection] = ofConnection + 1;
            refusal = null;
            return new StreamPlace(place, () => Leave(connection));
        }
    }

    private void Leave(string connection)
    {
        lock (_gate)
        {
            if (--_byConnection[connection] == 0)
            {
                _byConnection.Remove(connection);
            }
        }
    }
}
