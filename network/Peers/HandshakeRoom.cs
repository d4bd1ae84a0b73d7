using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Bft.Network.Peers;

/// <summary>
/// The connections of which nobody knows yet whose they are: so many at a time, and one more makes an older one give way. Committee members'
/// connections leave this room when their handshake is done, so outsiders compete with outsiders, however many they are. Thread-safe.
/// </summary>
/// <remarks>
/// The oldest connection of the address that has the most gives way (of an IPv6 address its /64 counts, which one party has whole). So who
/// connects from one address displaces only what came from there, and a member in its handshake, which takes a few round trips, is the newest.
/// Refusing the new one instead would let the first thousand keep everybody out.
/// </remarks>
internal sealed class HandshakeRoom(int places)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Guest> _guests = [];
    private readonly Dictionary<IPAddress, int> _counts = [];

    /// <summary>How many connections are in the room.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _guests.Count;
            }
        }
    }

    /// <summary>Takes a connection in; hangs up on another when the room is full.</summary>
    public Guest Enter(ConnectionContext connection)
    {
        var guest = new Guest(connection, SourceOf(connection.RemoteEndPoint));
        Guest? displaced = null;
        lock (_lock)
        {
            if (_guests.Count >= places)
            {
                displaced = Crowding(guest.Source);
                Remove(displaced);
            }

            guest.Place = _guests.AddLast(guest);
            _counts[guest.Source] = _counts.GetValueOrDefault(guest.Source) + 1;
        }

        displaced?.Connection.Abort(new ConnectionAbortedException("Too many connections that have not finished their handshake."));
        return guest;
    }

    /// <summary>The handshake is done, or the connection ended. May be called again.</summary>
    public void Leave(Guest guest)
    {
        lock (_lock)
        {
            Remove(guest);
        }
    }

    private void Remove(Guest guest)
    {
        if (guest.Place is not { } place)
        {
            return;
        }

        _guests.Remove(place);
        guest.Place = null;
        if (--_counts[guest.Source] == 0)
        {
            _counts.Remove(guest.Source);
        }
    }

    // The newcomer counts as if it were in already, so that it pays itself when its address has as many as any other.
    // The walk is as long as the room is large, some hundred steps, and only under attack.
    private Guest Crowding(IPAddress newcomer)
    {
        int most = _counts.Values.Max();
        IPAddress? crowded = _counts.GetValueOrDefault(newcomer) is var own and > 0 && own + 1 >= most ? newcomer : null;
        return _guests.First(guest => crowded is null ? _counts[guest.Source] == most : guest.Source.Equals(crowded));
    }

    private static IPAddress SourceOf(EndPoint? remote)
    {
        IPAddress address = remote is IPEndPoint endpoint ? endpoint.Address : IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(bytes.Length / 2).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>A connection in the room.</summary>
    internal sealed class Guest(ConnectionContext connection, IPAddress source)
    {
        /// <summary>The connection.</summary>
        public ConnectionContext Connection => connection;

        /// <summary>The address it is charged to.</summary>
        public IPAddress Source => source;

        /// <summary>Where it stands in the order of arrival; null once it has left. Guarded by the room's lock.</summary>
        public LinkedListNode<Guest>? Place { get; set; }
    }
}
