using Bft.Engine.Encoding;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;
using Bft.Engine.Sync;
using Bft.Simulation;

namespace Bft.Engine.Tests.Loop;

/// <summary>A replica that lost its safety records may have signed anything: it earns its vote back, or the chain halts.</summary>
public class AmnesiaTests
{
    private const int Wiped = 3;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly List<Vote> _signedByWiped = [];

    [Theory]
    [InlineData(4, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 3)]
    public void A_wiped_replica_votes_again_only_above_everything_it_may_have_signed(int n, ulong seed)
    {
        SimulatedCluster cluster = Running(n, seed);
        SimulatedNode wiped = cluster.Nodes[Wiped];
        wiped.Crash(lose: true);
        Vote[] before = [.. _signedByWiped];
        Assert.NotEmpty(before);
        View highest = before.Max(vote => vote.Statement.View)!;
        _signedByWiped.Clear();
        wiped.Start(mayVote: false);
        Assert.True(wiped.Replica.EarningVoteBack);
        Assert.False(wiped.Replica.Voting);
        Assert.True(cluster.RunUntil(() => wiped.Replica.Voting, Minute), $"seed {seed}: its vote never came back");
        Assert.All(_signedByWiped, vote => Assert.True(vote.Statement.View > wiped.ResumedAbove));
        Assert.False(wiped.Replica.EarningVoteBack);
        Assert.True(wiped.ResumedAbove >= highest, $"seed {seed}: resumed above {wiped.ResumedAbove}, signed in {highest}");
        ulong height = cluster.LowestCommitted;
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted > height + 50 && _signedByWiped.Count > 0, Minute));
        Assert.All(_signedByWiped, vote => Assert.True(vote.Statement.View > wiped.ResumedAbove));
        Assert.Empty(cluster.Violations);
        Assert.All(cluster.Nodes, node => Assert.Empty(node.Evidence));
    }

    [Fact]
    public void With_one_more_dead_four_replicas_halt_until_it_is_back()
    {
        SimulatedCluster cluster = Running(4, 5);
        SimulatedNode wiped = cluster.Nodes[Wiped];
        wiped.Crash(lose: true);
        cluster.Nodes[0].Crash();
        wiped.Start(mayVote: false);
        cluster.Run(TimeSpan.FromSeconds(2));
        ulong height = cluster.LowestCommitted;
        _signedByWiped.Clear();
        cluster.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(height, cluster.LowestCommitted);
        Assert.False(wiped.Replica.Voting);
        Assert.Empty(_signedByWiped);
        cluster.Nodes[0].Start();
        Assert.True(cluster.RunUntil(() => wiped.Replica.Voting && cluster.LowestCommitted > height + 20, Minute));
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void Heads_of_fewer_than_a_quorum_of_others_prove_nothing()
    {
        var stage = new LoopStage(size: 7, mayVote: false).Begin();
        Assert.True(stage.Replica.EarningVoteBack);
        // q = 5 of 7: four others are too few, and one that tells twice is one.
        foreach (int peer in new[] { 1, 2, 3, 4, 4, 4, 0 })
        {
            Assert.Equal(EdgeVerdict.Taken, stage.Edge.OnMessage(new ReplicaId(peer), RepairMessages.Head(new Height(9), new View(20), stage.Replica.HeadNonce)));
        }

        stage.Turn();
        CommitWith(stage, certified: 90, signers: ReplicaSet.Of(1, 2, 3, 4, 5));
        Assert.False(stage.Replica.Voting);
        stage.Edge.OnMessage(new ReplicaId(5), RepairMessages.Head(new Height(9), new View(30), stage.Replica.HeadNonce));
        stage.Turn();
        // Now the highest of five others counts: 30, plus one. Not its own signature, not a view at or below.
        CommitWith(stage, certified: 90, signers: ReplicaSet.Of(0, 1, 2, 3, 4));
        Assert.False(stage.Replica.Voting);
        CommitWith(stage, certified: 31, signers: ReplicaSet.Of(1, 2, 3, 4, 5));
        Assert.False(stage.Replica.Voting);
        CommitWith(stage, certified: 90, signers: ReplicaSet.Of(1, 2, 3, 4, 5));
        Assert.True(stage.Replica.Voting);
        Assert.Equal(SigningRefusal.MayNotVote, stage.Voter.Sign(new Statement(StatementKind.Vote, default, new View(90), default, default)).Refusal);
        Assert.True(stage.Voter.Sign(new Statement(StatementKind.Vote, default, new View(91), default, default)).Signed);
    }

    [Fact]
    public void Answers_to_its_last_life_that_were_kept_for_it_while_it_was_down_do_not_count()
    {
        // Peers answered before it signed in view 50 and crashed; their links were down, and bring those answers now.
        var stage = new LoopStage(size: 4, mayVote: false).Begin();
        foreach (ulong nonce in new ulong[] { 0, stage.Replica.HeadNonce - 1 })
        {
            foreach (int peer in new[] { 1, 2, 3 })
            {
                stage.Edge.OnMessage(new ReplicaId(peer), RepairMessages.Head(default, new View(20), nonce));
            }
        }

        stage.Turn();
        CommitWith(stage, certified: 40, signers: ReplicaSet.Of(1, 2, 3));
        Assert.False(stage.Replica.Voting);
        foreach (int peer in new[] { 1, 2, 3 })
        {
            stage.Edge.OnMessage(new ReplicaId(peer), RepairMessages.Head(default, new View(50), stage.Replica.HeadNonce));
        }

        stage.Turn();
        CommitWith(stage, certified: 51, signers: ReplicaSet.Of(1, 2, 3));
        Assert.False(stage.Replica.Voting);
        CommitWith(stage, certified: 52, signers: ReplicaSet.Of(1, 2, 3));
        Assert.True(stage.Replica.Voting);
    }

    [Fact]
    public void What_others_gave_up_on_leads_to_the_next_tenure_and_it_may_have_signed_there()
    {
        // The others are in view 18 and gave up on it. Their timeout certificate may have reached this replica alone, and led it to view 21.
        var election = new TenureElection(new Committee(7));
        var stage = new LoopStage(size: 7, mayVote: false) { Reach = election.AfterTimeout }.Begin();
        foreach (int peer in new[] { 1, 2, 3, 4, 5 })
        {
            stage.Edge.OnMessage(new ReplicaId(peer), RepairMessages.Head(default, new View(18), stage.Replica.HeadNonce));
        }

        stage.Turn();
        foreach (ulong view in new ulong[] { 19, 20, 21 })
        {
            CommitWith(stage, certified: view, signers: ReplicaSet.Of(1, 2, 3, 4, 5));
            Assert.False(stage.Replica.Voting, $"it voted again after view {view}");
        }

        CommitWith(stage, certified: 22, signers: ReplicaSet.Of(1, 2, 3, 4, 5));
        Assert.True(stage.Replica.Voting);
    }

    [Fact]
    public void Hotstuff_tells_the_view_after_a_timeout_up_to_the_last_view_there_can_be()
    {
        var stage = new LoopStage();
        IProtocol protocol = new HotStuffProtocol(new ProtocolContext(stage.Chain, LoopStage.Self, stage.Voter, new ProtocolOptions()));
        Assert.Equal(new View(21), protocol.LeadsTo(new View(17)));
        Assert.Equal(new View(21), protocol.LeadsTo(new View(20)));
        Assert.True(protocol.LeadsTo(new View(CanonicalReader.MaxOrdinal)).Value > CanonicalReader.MaxOrdinal);
    }

    // Whatever f liars show, and in whatever order: never too early. And with the fault bound kept (this replica is one of the f): not for ever.
    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(10)]
    public void Liars_make_it_vote_neither_too_early_nor_never(int n)
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var random = new Randomness(seed);
            var committee = new Committee(n);
            int liars = random.Chance(500_000) ? committee.FaultBound : committee.FaultBound - 1;
            int[] others = [.. Enumerable.Range(1, n - 1).OrderBy(_ => random.Below(1 << 20))];

            // Its last certificate was of this view: f honest others signed it at least.
            var certified = new View(100 + (ulong)random.Below(50));
            int[] honest = others[liars..];
            var shown = new Dictionary<int, View>();
            for (int i = 0; i < honest.Length; i++)
            {
                shown[honest[i]] = i < committee.FaultBound ? new View(certified.Value + (ulong)random.Below(8)) : new View((ulong)random.Below(150));
            }

            foreach (int liar in others[..liars])
            {
                shown[liar] = new View(random.Below(3) switch { 0 => 0, 1 => CanonicalReader.MaxOrdinal, _ => (ulong)random.Below(1000) });
            }

            var stage = new LoopStage(size: n, mayVote: false) { Reach = view => new View(view.Value + 4) }.Begin();
            foreach (int peer in shown.Keys.OrderBy(_ => random.Below(1 << 20)))
            {
                stage.Edge.OnMessage(new ReplicaId(peer), RepairMessages.Head(default, shown[peer], stage.Replica.HeadNonce));
                stage.Turn();
                CommitWith(stage, certified: certified.Value + 4, signers: committee.Everyone.Without(LoopStage.Self));
                Assert.False(stage.Replica.Voting, $"n {n}, seed {seed}: it voted again too early");
            }

            if (liars < committee.FaultBound)
            {
                CommitWith(stage, certified: honest.Max(id => shown[id].Value) + 5, signers: committee.Everyone.Without(LoopStage.Self));
                Assert.True(stage.Replica.Voting, $"n {n}, seed {seed}: liars keep it silent");
            }
        }
    }

    private static void CommitWith(LoopStage stage, ulong certified, ReplicaSet signers)
    {
        var certificate = new QuorumCertificate(new Statement(StatementKind.Vote, default, new View(certified), default, default), signers, default);
        stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received)
            {
                effects.Commit(stage.BlockAt(stage.Replica.CommittedHeight.Value + 1, view: certified), new CommitProof(certificate, []));
            }
        };
        stage.Say(1);
    }

    private SimulatedCluster Running(int n, ulong seed)
    {
        var cluster = new SimulatedCluster(n, HotStuffProtocol.Descriptor, seed, options: new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(50), MaxViewTimeout = TimeSpan.FromSeconds(1) })
        {
            Network = new NetworkProfile
            {
                MaxDelay = TimeSpan.FromMilliseconds(5),
                Filter = (from, _, message) =>
                {
                    if (from.Value == Wiped && SignedIn(message) is { } vote && vote.Signer.Value == Wiped)
                    {
                        _signedByWiped.Add(vote);
                    }

                    return true;
                },
            },
        };
        cluster.Start();
        ulong sequence = 0;
        void Feed()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(20), Feed);
        }

        Feed();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 30, Minute));
        return cluster;
    }

    private static Vote? SignedIn(ProtocolMessage? message) => message switch
    {
        ProposalMessage proposal => proposal.Authorship,
        VoteMessage vote => vote.Vote,
        TimeoutMessage timeout => timeout.Timeout,
        _ => null,
    };
}
