using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using Bft.Simulation;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Whole clusters of production replicas in virtual time.</summary>
public class HotStuffClusterTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static SimulatedCluster Cluster(int n, ulong seed = 1, ProtocolOptions? options = null) =>
        new(n, HotStuffProtocol.Descriptor, seed, options: options);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(10)]
    public void A_transaction_commits_everywhere_and_the_chain_falls_silent(int n)
    {
        SimulatedCluster cluster = Cluster(n);
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        Assert.True(cluster.RunUntil(() => cluster.Nodes.All(node => node.CommittedTransactions == 1), Minute));
        cluster.Run(TimeSpan.FromSeconds(5));
        long messages = cluster.Messages;
        cluster.Run(Minute);
        Assert.Equal(messages, cluster.Messages);
        Assert.Empty(cluster.Violations);
        // A committee of one has no network to wait for: it decides while its own execution is still under way.
        Assert.True(cluster.Nodes[0].Ledger.Height.Value <= (n == 1 ? 100UL : 8), $"an idle chain stays quiet, but height is {cluster.Nodes[0].Ledger.Height}");
    }

    [Fact]
    public void An_idle_chain_adds_the_few_empty_blocks_that_expose_the_last_result_in_a_certified_header()
    {
        SimulatedCluster cluster = Cluster(4);
        SortedDictionary<ulong, BlockHeader> proposed = [];
        cluster.Network = new NetworkProfile
        {
            Filter = (_, _, message) =>
            {
                if (message is ProposalMessage proposal)
                {
                    proposed[proposal.Block.View.Value] = proposal.Block.Header;
                }

                return true;
            },
        };
        cluster.Start();
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        cluster.Run(TimeSpan.FromSeconds(5));
        ulong last = proposed.Values.Last(header => header.PayloadRoot != Payload.Empty(cluster.Chain).Root).Height.Value;
        Assert.All(cluster.Nodes, node => Assert.True(proposed[node.Replica.Status.HighestCertified.Value].Executed.Height.Value >= last));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(10)]
    public void A_steady_state_block_costs_exactly_2_times_n_minus_1_messages(int n)
    {
        SimulatedCluster cluster = Cluster(n);
        cluster.Start();
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(1), Feed);
        }

        Feed();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 20, Minute));
        var views = new HashSet<ulong>();
        (long messages, ulong tip) Snapshot() => (cluster.Messages, cluster.Nodes.Max(node => node.Replica.Status.HighestCertified.Value));
        // Whole tenures: from one tenure's first certified view to another's.
        Assert.True(cluster.RunUntil(() => Snapshot().tip % 4 == 0, Minute));
        (long startMessages, ulong startView) = Snapshot();
        Assert.True(cluster.RunUntil(() => Snapshot().tip >= startView + 1000, Minute));
        (long endMessages, ulong endView) = Snapshot();
        long proposals = cluster.Nodes.Sum(node => node.SentByKind.GetValueOrDefault(ProposalMessage.WireKind));
        long votes = cluster.Nodes.Sum(node => node.SentByKind.GetValueOrDefault(VoteMessage.WireKind));
        Assert.Equal(0, cluster.Nodes.Sum(node => node.SentByKind.GetValueOrDefault(TimeoutMessage.WireKind)));
        // n−1 proposals a view; n−1 votes go over the wire, the next leader's own does not.
        double perView = (endMessages - startMessages) / (double)(endView - startView);
        Assert.InRange(perView, (2 * (n - 1)) - 0.05, (2 * (n - 1)) + 0.05);
        Assert.Equal(proposals, votes, tolerance: 3.0 * n);
        Assert.Empty(cluster.Violations);
    }

    // A proposal asked for in the step that commits a block must not order that block's runs again: it is no ancestor any more.
    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void Without_faults_no_run_is_ordered_twice(int n)
    {
        SimulatedCluster cluster = Cluster(n);
        cluster.Start();
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            if (sequence < 200)
            {
                cluster.At(TimeSpan.FromMilliseconds(1), Feed);
            }
        }

        Feed();
        cluster.Run(TimeSpan.FromSeconds(5));
        Assert.All(cluster.Nodes, node => Assert.Equal(200, node.CommittedTransactions));
        Assert.Empty(cluster.Violations);
    }

    public static TheoryData<int> Sizes => [4, 5, 6, 7, 8, 10];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void With_f_dead_in_every_placement_blocks_keep_committing(int n)
    {
        int f = Committee.MaxFaults(n, FaultModel.Byzantine);
        int placements = 0;
        // All placements must commit; that the dead cost nothing any more is looked at in four of them.
        int every = Math.Max(1, Binomial(n, f) / 4);
        foreach (int[] dead in Subsets(n, f))
        {
            placements++;
            SimulatedCluster cluster = Cluster(n, (ulong)placements);
            cluster.Start([.. Enumerable.Range(0, n).Except(dead)]);
            ulong sequence = 0;
            void Feed()
            {
                cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
                cluster.At(TimeSpan.FromMilliseconds(20), Feed);
            }

            Feed();
            Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 30, Minute), $"n = {n}, dead {string.Join(',', dead)}: only {cluster.LowestCommitted} heights in a minute");
            if (placements % every == 1 % every)
            {
                // Passed over: once everyone knows the dead ones, a rotation costs no timeout any more.
                Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 60, Minute));
                ulong changes = cluster.Nodes.Where(node => node.Up).Max(node => node.Replica.Status.ViewChanges);
                Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 300, Minute));
                Assert.Equal(changes, cluster.Nodes.Where(node => node.Up).Max(node => node.Replica.Status.ViewChanges));
            }

            Assert.Empty(cluster.Violations);
        }

        Assert.Equal(Binomial(n, f), placements);
    }

    [Fact]
    public void Plain_round_robin_with_one_silent_leader_of_four_never_commits()
    {
        SimulatedCluster cluster = Cluster(4, options: new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(50), MaxViewTimeout = TimeSpan.FromMilliseconds(200), LeaderElection = "round-robin" });
        cluster.Start(0, 1, 2);
        for (int i = 1; i <= 20; i++)
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, (ulong)i));
        }

        cluster.Run(Minute);
        Assert.True(cluster.Nodes[0].Replica.Status.HighestCertified.Value > 40);
        Assert.Equal(0UL, cluster.LowestCommitted);
    }

    [Fact]
    public void Loss_duplication_reordering_crashes_and_restarts_never_break_agreement_and_progress_returns()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            SimulatedCluster cluster = Cluster(4, seed);
            cluster.Network = new NetworkProfile { MaxDelay = TimeSpan.FromMilliseconds(20), LossPerMillion = 50_000, DuplicatePerMillion = 50_000 };
            cluster.Start();
            ulong sequence = 0;
            void Feed()
            {
                cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
                cluster.At(TimeSpan.FromMilliseconds(15), Feed);
            }

            void Disturb()
            {
                SimulatedNode victim = cluster.Nodes[cluster.Random.Below(4)];
                if (victim.Up)
                {
                    victim.Crash();
                    if (cluster.Random.Chance(500_000))
                    {
                        victim.Ledger.Cut(new Height(victim.Ledger.Height.Value - Math.Min(victim.Ledger.Height.Value, (ulong)cluster.Random.Below(3))));
                    }

                    cluster.At(TimeSpan.FromMilliseconds(cluster.Random.Below(800)), () => victim.Start());
                }

                cluster.At(TimeSpan.FromMilliseconds(300 + cluster.Random.Below(700)), Disturb);
            }

            Feed();
            cluster.At(TimeSpan.FromMilliseconds(200), Disturb);
            cluster.Run(TimeSpan.FromSeconds(15));
            Assert.True(cluster.Violations.Count == 0, $"seed {seed}: {string.Join("; ", cluster.Violations)}");
            Assert.All(cluster.Nodes, node => Assert.True(node.Evidence.Count == 0, $"seed {seed}: an honest replica was accused by {node.Id}"));
            Assert.All(cluster.Nodes, node => Assert.DoesNotContain(node.Alarms, alarm => alarm.Alarm is ReplicaAlarm.Diverged));
            ulong before = cluster.Nodes.Max(node => node.Replica.CommittedHeight.Value);
            cluster.Network = new NetworkProfile();
            Assert.True(
                cluster.RunUntil(() => cluster.Nodes.All(node => node.Up) && cluster.LowestCommitted > before + 20, Minute),
                $"seed {seed}: no progress after healing: {string.Join(' ', cluster.Nodes.Select(node => $"{node.Up}/{node.Replica.CommittedHeight}/{node.Replica.Status}"))}");
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void Crashes_within_a_turn_before_its_flush_never_break_agreement(int n)
    {
        for (ulong seed = 1; seed <= 15; seed++)
        {
            IReadOnlyList<string> violations = CrashSweep.Run(HotStuffProtocol.Descriptor, n, seed);
            Assert.True(violations.Count == 0, $"n = {n}, seed {seed}: {string.Join("; ", violations)}");
        }
    }

    [Fact]
    public void A_replica_that_is_thousands_of_blocks_behind_catches_up_from_several_peers()
    {
        SimulatedCluster cluster = Cluster(4);
        cluster.Start(0, 1, 2);
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(5), Feed);
        }

        Feed();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted > 3000, TimeSpan.FromMinutes(5)));
        cluster.Nodes[3].Start();
        Assert.True(cluster.RunUntil(() => cluster.Nodes[3].Replica.CommittedHeight.Value > 3100, Minute), $"only {cluster.Nodes[3].Replica.CommittedHeight}");
        // O-20: thousands of views behind, it came by certificates.
        Assert.True(cluster.Nodes[3].Replica.Status.View.Value > 3000);
        Assert.Empty(cluster.Violations);
    }

    private static IEnumerable<int[]> Subsets(int n, int size)
    {
        for (int bits = 0; bits < 1 << n; bits++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)bits) == size)
            {
                yield return [.. Enumerable.Range(0, n).Where(i => (bits >> i & 1) != 0)];
            }
        }
    }

    private static int Binomial(int n, int k) => k == 0 ? 1 : Binomial(n - 1, k - 1) * n / k;
}
