using Bft.Engine.Tests.Scripting;
using Bft.Simulation;

namespace Bft.Engine.Tests.Toys;

public class PrimaryWindowTests
{
    private const int Seeds = 25;

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_slot_protocol_without_certificates_agrees_under_loss_crashes_and_restarts(int n)
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            IReadOnlyList<string> violations = CrashSweep.Run(PrimaryWindow.Descriptor, n, seed);
            Assert.True(violations.Count == 0, $"n = {n}, seed {seed}: {string.Join("; ", violations)}");
        }
    }

    [Theory]
    [InlineData((int)PrimaryWindowFlaw.SameLife)]
    [InlineData((int)PrimaryWindowFlaw.ForgetsAtCommit)]
    public void A_flaw_is_caught(int flaw)
    {
        int caught = Enumerable.Range(1, Seeds).Count(seed =>
            CrashSweep.Run(PrimaryWindow.Descriptor, 3, (ulong)seed, context => new PrimaryWindow(context, (PrimaryWindowFlaw)flaw)).Any(violation => violation.Contains("agreement", StringComparison.Ordinal)));
        Assert.True(caught > 0, $"none of {Seeds} seeds caught it");
    }

    [Fact]
    public void A_gap_is_filled_with_the_same_bytes_by_everyone()
    {
        List<PrimaryWindow> lives = [];
        var cluster = new SimulatedCluster(3, PrimaryWindow.Descriptor, 1, context =>
        {
            var made = new PrimaryWindow(context);
            lives.Add(made);
            return made;
        });
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted == 1, TimeSpan.FromSeconds(5)));

        // Two slots are proposed in one turn; the first reaches nobody, the second one follower, and the primary dies before its own flush.
        SimulatedNode primary = cluster.Nodes[0];
        cluster.Network = new NetworkProfile
        {
            Filter = (from, to, message) =>
            {
                if (from != PrimaryWindow.Primary || message is not PrimaryWindowMessages.Accept accept)
                {
                    return true;
                }

                cluster.At(TimeSpan.Zero, () => primary.Crash());
                return accept.Block.Height.Value == 3 && to.Value == 1;
            },
        };
        for (int client = 2; client <= 20; client++)
        {
            cluster.SubmitEverywhere(cluster.MakeRun(client, 1, new string('x', 79_000)));
        }

        cluster.Run(TimeSpan.FromMilliseconds(100));
        Assert.False(primary.Up);
        // The majority of its next life is the one with the follower that knows of slot 3.
        cluster.Network = new NetworkProfile { Filter = (from, to, _) => from.Value != 2 && to.Value != 2 };
        primary.Start();
        Assert.True(cluster.RunUntil(() => primary.Replica.CommittedHeight.Value >= 3, TimeSpan.FromSeconds(5)));
        cluster.Network = new NetworkProfile();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 2));
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 4, TimeSpan.FromSeconds(5)));
        Assert.Equal(1, lives[^1].GapsFilled);
        Assert.All(cluster.Nodes, node => Assert.Equal(Block.Null(cluster.Chain, new Height(2)).Digest, node.Committed[2]));
        Assert.All(cluster.Nodes, node => Assert.True(node.Ledger.Read(new Height(3))!.Block.Payload.Transactions > 0));
        Assert.All(cluster.Nodes, node => Assert.True(node.Ledger.ReadHeader(new Height(3))!.Parent.IsNone));
        Assert.Empty(cluster.Violations);
    }
}
