using System.Net;
using Bft.Network.Connections;

namespace Bft.Network.Api;

/// <summary>
/// Counts the watchers of blocks over gRPC and HTTP together and refuses those beyond <see cref="ApiLimits.MaxWatchers"/>. Who comes from a crowded address gives way
/// to who does not (<see cref="SharedPlaces"/>). Thread-safe.
/// </summary>
public sealed class WatchGate
{
    private readonly int _most;
    private readonly SharedPlaces _places;

    /// <summary>Makes a gate.</summary>
    public WatchGate(ApiLimits limits)
    {
        _most = limits.MaxWatchers;
        _places = new SharedPlaces(limits.MaxWatchers);
    }

    /// <summary>How many watch.</summary>
    public int Open => _places.Taken;

    /// <summary>Takes a place; null, and the reason, when there is none. Dispose it when the watch ends.</summary>
    internal StreamPlace? TryEnter(IPAddress? address, out string? refusal)
    {
        if (_places.TryEnter(address) is { } place)
        {
            refusal = null;
            return new StreamPlace(place);
        }

        refusal = $"This validator serves {_most} watchers, the most it takes (MaxWatchers): watch another validator.";
        return null;
    }
}
