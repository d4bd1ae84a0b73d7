using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Schedules that fork a wrong HotStuff. A, B, C are honest, D is a traitor; P(view, X ← Y) is block X of a view on Y with Y's certificate.</summary>
public class ChainScenarioTests
{
    [Fact]
    public void O01_an_equivocating_leader_gets_one_vote_of_each_and_at_most_one_branch_is_certified()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D, D, D]).Start();
        world.Make("X", 1, "G");
        world.Make("X'", 1, "G");
        world.Propose("X", null, A, B);
        world.Propose("X'", null, C);
        world.Propose("X'", null, B, A);
        Assert.Equal([A, B], world.VotersOf("X"));
        Assert.Equal([C], world.VotersOf("X'"));
        Assert.True(world.CanCertify("X"));
        Assert.False(world.CanCertify("X'"));
        // B and A saw both: the equivocation is evidence with two valid signatures.
        Evidence evidence = Assert.Single(world[B].Evidence);
        Assert.Equal(new ReplicaId(D), evidence.First.Signer);
        Assert.True(world.Claims.IsVote(evidence.First) && world.Claims.IsVote(evidence.Second));

        // Views 2 to 4: the one certified branch goes on towards A and B; C learns it by its certificate.
        world.Make("Y", 2, "X");
        world.Propose("Y", null, A, B);
        world.Propose("Y", null, C);
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void A_block_that_is_earlier_than_its_parent_gets_no_vote(long later, bool voted)
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D, D, D]).Start();
        world.Make("X", 1, "G", later: 1000);
        world.Propose("X", null, A, B, C);
        world.Make("Y", 2, "X", later: later);
        world.Propose("Y", null, A, B, C);
        Assert.Equal(voted ? [A, B, C] : [], world.VotersOf("Y"));
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_proposal_that_waits_for_its_parent_is_not_pushed_out_by_another_s(bool attacked)
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, A, A, A, A, B, B, B, B]).Start();
        world.Make("X", 1, "G");
        world.Propose("X", null, A, B);
        world.Deliver(envelope => envelope.IsVote);

        // D's vote completes the certificate at A, who leads view 2. C has no X: A's proposal waits.
        world.Send(D, new VoteMessage(world.Sign(D, HotStuffMessages.VoteStatement(world.Named("X")))), A);
        world.Name("Y", 2);
        world.Deliver(envelope => envelope.IsProposal && envelope.View == 2);
        if (attacked)
        {
            world.Make("Z", 2, "X", world.Qc("X"), author: D);
            world.Propose("Z", null, C);
        }

        world.Flow(envelope => envelope.IsRepair);
        Assert.Contains(C, world.VotersOf("Y"));
    }

    // Two guards stand here: the tree takes one proposal a view, and the voter signs one. Red when both are broken, as is O-02.
    [Fact]
    public void O01_on_different_heights_one_view_has_one_vote_too()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, D, D, D]).Start();
        world.Flow(envelope => envelope.View == 1);
        world.Name("X", 1);
        // X is certified as far as D can see. It proposes both on X and beside it in view 2.
        world.Make("Y", 2, "X");
        world.Propose("Y", null, A, B);
        world.Make("Y'", 2, "G");
        world.Propose("Y'", null, A, B, C);
        Assert.Equal([A, B], world.VotersOf("Y"));
        Assert.DoesNotContain(A, world.VotersOf("Y'"));
        Assert.DoesNotContain(B, world.VotersOf("Y'"));
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O02_a_crash_between_two_proposals_makes_nobody_vote_twice(bool flushIsLazy)
    {
        var world = new ScriptedWorld(4, [D], [D, D, D, D]);
        var journal = new LazyJournal(flushIsLazy);
        world[B].Journal = journal.Inner;
        world.Start();
        world.Make("X", 1, "G");
        world.Make("X'", 1, "G");
        world.Propose("X", null, A, B);
        Assert.Contains(B, world.VotersOf("X"));
        journal.Lose();
        world[B].Crash();
        world[B].Start();
        world.Propose("X'", null, B, C);
        Assert.Equal(flushIsLazy, world.VotersOf("X'").Contains(B));
        Assert.Equal(flushIsLazy, world.Violations().Count > 0);
        if (!flushIsLazy)
        {
            // It says the same bytes again.
            ReadOnlyMemory<byte>[] votes = [.. world.Sent.Where(envelope => envelope is { From: B, IsVote: true }).Select(envelope => envelope.Bytes)];
            Assert.Equal(2, votes.Length);
            Assert.True(votes[0].Span.SequenceEqual(votes[1].Span));
            Assert.True(world.Heals());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O03_three_blocks_in_a_row_commit_on_consecutive_views_only(bool byParentLinks)
    {
        HotStuffRules? rules = byParentLinks ? new BrokenRules.CommitByParentLinks() : null;
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, D, D, A, D, D, B, C, A], rules).Start();
        Schedule(world);
        Assert.Equal(byParentLinks, world[A].Committed.Any(block => block.Digest == world.Named("X").Digest));
        Assert.Equal(byParentLinks, world.Violations().Count > 0);
        if (!byParentLinks)
        {
            Assert.Contains(world[B].Committed, block => block.Digest == world.Named("W1").Digest);
            Assert.Contains(world[C].Committed, block => block.Digest == world.Named("W1").Digest);
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
            Assert.Equal(world.Named("W").Digest, world[A].Committed[0].Digest);
        }

        // P(1,X←G), P(2,W←G) whose certificate D hides, P(3,Y←X), P(4,Z←Y) to all; P(5,V←Z) to A only; P(6,W1←W) to B and C, then W2, W3, W4.
        static void Schedule(ScriptedWorld world)
        {
            world.Flow(envelope => envelope is { IsProposal: true, View: 1 });
            world.Name("X", 1);
            GiveUp(world, 1, A, B, C);
            world.Make("W", 2, "G");
            world.Propose("W", null, A, B, C);
            GiveUp(world, 2, A, B, C);
            world.Make("Y", 3, "X");
            world.Propose("Y", null, A, B, C);
            world.Deliver(envelope => envelope is { IsVote: true, View: 3, To: A });
            world.Flow(envelope => envelope is { IsProposal: true, View: 4 });
            world.Name("Z", 4);
            world.Make("V", 5, "Z");
            world.Propose("V", null, A);
            QuorumCertificate hidden = world.Qc("W");
            foreach (ulong view in new ulong[] { 4, 5 })
            {
                world.TimeOut(B, C);
                world.Send(D, world.Timeout(D, view), B, C);
                world.Deliver(envelope => envelope is { IsTimeout: true, From: B or C, To: B or C } && envelope.View == view);
            }

            Assert.Equal(6UL, world[B].View);
            world.Make("W1", 6, "W", hidden);
            world.Propose("W1", null, B, C);
            Assert.Equal([B, C], world.VotersOf("W1"));
            for (ulong view = 6; view <= 9; view++)
            {
                // Views 7 to 9 are led by B, C and A; D votes like everyone.
                world.Deliver(envelope => envelope.IsProposal && envelope.View == view);
                world.Flow(envelope => envelope.IsRepair);
                if (world.Sent.Any(envelope => envelope.IsProposal && envelope.View == view) || view == 6)
                {
                    Block block = view == 6 ? world.Named("W1") : world.Name($"W{view - 5}", view);
                    int next = world.Leaders.Leader(view + 1).Value;
                    world.Send(D, new VoteMessage(world.Sign(D, HotStuffMessages.VoteStatement(block))), next);
                }

                world.Deliver(envelope => envelope.IsVote && envelope.View == view);
                world.Flow(envelope => envelope.IsRepair);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O07_a_certificate_whose_view_was_inflated_counts_for_nothing(bool viewUnsigned)
    {
        HotStuffRules? rules = viewUnsigned ? new BrokenRules.CertificateViewUnchecked() : null;
        ScriptedWorld world = CommittedAtA(rules, claims => viewUnsigned ? new ViewBlindClaims(claims) : claims);
        (ulong view, ulong certified) = (world[B].View, world[B].HighestCertified);
        QuorumCertificate genuine = world.Qc("X");
        Statement inflated = genuine.Statement with { View = new View(100) };
        var certificate = new QuorumCertificate(inflated, genuine.Signers, genuine.Signature);
        world.Make("W", 101, "X", certificate, author: world.Leaders.Leader(101).Value == D ? null : D);
        var message = new ProposalMessage(world.Sign(D, ProposalMessage.ProposalStatement(world.Named("W"))), world.Named("W"), null);
        int believed = world.Send(D, message, B, C);
        Assert.Equal(viewUnsigned ? 2 : 0, believed);
        Assert.Equal(viewUnsigned ? 101 : view, world[B].View);
        Assert.Equal(viewUnsigned ? 100UL : certified, world[B].HighestCertified);
        if (!viewUnsigned)
        {
            Assert.Empty(world.VotersOf("W"));
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    public enum ParentRule
    {
        /// <summary>As it should be.</summary>
        Right,

        /// <summary>The lock is gone, so that the parent check alone stands in the way.</summary>
        OnlyParentCheck,

        /// <summary>The parent check is gone as well.</summary>
        Broken,
    }

    [Theory]
    [InlineData(ParentRule.Right)]
    [InlineData(ParentRule.OnlyParentCheck)]
    [InlineData(ParentRule.Broken)]
    public void O08_a_block_whose_parent_is_not_the_certified_one_changes_nothing(ParentRule rule)
    {
        HotStuffRules? rules = rule switch
        {
            ParentRule.OnlyParentCheck => new BrokenRules.NoLock(),
            ParentRule.Broken => new BrokenRules.ParentUnchecked(),
            _ => null,
        };
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, D], rules).Start();
        world.Flow(envelope => envelope.View <= 3);
        Block x = world.Name("X", 1);
        world.Name("Y", 2);
        world.Name("Z", 3);
        ulong certified = world[B].HighestCertified;
        Assert.Equal(2UL, certified);
        // parent: block of view 1; certificate: of view 3.
        world.Make("W", 4, "X", world.Qc("Z"));
        world.Propose("W", null, A, B, C);
        Assert.Equal(rule == ParentRule.Broken, world.VotersOf("W").Length > 0);
        if (rule == ParentRule.Right)
        {
            Assert.Equal(certified, world[B].HighestCertified);
            Assert.Equal(x.Height.Next(), world.Named("W").Height);
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    [Fact]
    public void O09_a_stale_certificate_gets_no_votes_and_lowers_nothing()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, A, A, A, A, A, D, B]).Start();
        world.Reach(8);
        world.Name("X2", 2);
        QuorumCertificate stale = world.Qc("X2");
        world.Name("X8", 8);
        // Locked at view 7 as soon as X8's certificate is seen.
        world.Send(D, new CertificatesMessage(world.Qc("X8"), null), A, B, C);
        Assert.All(world.Honest, replica => Assert.Equal(9UL, replica.View));
        world.Make("W", 9, "X2", stale);
        world.Propose("W", null, A, B, C);
        world.Send(D, new CertificatesMessage(stale, null), A, B, C);
        Assert.All(world.Honest, replica => Assert.Equal(8UL, replica.HighestCertified));
        Assert.Empty(world.VotersOf("W"));
        GiveUp(world, 9, A, B, C);
        Assert.Equal(world.Named("X8").Digest, world.Name("X10", 10).Header.Parent);
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O09_a_stale_certificate_beside_an_uncommitted_lock_gets_votes_only_without_the_lock(bool noLock)
    {
        HotStuffRules? rules = noLock ? new BrokenRules.NoLock() : null;
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, D, B], rules).Start();
        world.Flow(envelope => envelope.View <= 3);
        world.Name("X", 1);
        world.Name("Y", 2);
        world.Name("Z", 3);
        // With Z's certificate all are locked on Y (view 2).
        QuorumCertificate stale = world.Qc("X");
        world.Send(D, new CertificatesMessage(world.Qc("Z"), null), A, B, C);
        world.Make("W", 4, "X", stale);
        world.Propose("W", null, A, B, C);
        Assert.Equal(noLock, world.VotersOf("W").Length > 0);
        if (!noLock)
        {
            Assert.True(world.Heals());
            Assert.Empty(world.Violations());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_locks_a_committed_block_is_overtaken_by_a_fork(bool noLock)
    {
        HotStuffRules? rules = noLock ? new BrokenRules.NoLock() : null;
        ScriptedWorld world = CommittedAtA(rules);
        // A alone committed X. D leads view 5 and extends G, with B and C.
        foreach (ulong view in new ulong[] { 3, 4 })
        {
            world.TimeOut(B, C);
            world.Send(D, world.Timeout(D, view), B, C);
            world.Deliver(envelope => envelope is { IsTimeout: true, From: B or C, To: B or C } && envelope.View == view);
        }

        world.Make("W1", 5, "G");
        world.Propose("W1", null, B, C);
        Assert.Equal(noLock, world.VotersOf("W1").Length > 0);
        if (noLock)
        {
            string parent = "W1";
            for (ulong view = 6; view <= 8; view++)
            {
                string name = $"W{view - 4}";
                world.Make(name, view, parent);
                world.Propose(name, null, B, C);
                parent = name;
            }
        }

        Assert.Equal(noLock, world.Violations().Count > 0);
    }

    // X, Y, Z of views 1 to 3 are with all; P(4,…) reached A alone, which committed X. D leads 4 and later.
    private static ScriptedWorld CommittedAtA(HotStuffRules? rules, Func<IClaims, IClaims>? claims = null)
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, D, D, D, D, D, D, D], rules, claims).Start();
        world.Flow(envelope => envelope.View <= 3);
        world.Name("X", 1);
        world.Name("Y", 2);
        world.Name("Z", 3);
        world.Make("P", 4, "Z");
        world.Propose("P", null, A);
        Assert.Equal(world.Named("X").Digest, Assert.Single(world[A].Committed).Digest);
        Assert.Empty(world[B].Committed);
        return world;
    }

    private static void GiveUp(ScriptedWorld world, ulong view, params int[] who)
    {
        world.TimeOut(who);
        world.Flow(envelope => envelope.IsTimeout && envelope.View == view);
        Assert.All(who, id => Assert.Equal(view + 1, world[id].View));
    }

    /// <summary>A judge that checks signatures for the view they were made in, whatever view the certificate says.</summary>
    private sealed class ViewBlindClaims(IClaims inner) : IClaims
    {
        public Chain Chain => inner.Chain;

        public bool IsVote(in Vote vote) => inner.IsVote(vote);

        public bool IsCertificate(QuorumCertificate certificate)
        {
            for (ulong view = 0; view <= 100; view++)
            {
                if (inner.IsCertificate(new QuorumCertificate(certificate.Statement with { View = new View(view) }, certificate.Signers, certificate.Signature)))
                {
                    return true;
                }
            }

            return false;
        }

        public bool IsPayload(Payload payload) => inner.IsPayload(payload);
    }

    /// <summary>A journal that, when lazy, says it flushed and did not.</summary>
    private sealed class LazyJournal(bool lazy)
    {
        public MemoryJournal Inner { get; } = new();

        public void Lose()
        {
            if (lazy)
            {
                Inner.Wipe();
            }
        }
    }
}
