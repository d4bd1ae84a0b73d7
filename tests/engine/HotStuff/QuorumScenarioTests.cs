using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Partitions that two "quorums" of 2f+1 would survive on both sides.</summary>
public class QuorumScenarioTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O22_with_five_a_traitor_between_two_halves_gets_neither_of_its_blocks_certified(bool twoFPlusOne)
    {
        Committee? committee = twoFPlusOne ? new Committee(5) { QuorumSize = 3 } : null;
        ScriptedWorld world = new ScriptedWorld(5, [E], [E, E, E, E, E], committee: committee).Start();
        int[][] sides = [[A, B], [C, D]];
        for (int side = 0; side < 2; side++)
        {
            string parent = "G";
            for (ulong view = 1; view <= 4; view++)
            {
                string name = $"X{view}{(side == 0 ? "" : "'")}";
                world.Make(name, view, parent);
                world.Propose(name, null, sides[side]);
                Assert.Equal(sides[side], world.VotersOf(name));
                Assert.Equal(twoFPlusOne, world.CanCertify(name));
                if (!twoFPlusOne)
                {
                    break;
                }

                parent = name;
            }
        }

        Assert.Equal(twoFPlusOne, world.Violations().Count > 0);
        if (!twoFPlusOne)
        {
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O23_a_traitorless_partition_of_six_commits_on_neither_side_and_heals(bool twoFPlusOne)
    {
        Committee? committee = twoFPlusOne ? new Committee(6) { QuorumSize = 3 } : null;
        var cluster = new SimulatedCluster(6, HotStuffProtocol.Descriptor, 1, committee: committee)
        {
            Network = new NetworkProfile { Filter = (from, to, _) => from.Value / 3 == to.Value / 3 },
        };
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        cluster.Run(TimeSpan.FromSeconds(30));
        Assert.Equal(twoFPlusOne, cluster.Violations.Count > 0);
        if (!twoFPlusOne)
        {
            Assert.All(cluster.Nodes, node => Assert.Equal(0UL, node.Replica.CommittedHeight.Value));
            cluster.Network = new NetworkProfile();
            Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.CommittedTransactions == 1), TimeSpan.FromMinutes(1)));
            Assert.Empty(cluster.Violations);
        }
    }
}
