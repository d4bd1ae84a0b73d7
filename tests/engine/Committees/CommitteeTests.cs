namespace Bft.Engine.Tests.Committees;

public class CommitteeTests
{
    [Theory]
    [InlineData(4, 1, 3, 3)]
    [InlineData(5, 1, 4, 4)]
    [InlineData(6, 1, 4, 5)]
    [InlineData(7, 2, 5, 5)]
    [InlineData(8, 2, 6, 6)]
    [InlineData(9, 2, 6, 7)]
    [InlineData(10, 3, 7, 7)]
    [InlineData(11, 3, 8, 8)]
    [InlineData(12, 3, 8, 9)]
    [InlineData(13, 4, 9, 9)]
    [InlineData(14, 4, 10, 10)]
    [InlineData(15, 4, 10, 11)]
    [InlineData(16, 5, 11, 11)]
    public void The_table_of_byzantine_quorums(int n, int f, int q, int live)
    {
        var committee = new Committee(n);
        Assert.Equal(f, committee.FaultBound);
        Assert.Equal(q, committee.QuorumSize);
        Assert.Equal(live, n - f);
        Assert.Equal(f + 1, committee.HonestSize);
    }

    public static TheoryData<int, FaultModel> Everything
    {
        get
        {
            var all = new TheoryData<int, FaultModel>();
            for (int n = 1; n <= 40; n++)
            {
                all.Add(n, FaultModel.Byzantine);
                all.Add(n, FaultModel.Crash);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Two_quorums_share_one_that_can_be_relied_on_and_the_live_make_a_quorum(int n, FaultModel model)
    {
        var committee = new Committee(n, model);
        int f = committee.FaultBound;
        int q = committee.QuorumSize;
        int shared = model == FaultModel.Byzantine ? f + 1 : 1;
        Assert.True((2 * q) - n >= shared, $"two quorums of {q} of {n} share {(2 * q) - n}");
        Assert.True((2 * (q - 1)) - n < shared, $"{q} is not the least quorum of {n}");
        Assert.True(q <= n - f, $"{n - f} live ones of {n} are no quorum of {q}");
        Assert.Equal(shared, committee.HonestSize);
        Assert.Equal(f, Committee.MaxFaults(n, model));
        Assert.True(Committee.SmallestFor(f, model) <= n);
        Assert.True(Committee.SmallestFor(f + 1, model) > n);
        Assert.False(committee.IsQuorum(ReplicaSet.FirstOf(q - 1)));
        Assert.True(committee.IsQuorum(ReplicaSet.FirstOf(q)));
        Assert.False(committee.HasHonest(ReplicaSet.FirstOf(shared - 1)));
        Assert.True(committee.HasHonest(ReplicaSet.FirstOf(shared)));
        // A stranger makes no set better, however large it is.
        Assert.False(committee.IsQuorum(ReplicaSet.FirstOf(n + 1)));
        Assert.False(committee.HasHonest(ReplicaSet.FirstOf(n + 1)));
        Assert.Equal(ReplicaSet.FirstOf(n), committee.Everyone);
    }

    [Fact]
    public void Sizes_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Committee(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Committee(ReplicaSet.Capacity + 1));
        Assert.Equal(171, new Committee(ReplicaSet.Capacity).HonestSize);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(65535, false)]
    [InlineData(int.MinValue, false)]
    public void Membership(int id, bool member) => Assert.Equal(member, new Committee(4).Contains(new ReplicaId(id)));
}
