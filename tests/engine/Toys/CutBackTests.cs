using Bft.Engine.Tests.Scripting;
using Bft.Simulation;

namespace Bft.Engine.Tests.Toys;

public class CutBackTests
{
    private const int Seeds = 25;

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_log_whose_uncommitted_suffix_is_cut_back_agrees_under_loss_crashes_and_restarts(int n)
    {
        List<CutBack> lives = [];
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            IReadOnlyList<string> violations = CrashSweep.Run(CutBack.Descriptor, n, seed, context => Kept(lives, new CutBack(context)));
            Assert.True(violations.Count == 0, $"n = {n}, seed {seed}: {string.Join("; ", violations)}");
        }

        Assert.True(lives.Sum(life => life.Cut) > 0, "nothing was ever cut back");
    }

    [Theory]
    [InlineData((int)CutBackFlaw.ForgetsTail)]
    [InlineData((int)CutBackFlaw.VotesForAnyone)]
    public void A_flaw_is_caught(int flaw)
    {
        int caught = Enumerable.Range(1, Seeds).Count(seed => CrashSweep.Run(CutBack.Descriptor, 3, (ulong)seed, context => new CutBack(context, (CutBackFlaw)flaw)).Any(violation => violation.Contains("agreement", StringComparison.Ordinal)));
        Assert.True(caught > 0, $"none of {Seeds} seeds caught it");
    }

    [Fact]
    public void A_deposed_leader_s_uncommitted_blocks_are_cut_back_and_stay_gone_after_a_restart()
    {
        List<CutBack> lives = [];
        var cluster = new SimulatedCluster(3, CutBack.Descriptor, 1, context => Kept(lives, new CutBack(context)));
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.CommittedTransactions == 1), TimeSpan.FromSeconds(5)));
        ReplicaId old = cluster.Nodes[0].Replica.Status.Leader!.Value;
        CutBack deposed = lives[old.Value];

        // Alone it appends, and no one hears it; the others choose another leader and go on.
        cluster.Network = new NetworkProfile { Filter = (from, to, _) => from != old && to != old };
        for (int client = 2; client <= 5; client++)
        {
            cluster.Nodes[old.Value].Submit(cluster.MakeRun(client, 1));
            cluster.Run(TimeSpan.FromMilliseconds(50));
        }

        cluster.SubmitEverywhere(cluster.MakeRun(9, 1));
        ulong height = cluster.Nodes[old.Value].Replica.CommittedHeight.Value;
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.Id == old || node.Replica.CommittedHeight.Value > height + 1), TimeSpan.FromSeconds(5)));
        Assert.Equal(height, cluster.Nodes[old.Value].Replica.CommittedHeight.Value);
        Assert.Equal(0, deposed.Cut);
        cluster.Network = new NetworkProfile();
        cluster.Nodes[old.Value].Crash();
        cluster.Nodes[old.Value].Start();
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.Replica.CommittedHeight.Value > height + 1), TimeSpan.FromSeconds(5)));
        Assert.True(lives[^1].Cut > 0);
        Assert.Empty(cluster.Violations);
    }

    private static CutBack Kept(List<CutBack> lives, CutBack made)
    {
        lives.Add(made);
        return made;
    }
}
