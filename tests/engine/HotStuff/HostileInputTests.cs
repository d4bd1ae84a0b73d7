using Bft.Engine.Encoding;
using Bft.Engine.HotStuff;
using Bft.Engine.Sync;
using Bft.Engine.Tests.Scripting;
using Bft.Engine.Transport;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>What a member of the committee may send with valid signatures, and what becomes of it.</summary>
public class HostileInputTests
{
    [Fact]
    public void The_last_view_and_height_there_can_be_stop_nobody()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A]).Start();
        foreach (ulong view in new[] { ulong.MaxValue, ulong.MaxValue - 1, 1UL << 63 })
        {
            var statement = new Statement(StatementKind.Vote, default, new View(view), new Height(view), world.Chain.Id);
            world.Send(D, new VoteMessage(world.Sign(D, statement)), A, B, C);
            world.Send(D, world.Timeout(D, view), A, B, C);
            Repair(world, RepairMessages.Head(new Height(view), new View(view), 0));
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
            world[C].Deliver(peer, RepairMessages.Head(default, new View(peer == D ? ulong.MaxValue : 1), world[C].Replica.HeadNonce));
        }

        Assert.True(world[C].Replica.EarningVoteBack);
        Assert.False(world[C].Replica.Voting);
    }

    [Fact]
    public void A_committed_block_whose_inner_certificate_is_forged_does_not_enter_the_ledger()
    {
        // The digest covers the header, not the certificate beside it: a peer that serves the past could put anything there, and the offline audit of
        // the receiver would fail for ever.
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A, A, A]).Start();
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
            world[C].WantRange(D, 1);
            Assert.Equal(EdgeVerdict.Refused, world[C].Verdict(D, RepairMessages.Range(new Height(1), [poisoned])));
        }

        world[C].WantRange(D, 1);
        Assert.Equal(EdgeVerdict.Taken, world[C].Verdict(D, RepairMessages.Range(new Height(1), [genuine])));
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
