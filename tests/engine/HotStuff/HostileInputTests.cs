using Bft.Engine.Encoding;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;
using Bft.Engine.Sync;
using Bft.Engine.Tests.Scripting;
using Bft.Engine.Transport;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>What a member of the committee may send with valid signatures, and what becomes of it.</summary>
public class HostileInputTests
{
    private const int Flood = 50_000;

    [Fact]
    public void O20_a_flood_of_signed_votes_and_timeouts_of_future_views_is_bounded_and_hides_nobody_s_vote()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, A, A, A, A, A, A, A]).Start();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (ulong i = 1; i <= Flood; i++)
        {
            var statement = new Statement(StatementKind.Vote, default, new View(i), new Height(i), world.Chain.Id);
            Assert.Equal(1, world.Send(D, new VoteMessage(world.Sign(D, statement)), A));
            Assert.Equal(1, world.Send(D, world.Timeout(D, i), A));
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 16 << 20, $"{grown} bytes are kept of a flood of {Flood}");
        Assert.Equal(1UL, world[A].View);
        // Honest messages of the next view count all the same.
        world.Make("X", 1, "G");
        world.Propose("X", null, A, B, C);
        world.Flow(envelope => envelope.View <= 1);
        Assert.Contains(world[A].Formed, certificate => certificate.Statement.Subject == world.Named("X").Digest);
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(int.MaxValue, false)]
    public void O20_a_collector_keeps_a_bounded_number_of_votes_a_signer(int perSigner, bool bounded)
    {
        var collector = new VoteCollector(new Committee(4), perSigner);
        var signature = new byte[64];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (ulong view = 1; view <= Flood; view++)
        {
            collector.Add(new Vote(new Statement(StatementKind.Vote, default, new View(view), default, default), new ReplicaId(D), signature));
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(bounded, grown < 1 << 20);
        GC.KeepAlive(collector);
    }

    [Fact]
    public void O20_blocks_that_claim_results_ahead_are_held_up_to_a_bound_a_sender()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D]).Start();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Payload large = Payload.Of(world.Chain, [Run.WithoutSignature(world.Chain, new byte[32], 1, [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[60_000], 4)])]);
        for (ulong i = 1; i <= 500; i++)
        {
            var executed = new StatePoint(new Height(1_000), world.Chain.Id, world.Chain.Id);
            var header = new BlockHeader(default, new Height(1_001), new View(1_000 + i), world.Chain.GenesisBlock.Digest, large.Root, executed, new ReplicaId(D), i);
            var block = new Block(world.Chain, header, large, world.Chain.GenesisCertificate);
            Assert.Equal(1, world.Send(D, new ProposalMessage(world.Sign(D, ProposalMessage.ProposalStatement(block)), block, null), A));
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 8 << 20, $"{grown} bytes are kept of 500 blocks of {large.Encoded.Length} bytes");
        Assert.True(world.Heals());
    }

    [Fact]
    public void The_last_view_and_height_there_can_be_stop_nobody()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A]).Start();
        foreach (ulong view in new[] { ulong.MaxValue, ulong.MaxValue - 1, 1UL << 63 })
        {
            var statement = new Statement(StatementKind.Vote, default, new View(view), new Height(view), world.Chain.Id);
            world.Send(D, new VoteMessage(world.Sign(D, statement)), A, B, C);
            world.Send(D, world.Timeout(D, view), A, B, C);
            Repair(world, RepairMessages.Head(new Height(view), new View(view)));
            Repair(world, RepairMessages.RangeRequest(new Height(view), 1));
            Repair(world, RepairMessages.Range(new Height(view), []));
            Repair(world, RepairMessages.Range(new Height(view), [Committed(world, view)]));
            Repair(world, RepairMessages.Block(Committed(world, view).Block));
        }

        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Fact]
    public void A_head_beyond_all_bounds_does_not_stop_one_that_earns_its_vote_back()
    {
        var world = new ScriptedWorld(4, [D], [A, A]);
        world[A].Start();
        world[B].Start();
        world[C].Start(mayVote: false);
        foreach (int peer in new[] { A, B, D })
        {
            world[C].Deliver(peer, RepairMessages.Head(default, new View(peer == D ? ulong.MaxValue : 1)));
        }

        Assert.True(world[C].Replica.EarningVoteBack);
        Assert.False(world[C].Replica.Voting);
    }

    [Fact]
    public void A_committed_block_whose_inner_certificate_is_forged_does_not_enter_the_ledger()
    {
        // The digest covers the header, not the certificate beside it: a peer that serves the past could put anything there, and the offline audit of
        // the receiver would fail for ever.
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, A, A, A]);
        world[A].Start();
        world[B].Start();
        world[C].Start();
        world.Flow(envelope => envelope.To != C || envelope.IsRepair);
        Assert.True(world[A].Committed.Count >= 1);
        CommittedBlock genuine = world[A].Ledger.Read(new Height(1))!;
        QuorumCertificate[] forged =
        [
            new QuorumCertificate(new Statement(StatementKind.Vote, default, new View(1), default, genuine.Block.Header.Parent), ReplicaSet.Of(A, B, D), new byte[3 * FastScheme.SignatureLength]),
            new QuorumCertificate(genuine.Proof.Certificate!.Statement, genuine.Proof.Certificate.Signers, new byte[3 * FastScheme.SignatureLength]),
        ];
        foreach (QuorumCertificate justify in forged)
        {
            var poisoned = new CommittedBlock(new Block(world.Chain, genuine.Block.Header, genuine.Block.Payload, justify), genuine.Proof);
            Assert.Equal(genuine.Block.Digest, poisoned.Block.Digest);
            Assert.False(world[C].Deliver(D, RepairMessages.Range(new Height(1), [poisoned])));
        }

        Assert.True(world[C].Deliver(D, RepairMessages.Range(new Height(1), [genuine])));
    }

    private static void Repair(ScriptedWorld world, byte[] message)
    {
        Assert.Equal((byte)TrafficClass.Repair, message[0]);
        foreach (ScriptedReplica replica in world.Honest)
        {
            replica.Deliver(D, message);
        }
    }

    // A block of that height with a child, both of a traitor's making.
    private static CommittedBlock Committed(ScriptedWorld world, ulong height)
    {
        Payload empty = Payload.Empty(world.Chain);
        var header = new BlockHeader(default, new Height(height), new View(height), world.Chain.GenesisBlock.Digest, empty.Root, default, new ReplicaId(D), 0);
        var child = new BlockHeader(default, default, default, header.DigestOn(world.Chain), empty.Root, default, new ReplicaId(D), 0);
        var writer = new CanonicalWriter();
        header.Encode(writer);
        return new CommittedBlock(
            new Block(world.Chain, header, empty, world.Chain.GenesisCertificate),
            new CommitProof(new QuorumCertificate(new Statement(StatementKind.Vote, default, new View(1), new Height(1), world.Chain.Id), ReplicaSet.Of(A, B, D), new byte[96]), [child, child]));
    }
}
