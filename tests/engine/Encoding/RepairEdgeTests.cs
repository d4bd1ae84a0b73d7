using Bft.Engine.HotStuff;
using Bft.Engine.Sync;
using Bft.Engine.Tests.Scripting;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.Encoding;

/// <summary>O-21 at the edge of a running replica: nothing malformed gets in, throws or changes anything.</summary>
public class RepairEdgeTests
{
    private static readonly ScriptedWorld World = Running();

    private static readonly Dictionary<string, byte[]> Messages = new()
    {
        ["block request"] = RepairMessages.BlockRequest(World[A].Committed[0].Digest),
        ["block"] = RepairMessages.Block(World[A].Committed[0]),
        ["range request"] = RepairMessages.RangeRequest(new Height(1), 4),
        ["range"] = RepairMessages.Range(new Height(1), [World[A].Ledger.Read(new Height(1))!, World[A].Ledger.Read(new Height(2))!]),
        ["head request"] = RepairMessages.HeadRequest(),
        ["head"] = RepairMessages.Head(new Height(3), new View(7)),
        ["proposal"] = Sent<ProposalMessage>(),
        ["vote"] = Sent<VoteMessage>(),
        ["timeout"] = Sent<TimeoutMessage>(),
        ["certificates"] = WireMessage.Encode(new CertificatesMessage(World[A].Ledger.Read(new Height(1))!.Proof.Certificate!, null)),
    };

    public static TheoryData<string> Kinds => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_the_whole_message_is_believed_and_no_part_of_it_is(string kind)
    {
        byte[] bytes = Messages[kind];
        lock (World)
        {
            Assert.True(World[B].Deliver(D, bytes));
            for (int length = 0; length < bytes.Length; length++)
            {
                Assert.False(World[B].Deliver(D, bytes.AsMemory(0, length)), $"{length} of {bytes.Length} bytes were believed");
            }

            Assert.False(World[B].Deliver(D, (byte[])[.. bytes, 0]));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_no_damage_throws_or_moves_the_replica(string kind)
    {
        byte[] bytes = Messages[kind];
        lock (World)
        {
            (ulong view, ulong certified, Height height) = (World[B].View, World[B].HighestCertified, World[B].Replica.CommittedHeight);
            int step = Math.Max(1, bytes.Length / 150);
            for (int bit = 0; bit < 8 * bytes.Length; bit += step)
            {
                byte[] flipped = [.. bytes];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                World[B].Deliver(D, flipped);
            }

            Assert.Equal((view, certified, height), (World[B].View, World[B].HighestCertified, World[B].Replica.CommittedHeight));
            Assert.DoesNotContain(World[B].Alarms, alarm => alarm.Alarm != ReplicaAlarm.ResultMismatch);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("0100")]
    [InlineData("01ff")]
    [InlineData("0201")]
    [InlineData("0300")]
    [InlineData("0307")]
    [InlineData("ffff")]
    public void O21_empty_and_unknown_messages_are_refused(string hex)
    {
        lock (World)
        {
            Assert.False(World[B].Deliver(D, Convert.FromHexString(hex)));
            Assert.False(World[B].Deliver(4, RepairMessages.HeadRequest()));
            Assert.False(World[B].Deliver(-1, RepairMessages.HeadRequest()));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, RepairMessages.MaxRangeBlocks + 1)]
    public void O21_a_request_out_of_bounds_is_refused(ulong first, int count)
    {
        lock (World)
        {
            Assert.False(World[B].Deliver(D, RepairMessages.RangeRequest(new Height(first), count)));
        }
    }

    [Fact]
    public void O21_a_range_with_a_wrong_proof_or_order_is_refused()
    {
        lock (World)
        {
            CommittedBlock first = World[A].Ledger.Read(new Height(1))!;
            CommittedBlock second = World[A].Ledger.Read(new Height(2))!;
            Assert.False(World[B].Deliver(D, RepairMessages.Range(new Height(1), [second, first])));
            Assert.False(World[B].Deliver(D, RepairMessages.Range(new Height(2), [first])));
            Assert.False(World[B].Deliver(D, RepairMessages.Range(new Height(1), [new CommittedBlock(first.Block, second.Proof)])));
            Assert.False(World[B].Deliver(D, RepairMessages.Range(new Height(1), [first, new CommittedBlock(second.Block, new CommitProof(null, []))])));
        }
    }

    private static byte[] Sent<T>()
        where T : ProtocolMessage => World.Sent.First(envelope => envelope is { From: D, Message: T }).Bytes.ToArray();

    private static ScriptedWorld Running()
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A, D, D, D, D]).Start();
        world.TimeOut(D);
        Assert.True(world.Heals());
        Assert.True(world[A].Committed.Count >= 2);
        return world;
    }
}
