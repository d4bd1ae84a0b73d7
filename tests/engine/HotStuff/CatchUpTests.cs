using Bft.Engine.HotStuff;
using Bft.Simulation;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Replicas that are behind and without which there is no quorum: each of these halted the chain once.</summary>
public class CatchUpTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<int> Gaps => [1, 4, 6, 10, 15, 17, 40];

    [Theory]
    [MemberData(nameof(Gaps))]
    public void A_replica_that_is_behind_and_needed_for_the_quorum_fetches_what_it_missed(int gap)
    {
        (SimulatedCluster cluster, ulong height) = WithOneCutOff(gap);
        cluster.Nodes[0].Crash();
        cluster.Network = new NetworkProfile();
        Assert.True(
            cluster.RunUntil(() => cluster.LowestCommitted >= height + 10, Minute),
            $"gap {gap}: {string.Join(' ', cluster.Nodes.Where(node => node.Up).Select(node => $"{node.Id}: {node.Replica.CommittedHeight}, {node.Replica.Status}"))}");
        Assert.Empty(cluster.Violations);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(12)]
    public void So_does_one_that_restarts_while_it_is_behind(int gap)
    {
        (SimulatedCluster cluster, ulong height) = WithOneCutOff(gap);
        cluster.Nodes[0].Crash();
        cluster.Nodes[3].Crash();
        cluster.Network = new NetworkProfile();
        cluster.Nodes[3].Start();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= height + 10, Minute));
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void With_a_pace_it_takes_its_time_but_gets_there_although_the_chain_waits_for_it_in_silence()
    {
        const int Pace = 100, Gap = 1500;
        (SimulatedCluster cluster, ulong height) = WithOneCutOff(Gap, Pace);
        cluster.Nodes[0].Crash();
        cluster.Network = new NetworkProfile();
        TimeSpan start = cluster.Now;
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= height + 10, Minute), $"{cluster.Nodes[3].Replica.CommittedHeight} of {height}");
        Assert.True(cluster.Now - start > TimeSpan.FromSeconds((Gap - 1200) / Pace), $"level after {cluster.Now - start}");
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void Blocks_that_nobody_could_commit_are_fetched_however_many_they_are()
    {
        // Tenures end before a third view in a row is certified: the uncommitted suffix grows.
        SimulatedCluster cluster = new(4, HotStuffProtocol.Descriptor, 5);
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        cluster.Network = new NetworkProfile
        {
            Filter = (from, to, message) => from.Value != 3 && to.Value != 3 && (message is not ProposalMessage proposal || proposal.Block.View.Value % 4 is 1 or 2),
        };
        Assert.True(cluster.RunUntil(() => cluster.Nodes[1].Replica.Status.HighestCertified.Value > 100, TimeSpan.FromMinutes(20)));
        Assert.Equal(0UL, cluster.Nodes[1].Replica.CommittedHeight.Value);
        cluster.Nodes[0].Crash();
        cluster.Network = new NetworkProfile();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 20, TimeSpan.FromMinutes(5)), $"{cluster.Nodes[3].Replica.CommittedHeight} {cluster.Nodes[3].Replica.Status}");
        Assert.Empty(cluster.Violations);
    }

    private static (SimulatedCluster Cluster, ulong Height) WithOneCutOff(int gap, int? pace = null)
    {
        SimulatedCluster cluster = new(4, HotStuffProtocol.Descriptor, (ulong)gap) { CatchUpBlocksPerSecond = pace };
        cluster.Start();
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(20), Feed);
        }

        Feed();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 20, Minute));
        ulong cutAt = cluster.Nodes[3].Replica.CommittedHeight.Value;
        cluster.Network = new NetworkProfile { Filter = (from, to, _) => from.Value != 3 && to.Value != 3 };
        Assert.True(cluster.RunUntil(() => cluster.Nodes[1].Replica.CommittedHeight.Value >= cutAt + (ulong)gap, Minute));
        return (cluster, cluster.Nodes[1].Replica.CommittedHeight.Value);
    }
}
