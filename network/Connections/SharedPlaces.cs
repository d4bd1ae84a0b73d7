using System.Net;

namespace Bft.Network.Connections;

/// <summary>
/// Places for long-lived streams, shared among the addresses they come from (<see cref="SourceAddress"/>). When all are taken, a newcomer gets the oldest place of the
/// address that has the most, if that is more than its own address would have then; else it gets none. So who fills all places from one address keeps nobody else
/// out, and loses to others only what is beyond an equal share. Thread-safe.
/// </summary>
/// <param name="places">How many there are.</param>
internal sealed class SharedPlaces(int places)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _taken = [];
    private readonly Dictionary<IPAddress, int> _counts = [];

    /// <summary>How many are taken.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <summary>Takes a place; null when there is none for that address.</summary>
    public Place? TryEnter(IPAddress? address)
    {
        IPAddress source = SourceAddress.Of(address);
        Place? displaced = null;
        var place = new Place(this, source);
        lock (_lock)
        {
            int own = _counts.GetValueOrDefault(source);
            if (_taken.Count >= places)
            {
                int most = _counts.Count == 0 ? 0 : _counts.Values.Max();
                if (most <= own + 1)
                {
                    return null;
                }

                displaced = _taken.First(taken => _counts[taken.Source] == most);
                Remove(displaced);
            }

            _counts[source] = own + 1;
            place.Node = _taken.AddLast(place);
        }

        displaced?.Displace();
        return place;
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            Remove(place);
        }
    }

    private void Remove(Place place)
    {
        if (place.Node is not { } node)
        {
            return;
        }

        _taken.Remove(node);
        place.Node = null;
        if (--_counts[place.Source] == 0)
        {
            _counts.Remove(place.Source);
        }
    }

    /// <summary>A place that is taken; dispose it when its stream ends.</summary>
    // CA1001: the source is never disposed. It has no timer, and a newcomer may cancel it at any time.
#pragma warning disable CA1001
    internal sealed class Place(SharedPlaces all, IPAddress source) : IDisposable
#pragma warning restore CA1001
    {
        private readonly CancellationTokenSource _displaced = new();

        /// <summary>Cancelled when another address got the place: the stream has to end.</summary>
        public CancellationToken Displaced => _displaced.Token;

        /// <summary>To whom it is charged.</summary>
        public IPAddress Source => source;

        /// <summary>Its rank by age; null once it was left. Guarded by the lock of all.</summary>
        public LinkedListNode<Place>? Node { get; set; }

        /// <summary>Tells its holder to go, who has other things to do than to be told on the newcomer's thread.</summary>
        public void Displace() => _ = _displaced.CancelAsync();

        /// <inheritdoc/>
        public void Dispose() => all.Leave(this);
    }
}
