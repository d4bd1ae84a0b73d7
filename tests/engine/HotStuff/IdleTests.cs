using Bft.Engine.HotStuff;
using Bft.Simulation;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>What a chain does when nobody wants anything: nothing, or at most one empty block an interval.</summary>
public class IdleTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void A_chain_that_was_never_asked_for_anything_stays_quiet(int n)
    {
        (SimulatedCluster cluster, SortedDictionary<ulong, TimeSpan> proposed) = Watched(n, null);
        cluster.Start();
        cluster.Run(TimeSpan.FromSeconds(5));
        long messages = cluster.Messages;
        cluster.Run(TimeSpan.FromHours(1));
        Assert.Equal(messages, cluster.Messages);
        Assert.Empty(proposed);
        Assert.All(cluster.Nodes, node => Assert.Equal((0UL, 0UL), (node.Replica.CommittedHeight.Value, node.Replica.Status.ViewChanges)));
        Assert.Empty(cluster.Violations);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void With_an_interval_at_most_one_empty_block_an_interval_is_proposed_and_nobody_s_view_runs_out(int n)
    {
        (SimulatedCluster cluster, SortedDictionary<ulong, TimeSpan> proposed) = Watched(n, Interval);
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.CommittedTransactions == 1), TimeSpan.FromMinutes(1)));

        // First the few empty blocks that expose the result; from then on only time makes blocks.
        cluster.Run(2 * Interval);
        TimeSpan quiet = cluster.Now;
        cluster.Run(100 * Interval);
        TimeSpan[] idle = [.. proposed.Values.Where(at => at > quiet)];
        Assert.InRange(idle.Length, 50, 100);
        Assert.All(idle.Zip(idle.Skip(1)), pair => Assert.True(pair.Second - pair.First >= Interval, $"{pair.First} and {pair.Second}"));
        Assert.All(cluster.Nodes, node => Assert.Equal((1, 0UL), (node.CommittedTransactions, node.Replica.Status.ViewChanges)));
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_transaction_does_not_wait_for_the_interval()
    {
        (SimulatedCluster cluster, _) = Watched(4, TimeSpan.FromMinutes(10));
        cluster.Start();
        cluster.Run(TimeSpan.FromMinutes(1));
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        TimeSpan from = cluster.Now;
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.CommittedTransactions == 1), TimeSpan.FromMinutes(1)));
        Assert.True(cluster.Now - from < TimeSpan.FromSeconds(1), $"{cluster.Now - from}");
    }

    // When each view's block was first on the wire.
    private static (SimulatedCluster Cluster, SortedDictionary<ulong, TimeSpan> Proposed) Watched(int n, TimeSpan? interval)
    {
        var cluster = new SimulatedCluster(n, HotStuffProtocol.Descriptor, 1, options: new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(100), IdleInterval = interval });
        SortedDictionary<ulong, TimeSpan> proposed = [];
        cluster.Network = new NetworkProfile
        {
            Filter = (_, _, message) =>
            {
                if (message is ProposalMessage proposal)
                {
                    proposed.TryAdd(proposal.Block.View.Value, cluster.Now);
                }

                return true;
            },
        };
        return (cluster, proposed);
    }
}
