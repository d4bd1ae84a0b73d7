using System.Net;
using Bft.Network.Connections;
using Microsoft.AspNetCore.Connections;

namespace Bft.Network.Tests.Connections;

/// <summary>Who gives way when there are too many connections of strangers.</summary>
public sealed class ConnectionRoomTests
{
    [Fact]
    public void The_oldest_gives_way_to_one_more_of_the_same_address()
    {
        var room = new ConnectionRoom(2);
        Connection[] all = [From("10.0.0.1"), From("10.0.0.1"), From("10.0.0.1")];
        foreach (Connection connection in all)
        {
            room.Enter(connection);
        }

        Assert.Equal([true, false, false], all.Select(IsHungUpOn));
        Assert.Equal(2, room.Count);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8::1", "2001:db8::ffff:0:0:2")]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1")]
    public void Who_floods_from_one_address_displaces_only_what_came_from_there(string flooding, string alsoFlooding)
    {
        var room = new ConnectionRoom(8);
        Connection member = From("10.0.0.9");
        room.Enter(member);
        for (int i = 0; i < 100; i++)
        {
            room.Enter(From(i % 2 == 0 ? flooding : alsoFlooding));
        }

        Assert.False(IsHungUpOn(member));
        Assert.Equal(8, room.Count);
    }

    [Fact]
    public void A_newcomer_displaces_one_of_the_address_that_has_the_most()
    {
        var room = new ConnectionRoom(4);
        Connection first = From("10.0.0.1"), crowd = From("10.0.0.2");
        room.Enter(first);
        room.Enter(crowd);
        room.Enter(From("10.0.0.2"));
        room.Enter(From("10.0.0.2"));
        room.Enter(From("10.0.0.3"));

        Assert.False(IsHungUpOn(first));
        Assert.True(IsHungUpOn(crowd));
    }

    [Fact]
    public void Of_addresses_with_one_each_the_oldest_gives_way_and_who_left_is_not_hung_up_on()
    {
        var room = new ConnectionRoom(2);
        Connection member = From("10.0.0.1"), oldest = From("10.0.0.2"), newest = From("10.0.0.4");
        ConnectionRoom.Guest known = room.Enter(member)!;
        room.Enter(oldest);
        room.Leave(known);
        room.Leave(known);
        room.Enter(From("10.0.0.3"));
        room.Enter(newest);

        Assert.False(IsHungUpOn(member));
        Assert.True(IsHungUpOn(oldest));
        Assert.False(IsHungUpOn(newest));
        Assert.Equal(2, room.Count);
    }

    [Fact]
    public void Who_has_nothing_under_way_gives_way_before_who_works()
    {
        var room = new ConnectionRoom(3);
        Connection working = From("10.0.0.1"), rested = From("10.0.0.1"), idle = From("10.0.0.1");
        room.BeginWork(room.Enter(working)!);
        ConnectionRoom.Guest guest = room.Enter(rested)!;
        room.BeginWork(guest);
        room.BeginWork(guest);
        room.EndWork(guest);
        room.Enter(idle);
        room.Enter(From("10.0.0.2"));
        Assert.Equal([false, false, true], new[] { working, rested, idle }.Select(IsHungUpOn));

        room.EndWork(guest);
        room.Enter(From("10.0.0.3"));
        Assert.Equal([false, true], new[] { working, rested }.Select(IsHungUpOn));
        Assert.Equal((3, 2L, 0L), (room.Count, room.Displaced, room.Refused));
    }

    [Fact]
    public void A_crowd_that_works_refuses_its_own_newcomer_and_makes_room_for_a_stranger()
    {
        var room = new ConnectionRoom(3);
        Connection first = From("10.0.0.1"), second = From("10.0.0.1"), other = From("10.0.0.2"), third = From("10.0.0.2");
        foreach (Connection connection in new[] { first, second, other })
        {
            room.BeginWork(room.Enter(connection)!);
        }

        Assert.Null(room.Enter(From("10.0.0.1")));
        Assert.Null(room.Enter(third));
        Assert.Equal(2, room.Refused);
        Assert.All([first, second, other], connection => Assert.False(IsHungUpOn(connection)));
        Assert.NotNull(room.Enter(From("10.0.0.3")));
        Assert.Equal([true, false, false], new[] { first, second, other }.Select(IsHungUpOn));
    }

    [Fact]
    public void Work_that_ends_after_the_connection_gave_way_brings_nobody_back()
    {
        var room = new ConnectionRoom(2);
        ConnectionRoom.Guest guest = room.Enter(From("10.0.0.1"))!;
        room.Enter(From("10.0.0.1"));
        room.BeginWork(guest);
        room.Leave(guest);
        room.EndWork(guest);
        Assert.Equal(1, room.Count);
    }

    private static Connection From(string address) => new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };

    private static bool IsHungUpOn(Connection connection) => connection.Aborted;

    private sealed class Connection : DefaultConnectionContext
    {
        public bool Aborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;
    }
}
