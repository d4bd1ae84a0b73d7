using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Schedules that stop, hurry or mislead the view change.</summary>
public class ViewScenarioTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Seen red when entering a view does not compare it with the one at hand.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O10_late_votes_move_no_view_back_and_make_no_second_proposal(bool certifiedMeanwhile)
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, B, C, D, C, C, C]).Start();
        world.Flow(envelope => envelope.View <= 2 && !(envelope.View == 2 && envelope.IsVote));
        for (ulong view = 2; view <= 5; view++)
        {
            world.TimeOut(A, B, C, D);
            world.Flow(envelope => envelope.IsTimeout && envelope.View == view);
            if (certifiedMeanwhile && view == 2)
            {
                // View 3 works: its certificate is of a later view than what the late votes are about.
                world.Flow(envelope => envelope.View == 3);
                view = 3;
                world.TimeOut(A, B, C, D);
                world.Flow(envelope => envelope.IsTimeout && envelope.View is 3 or 4);
            }
        }

        Assert.All(world.Honest, replica => Assert.True(replica.View >= 6, $"replica {replica.Id} is in view {replica.View}"));
        ulong before = world[B].View;
        ulong certified = world[B].HighestCertified;
        Assert.Equal(certifiedMeanwhile ? 3UL : 1UL, certified);
        Assert.Equal(3, world.Deliver(envelope => envelope is { IsVote: true, View: 2, To: B }));
        Assert.Equal(Math.Max(certified, 2), world[B].HighestCertified);
        Assert.Equal(before, world[B].View);
        Assert.Equal(world[B].Entered.Order(), world[B].Entered);
        Assert.Single(world.Sent.Where(envelope => envelope is { IsProposal: true, From: B, View: 3 }).Select(envelope => Convert.ToHexString(envelope.Bytes.Span)).Distinct());
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData("reputation")]
    [InlineData("tenure")]
    public void O11_with_a_silent_leader_the_cure_commits_within_three_cycles(string election)
    {
        var cluster = new SimulatedCluster(4, HotStuffProtocol.Descriptor, 3, options: new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(50), LeaderElection = election });
        cluster.Start(A, B, C);
        cluster.SubmitEverywhere(cluster.MakeRun(1, 1));
        Assert.True(cluster.RunUntil(() => cluster.Nodes.Where(node => node.Up).All(node => node.CommittedTransactions == 1), Minute));
        Assert.True(cluster.Nodes[A].Replica.Status.View.Value <= 3 * 4 * 4, $"it took until view {cluster.Nodes[A].Replica.Status.View}");
        Assert.Empty(cluster.Violations);
    }

    // Seen red when the back-off is never reset by a commit.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O12_a_replica_that_withholds_its_votes_and_dawdles_as_leader_costs_its_own_turns_only(bool waitForAll)
    {
        var options = new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(50), LeaderElection = "tenure" };
        Committee? committee = waitForAll ? new Committee(4) { QuorumSize = 4 } : null;
        var cluster = new SimulatedCluster(4, HotStuffProtocol.Descriptor, 5, options: options, committee: committee)
        {
            Network = new NetworkProfile
            {
                Filter = (from, _, message) => from.Value != D || message is not VoteMessage,
                ExtraDelay = (from, _, message) => TimeSpan.FromMilliseconds(from.Value == D && message is ProposalMessage ? 48 : 0),
            },
        };
        cluster.Start();
        Feed(cluster, 10);
        bool progress = cluster.RunUntil(() => cluster.LowestCommitted >= 100, waitForAll ? TimeSpan.FromSeconds(5) : Minute);
        Assert.Equal(!waitForAll, progress);
        if (progress)
        {
            // A rotation has 16 views. D's tenure ends by at most two timeouts (its own vote is missing for its first block: others still make three).
            ProtocolStatus status = cluster.Nodes[A].Replica.Status;
            ulong rotations = (status.View.Value / 16) + 1;
            Assert.True(status.ViewChanges > 0 && status.ViewChanges <= 2 * rotations, $"{status.ViewChanges} view changes in {rotations} rotations");
            // Now it says nothing at all in its turns: each costs a timeout, and no turn costs more than the one before.
            cluster.Network = new NetworkProfile { Filter = (from, _, message) => from.Value != D || message is not (VoteMessage or ProposalMessage) };
            TimeSpan before = cluster.Now;
            ulong view = status.View.Value;
            Assert.True(cluster.RunUntil(() => cluster.Nodes[A].Replica.Status.View.Value > view + 160, Minute));
            Assert.True(cluster.Now - before < TimeSpan.FromSeconds(5), $"ten rotations took {cluster.Now - before}: the timeout grew");
            Assert.Empty(cluster.Violations);
        }
    }

    [Fact]
    public void O13_when_a_rotating_replica_is_too_late_for_every_leader_the_other_three_go_on()
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(50);
        SimulatedCluster cluster = Late(timeout);
        cluster.Start();
        Feed(cluster, 10);
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted >= 200, Minute), $"only {cluster.LowestCommitted}");
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void O13_with_a_silent_one_besides_nothing_is_promised_but_safety_and_release_brings_progress()
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(50);
        SimulatedCluster cluster = Late(timeout);
        cluster.Start(A, B, C);
        Feed(cluster, 10);
        cluster.Run(TimeSpan.FromSeconds(10));
        Assert.Empty(cluster.Violations);
        ulong view = cluster.Nodes.Where(node => node.Up).Max(node => node.Replica.Status.View.Value);
        ulong height = cluster.LowestCommitted;
        cluster.Network = new NetworkProfile();
        Assert.True(cluster.RunUntil(() => cluster.LowestCommitted > height, Minute));
        // D's tenure may be the next one: its four views and four more.
        Assert.True(cluster.Nodes[A].Replica.Status.View.Value <= view + 12, $"from view {view} to {cluster.Nodes[A].Replica.Status.View}");
        Assert.Empty(cluster.Violations);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O14_a_timeout_certificate_inside_a_proposal_brings_the_others_along(bool neverCarried)
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, A, A, A]);
        world.Transport = envelope => neverCarried && envelope.Message is ProposalMessage { TimeoutCertificate: not null } proposal
            ? Replaced(envelope, new ProposalMessage(proposal.Authorship, proposal.Block, null))
            : envelope;
        world.Start();
        world.Flow(envelope => envelope.View <= 4 || envelope is { IsProposal: true, View: 5 });
        Assert.Equal(5UL, world[B].View);
        world.TimeOut(A, B, C);
        world.Deliver(envelope => envelope is { IsTimeout: true, View: 5, To: A });
        Assert.Equal(6UL, world[A].View);
        Assert.Equal(5UL, world[B].View);
        world.Deliver(envelope => envelope is { IsProposal: true, View: 6 });
        ulong expected = neverCarried ? 5UL : 6UL;
        Assert.Equal(expected, world[B].View);
        Assert.Equal(expected, world[C].View);
        if (!neverCarried)
        {
            world.Name("X6", 6);
            Assert.Equal([A, B, C], world.VotersOf("X6"));
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O15_one_message_moves_nobody_and_f_plus_1_timeouts_do(bool oneIsEnough)
    {
        const ulong Far = 1_000_000_000;
        Committee? committee = oneIsEnough ? new Committee(4) { HonestSize = 1 } : null;
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D, D, D], committee: committee).Start();
        world.Make("X", Far, "G", author: D);
        var lone = new ProposalMessage(world.Sign(D, ProposalMessage.ProposalStatement(world.Named("X"))), world.Named("X"), null);
        world.Send(D, lone, A, B, C);
        Assert.All(world.Honest, replica => Assert.Equal(1UL, replica.View));
        world.Send(D, world.Timeout(D, Far), A, B, C);
        world.Send(D, world.Timeout(D, Far), A, B, C);
        Assert.All(world.Honest, replica => Assert.Equal(oneIsEnough ? Far : 1UL, replica.View));
        if (!oneIsEnough)
        {
            // With an honest one at view 1, two distinct senders are at or above view 1: that one is joined, not the giant one.
            world.TimeOut(A);
            world.Deliver(envelope => envelope is { IsTimeout: true, From: A });
            Assert.All(world.Honest, replica => Assert.Equal(1UL, replica.View));
            Assert.All(world.Honest, replica => Assert.Equal(1UL, replica.Voter.LastOf(StatementKind.Timeout)!.Value.Statement.View.Value));
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    [Fact]
    public void O15_f_plus_1_distinct_senders_at_or_above_a_view_are_joined_there()
    {
        ScriptedWorld world = new ScriptedWorld(7, [5, 6], [A, A]).Start();
        // f = 2: three distinct senders at or above view 5, none of them at the same.
        world.Send(5, world.Timeout(5, 9), A);
        world.Send(6, world.Timeout(6, 7), A);
        Assert.Equal(1UL, world[A].View);
        Vote honest = world.ForgedVote(B, HotStuffMessages.TimeoutStatement(default, new View(5)));
        world.Send(B, new TimeoutMessage(honest, world.Chain.GenesisCertificate, null), A);
        Assert.Equal(5UL, world[A].View);
        Assert.Contains(world.Sent, envelope => envelope is { From: A, IsTimeout: true, View: 5 });
    }

    [Fact]
    public void Whoever_is_behind_is_shown_certificates_and_not_whoever_an_old_timeout_is_replayed_of()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, A, A, A]).Start();
        world.Reach(3);
        TimeoutMessage old = world.Timeout(D, 1);
        int Answers(int to) => world.Sent.Count(envelope => envelope.From == A && envelope.To == to && envelope.Message is CertificatesMessage);
        int before = Answers(D);
        world.Send(B, old, A);
        Assert.Equal(before, Answers(D));
        world.Send(D, old, A);
        Assert.Equal(before + 1, Answers(D));
    }

    [Fact]
    public void A_vote_after_giving_up_a_view_is_never_cast()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D]).Start();
        world.TimeOut(A, B);
        world.Make("X", 1, "G");
        world.Propose("X", null, A, B, C);
        Assert.Equal([C], world.VotersOf("X"));
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    private static Envelope Replaced(Envelope envelope, ProtocolMessage message) => envelope with { Message = message, Bytes = WireMessage.Encode(message) };

    private static void Feed(SimulatedCluster cluster, int milliseconds)
    {
        ulong sequence = 0;
        void Again()
        {
            cluster.SubmitEverywhere(cluster.MakeRun(1, ++sequence));
            cluster.At(TimeSpan.FromMilliseconds(milliseconds), Again);
        }

        Again();
    }

    // What one honest replica, another one each view, says to the leader comes just after the timeout.
    private static SimulatedCluster Late(TimeSpan timeout) =>
        new(4, HotStuffProtocol.Descriptor, 9, options: new ProtocolOptions { ViewTimeout = timeout, MaxViewTimeout = 2 * timeout })
        {
            Network = new NetworkProfile
            {
                ExtraDelay = (from, _, message) => message is VoteMessage vote && (int)(vote.Vote.Statement.View.Value % 3) == from.Value
                    ? (2 * timeout) + TimeSpan.FromMilliseconds(1)
                    : TimeSpan.Zero,
            },
        };
}
