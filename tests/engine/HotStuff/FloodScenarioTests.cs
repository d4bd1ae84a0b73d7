using Bft.Engine.HotStuff;
using Bft.Engine.Shared;
using Bft.Engine.Tests.Scripting;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>Tests that weigh the heap: alone, when all others are done.</summary>
[CollectionDefinition("heap", DisableParallelization = true)]
public class HeapCollection;

/// <summary>O-20: what a member of the committee may fill with signed messages of the future.</summary>
[Collection("heap")]
public class FloodScenarioTests
{
    private const int Flood = 10_000;

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
        Assert.True(grown < 8 << 20, $"{grown} bytes are kept of a flood of {Flood}");
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
}
