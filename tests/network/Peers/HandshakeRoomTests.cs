using System.Net;
using Bft.Network.Peers;
using Microsoft.AspNetCore.Connections;

namespace Bft.Network.Tests.Peers;

/// <summary>Who gives way when too many connections have not said who they are.</summary>
public sealed class HandshakeRoomTests
{
    [Fact]
    public void The_oldest_gives_way_to_one_more_of_the_same_address()
    {
        var room = new HandshakeRoom(2);
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
        var room = new HandshakeRoom(8);
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
        var room = new HandshakeRoom(4);
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
        var room = new HandshakeRoom(2);
        Connection member = From("10.0.0.1"), oldest = From("10.0.0.2"), newest = From("10.0.0.4");
        HandshakeRoom.Guest known = room.Enter(member);
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

    private static Connection From(string address) => new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };

    private static bool IsHungUpOn(Connection connection) => connection.Aborted;

    private sealed class Connection : DefaultConnectionContext
    {
        public bool Aborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;
    }
}
