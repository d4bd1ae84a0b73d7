using System.Net;
using Bft.Network.Connections;

namespace Bft.Network.Tests.Connections;

/// <summary>Who may have a long-lived stream when there are too few places.</summary>
public sealed class SharedPlacesTests
{
    private static readonly IPAddress Crowd = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Other = IPAddress.Parse("10.0.0.2");

    [Fact]
    public void A_newcomer_of_another_address_gets_the_oldest_place_of_the_crowd()
    {
        var places = new SharedPlaces(3);
        SharedPlaces.Place[] crowd = [.. Enumerable.Range(0, 3).Select(_ => places.TryEnter(Crowd)!)];
        Assert.Null(places.TryEnter(Crowd));

        Assert.NotNull(places.TryEnter(Other));

        Assert.Equal([true, false, false], crowd.Select(place => place.Displaced.IsCancellationRequested));
        Assert.Equal(3, places.Taken);
    }

    [Fact]
    public void Nobody_loses_an_equal_share()
    {
        var places = new SharedPlaces(4);
        SharedPlaces.Place[] crowd = [.. Enumerable.Range(0, 4).Select(_ => places.TryEnter(Crowd)!)];
        int got = Enumerable.Range(0, 100).Count(_ => places.TryEnter(Other) is not null);

        // Two each: one more would only turn the tables.
        Assert.Equal(2, got);
        Assert.Equal(2, crowd.Count(place => !place.Displaced.IsCancellationRequested));
    }

    [Fact]
    public void A_place_that_was_lost_is_given_back_once_and_one_that_was_left_is_free()
    {
        var places = new SharedPlaces(2);
        SharedPlaces.Place lost = places.TryEnter(Crowd)!;
        SharedPlaces.Place left = places.TryEnter(Crowd)!;
        Assert.NotNull(places.TryEnter(Other));
        lost.Dispose();
        Assert.Equal(2, places.Taken);
        left.Dispose();
        left.Dispose();

        Assert.Equal(1, places.Taken);
        Assert.NotNull(places.TryEnter(Crowd));
        Assert.Null(places.TryEnter(Crowd));
    }

    [Fact]
    public void The_addresses_of_one_network_of_ipv6_share() =>
        Assert.Equal(SourceAddress.Of(IPAddress.Parse("2001:db8::1")), SourceAddress.Of(IPAddress.Parse("2001:db8::ffff:0:0:2")));

    [Fact]
    public void A_limit_of_nothing_admits_nobody() => Assert.Null(new SharedPlaces(0).TryEnter(Other));
}
