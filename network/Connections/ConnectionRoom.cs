using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Bft.Network.Connections;

/// <summary>
/// Connections of strangers: so many at a time, and one more makes another give way. On the validators' port they stay until their handshake
/// is done, on the clients' ports until they end. Thread-safe.
/// </summary>
/// <remarks>
/// The address that has the most gives way (as <see cref="SourceAddress"/> tells them apart), the newcomer counted in: first the
/// connection of it that has had nothing under way for longest; else the newcomer itself, when the crowd is its own; else the one that has been
/// at work for longest. So who connects from one address displaces only what came from there, and never its own work. Refusing the new one
/// whoever it is would let the first thousand keep everybody out.
/// </remarks>
/// <param name="places">How many there may be at once.</param>
internal sealed class ConnectionRoom(int places)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Guest> _idle = [];
    private readonly LinkedList<Guest> _working = [];
    private readonly Dictionary<IPAddress, int> _counts = [];
    private long _displaced;
    private long _refused;

    /// <summary>How many connections are in the room.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count + _working.Count;
            }
        }
    }

    /// <summary>How many gave way to a newcomer.</summary>
    public long Displaced => Interlocked.Read(ref _displaced);

    /// <summary>How many newcomers were not let in.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Takes a connection in; hangs up on another when the room is full.</summary>
    /// <returns>Its place; null when it has to give way itself: its address has the most connections, and all of them are at work.</returns>
    public Guest? Enter(ConnectionContext connection)
    {
        var guest = new Guest(connection, SourceAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address));
        Guest? displaced = null;
        lock (_lock)
        {
            if (_idle.Count + _working.Count >= places)
            {
                displaced = Crowding(guest.Source);
                if (displaced is null)
                {
                    Interlocked.Increment(ref _refused);
                    return null;
                }

                Remove(displaced);
            }

            guest.Place = _idle.AddLast(guest);
            _counts[guest.Source] = _counts.GetValueOrDefault(guest.Source) + 1;
        }

        if (displaced is not null)
        {
            Interlocked.Increment(ref _displaced);
            displaced.Connection.Abort(new ConnectionAbortedException("Too many connections: another of this address took the place."));
        }

        return guest;
    }

    /// <summary>Something is under way on the connection until <see cref="EndWork"/>; several things may be.</summary>
    public void BeginWork(Guest guest)
    {
        lock (_lock)
        {
            guest.HasWorked = true;
            if (guest.Work++ == 0)
            {
                Move(guest, _working);
            }
        }
    }

    /// <summary>One thing that was under way has ended.</summary>
    public void EndWork(Guest guest)
    {
        lock (_lock)
        {
            if (--guest.Work == 0)
            {
                Move(guest, _idle);
            }
        }
    }

    /// <summary>The handshake is done, or the connection ended. May be called again.</summary>
    public void Leave(Guest guest)
    {
        lock (_lock)
        {
            Remove(guest);
        }
    }

    private static void Move(Guest guest, LinkedList<Guest> to)
    {
        if (guest.Place is { } place)
        {
            place.List!.Remove(place);
            to.AddLast(place);
        }
    }

    private void Remove(Guest guest)
    {
        if (guest.Place is not { } place)
        {
            return;
        }

        place.List!.Remove(place);
        guest.Place = null;
        if (--_counts[guest.Source] == 0)
        {
            _counts.Remove(guest.Source);
        }
    }

    // The newcomer counts as if it were in already, so that it pays itself when its address has as many as any other.
    // The walk is as long as the room is large, at most some thousand steps, and only under attack.
    private Guest? Crowding(IPAddress newcomer)
    {
        int most = _counts.Values.Max();
        int own = _counts.GetValueOrDefault(newcomer);
        bool isOwn = own > 0 && own + 1 >= most;
        bool Pays(Guest guest) => isOwn ? guest.Source.Equals(newcomer) : _counts[guest.Source] == most;
        return _idle.FirstOrDefault(Pays) ?? (most > own + 1 ? _working.First(Pays) : null);
    }

    /// <summary>A connection in the room.</summary>
    internal sealed class Guest(ConnectionContext connection, IPAddress source)
    {
        private volatile bool _hasWorked;

        /// <summary>The connection.</summary>
        public ConnectionContext Connection => connection;

        /// <summary>The address it is charged to.</summary>
        public IPAddress Source => source;

        /// <summary>True once anything was under way on it.</summary>
        public bool HasWorked
        {
            get => _hasWorked;
            set => _hasWorked = value;
        }

        /// <summary>How many things are under way. Guarded by the room's lock.</summary>
        public int Work { get; set; }

        /// <summary>Where it stands in the order of its list; null once it has left. Guarded by the room's lock.</summary>
        public LinkedListNode<Guest>? Place { get; set; }
    }
}
