using Bft.Crypto.Signatures;
using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>What a traitor can make others work for.</summary>
public class EffortTests
{
    private const int ClientSignatures = 4500;

    private static byte[] Proposal(ScriptedWorld world, int author, ulong view, int signatures)
    {
        using ISigner client = SignatureSchemes.Ed25519.CreateSigner(new byte[32]);
        Payload payload = Payload.Of(world.Chain, [.. Enumerable.Range(1, signatures).Select(i => Run.Sign(world.Chain, client, (ulong)i, [ReadOnlyMemory<byte>.Empty]))]);
        var header = new BlockHeader(default, new Height(1), new View(view), world.Chain.GenesisBlock.Digest, payload.Root, default, new ReplicaId(author), 0);
        var block = new Block(world.Chain, header, payload, world.Chain.GenesisCertificate);
        return WireMessage.Encode(new ProposalMessage(world.Sign(author, ProposalMessage.ProposalStatement(block)), block, null));
    }

    [Fact]
    public void Only_the_leader_that_is_waited_for_can_have_thousands_of_client_signatures_verified()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, B, B, B, B]).Start();

        // D leads view 1, not view 2, nor a far one.
        Assert.Equal(EdgeVerdict.Throttled, world[A].Verdict(D, Proposal(world, D, 2, ClientSignatures)));
        Assert.Equal(EdgeVerdict.Throttled, world[A].Verdict(D, Proposal(world, D, 1_000_000, ClientSignatures)));
        Assert.Equal(EdgeVerdict.Taken, world[A].Verdict(D, Proposal(world, D, 1, ClientSignatures)));
    }

    [Fact]
    public void Who_does_not_lead_has_a_budget_that_comes_back_with_time()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [B, B, B, B]).Start();
        int taken = 0;
        for (ulong view = 1; view <= 30; view++)
        {
            taken += world[A].Verdict(D, Proposal(world, D, view, 500 + (int)view)) == EdgeVerdict.Taken ? 1 : 0;
        }

        // What was verified before costs nothing: each has one signature more than the one before it.
        Assert.Equal(30, taken);
        Assert.Equal(EdgeVerdict.Throttled, world[A].Verdict(D, Proposal(world, D, 50, ClientSignatures)));
        world[A].Now += TimeSpan.FromSeconds(5);
        Assert.Equal(EdgeVerdict.Taken, world[A].Verdict(D, Proposal(world, D, 51, 4000)));
    }

    [Fact]
    public void A_proposal_of_a_past_view_is_worth_no_check_of_its_clients()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [D, D, D, D]).Start();
        world.Make("X", 1, "G");
        world.Propose("X", null, A, B, C);
        world.Make("Y", 2, "X");
        world.Propose("Y", null, A, B, C);
        Assert.Equal(2UL, world[A].View);
        Assert.Equal(EdgeVerdict.Unasked, world[A].Verdict(D, Proposal(world, D, 1, 1)));
    }

    [Fact]
    public void Whoever_lies_too_often_is_not_listened_to_for_a_while()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, A]).Start();
        var statement = new Statement(StatementKind.Vote, default, new View(1), new Height(1), world.Chain.Id);
        byte[] lie = WireMessage.Encode(new VoteMessage(world.Sign(D, statement) with { Signer = new ReplicaId(B) }));
        byte[] good = WireMessage.Encode(world.Timeout(D, 1));
        for (int i = 0; i < Edge.MostRefusals; i++)
        {
            Assert.Equal(EdgeVerdict.Refused, world[A].Verdict(D, lie));
        }

        Assert.Equal(EdgeVerdict.Throttled, world[A].Verdict(D, lie));
        Assert.Equal(EdgeVerdict.Throttled, world[A].Verdict(D, good));
        world[A].Now += TimeSpan.FromSeconds(1);
        Assert.Equal(EdgeVerdict.Taken, world[A].Verdict(D, good));
    }

    [Fact]
    public void Blocks_beyond_what_was_executed_are_empty_or_get_no_vote()
    {
        ulong last = HotStuffProtocol.MaxUnexecuted + 1;
        ScriptedWorld world = new ScriptedWorld(4, [D], [.. Enumerable.Repeat(D, (int)last + 3)]).Start();
        string parent = "G";
        for (ulong view = 1; view <= last; view++)
        {
            string name = $"block {view}";
            world.Make(name, view, parent);
            world.Propose(name, null, A, B, C);
            Assert.Equal(view < last ? [A, B, C] : [], world.VotersOf(name));
            parent = view < last ? name : parent;
        }

        Assert.True(world.Heals(80));
        Assert.Empty(world.Violations());
    }
}
