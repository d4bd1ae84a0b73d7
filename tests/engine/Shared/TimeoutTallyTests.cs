using Bft.Engine.Shared;

namespace Bft.Engine.Tests.Shared;

public class TimeoutTallyTests
{
    // n = 4 joins with 2 distinct senders at or above a view, n = 7 with 3.
    [Theory]
    [InlineData(new ulong[] { 3, 4, 2, 2 }, 3)]
    [InlineData(new ulong[] { 0, 0, 0, 0 }, 0)]
    [InlineData(new ulong[] { 9, 0, 0, 0 }, 0)]
    [InlineData(new ulong[] { 9, 1, 0, 0 }, 1)]
    [InlineData(new ulong[] { 9, 9, 0, 0 }, 9)]
    [InlineData(new ulong[] { 5, 6, 7, 8 }, 7)]
    [InlineData(new ulong[] { 9, 9, 5, 5, 0, 0, 0 }, 5)]
    [InlineData(new ulong[] { 9, 9, 0, 0, 0, 0, 0 }, 0)]
    [InlineData(new ulong[] { 9, 8, 7, 6, 5, 4, 3 }, 7)]
    public void The_view_to_join_counts_senders_at_or_above_it(ulong[] views, ulong join)
    {
        var tally = new TimeoutTally(new Committee(views.Length));
        for (int i = 0; i < views.Length; i++)
        {
            tally.Add(new ReplicaId(i), new View(views[i]));
        }

        Assert.Equal(join, tally.JoinView().Value);
    }

    [Fact]
    public void A_sender_counts_once_with_its_highest_view_and_strangers_never()
    {
        var tally = new TimeoutTally(new Committee(4));
        for (ulong view = 1; view <= 100; view++)
        {
            tally.Add(new ReplicaId(3), new View(view));
            tally.Add(new ReplicaId(4), new View(view));
            tally.Add(new ReplicaId(-1), new View(view));
        }

        Assert.Equal(0UL, tally.JoinView().Value);
        tally.Add(new ReplicaId(3), new View(1));
        tally.Add(new ReplicaId(0), new View(50));
        Assert.Equal(50UL, tally.JoinView().Value);
    }
}
