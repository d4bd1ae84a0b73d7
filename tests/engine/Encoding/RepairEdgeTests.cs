using Bft.Engine.HotStuff;
using Bft.Engine.Sync;
using Bft.Engine.Tests.Scripting;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.Encoding;

/// <summary>O-21 at the edge of a running replica: nothing malformed gets in, throws or changes anything.</summary>
public class RepairEdgeTests
{
    // What was said there is good in every world of the tests: they all run alike.
    private static readonly ScriptedWorld Told = Running();

    private static readonly Dictionary<string, byte[]> Messages = new()
    {
        ["block request"] = RepairMessages.BlockRequest(Told[A].Committed[0].Digest),
        ["block"] = RepairMessages.Block(Told[A].Committed[0]),
        ["range request"] = RepairMessages.RangeRequest(new Height(1), 4),
        ["range"] = RepairMessages.Range(new Height(1), [Told[A].Ledger.Read(new Height(1))!, Told[A].Ledger.Read(new Height(2))!]),
        ["head request"] = RepairMessages.HeadRequest(),
        ["head"] = RepairMessages.Head(new Height(3), new View(7), 0),
        ["proposal"] = Sent<ProposalMessage>(),
        ["vote"] = Sent<VoteMessage>(),
        ["timeout"] = Sent<TimeoutMessage>(),
        ["certificates"] = WireMessage.Encode(new CertificatesMessage(Told[A].Ledger.Read(new Height(1))!.Proof.Certificate!, null)),
    };

    private readonly ScriptedWorld _world;
    private int _judged;

    public RepairEdgeTests() => _world = Running(claims => new CountingClaims(claims, () => _judged++));

    public static TheoryData<string> Kinds => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_the_whole_message_is_believed_and_no_part_of_it_is(string kind)
    {
        byte[] bytes = Messages[kind];
        Ask();
        Assert.True(_world[B].Deliver(D, bytes));
        for (int length = 0; length < bytes.Length; length++)
        {
            Ask();
            Assert.False(_world[B].Deliver(D, bytes.AsMemory(0, length)), $"{length} of {bytes.Length} bytes were believed");
        }

        Ask();
        Assert.False(_world[B].Deliver(D, (byte[])[.. bytes, 0]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_no_damage_throws_or_moves_the_replica(string kind)
    {
        byte[] bytes = Messages[kind];
        (ulong view, ulong certified, Height height) = (_world[B].View, _world[B].HighestCertified, _world[B].Replica.CommittedHeight);
        int step = Math.Max(1, bytes.Length / 150);
        for (int bit = 0; bit < 8 * bytes.Length; bit += step)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Ask();
            _world[B].Deliver(D, flipped);
        }

        Assert.Equal((view, certified, height), (_world[B].View, _world[B].HighestCertified, _world[B].Replica.CommittedHeight));
        Assert.DoesNotContain(_world[B].Alarms, alarm => alarm.Alarm != ReplicaAlarm.ResultMismatch);
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
        Assert.False(_world[B].Deliver(D, Convert.FromHexString(hex)));
        Assert.False(_world[B].Deliver(4, RepairMessages.HeadRequest()));
        Assert.False(_world[B].Deliver(-1, RepairMessages.HeadRequest()));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, RepairMessages.MaxRangeBlocks + 1)]
    public void O21_a_request_out_of_bounds_is_refused(ulong first, int count)
    {
        Assert.False(_world[B].Deliver(D, RepairMessages.RangeRequest(new Height(first), count)));
    }

    [Fact]
    public void O21_a_range_with_a_wrong_proof_or_order_is_refused()
    {
        CommittedBlock first = _world[A].Ledger.Read(new Height(1))!;
        CommittedBlock second = _world[A].Ledger.Read(new Height(2))!;
        IReadOnlyList<CommittedBlock>[] wrong = [[second, first], [second], [new(first.Block, second.Proof)], [first, new(second.Block, new CommitProof(null, []))]];
        foreach (IReadOnlyList<CommittedBlock> blocks in wrong)
        {
            Ask();
            Assert.Equal(EdgeVerdict.Refused, _world[B].Verdict(D, RepairMessages.Range(new Height(1), blocks)));
        }
    }

    [Fact]
    public void A_range_of_encoded_blocks_is_the_range_of_the_blocks()
    {
        CommittedBlock[] blocks = [_world[A].Ledger.Read(new Height(1))!, _world[A].Ledger.Read(new Height(2))!];
        for (int count = 0; count <= blocks.Length; count++)
        {
            Assert.Equal(RepairMessages.Range(new Height(1), blocks[..count]), RepairMessages.EncodedRange(new Height(1), [.. blocks[..count].Select(block => (ReadOnlyMemory<byte>)block.ToBytes())]));
        }
    }

    [Fact]
    public void What_was_not_asked_of_its_sender_is_dropped_before_a_signature_is_looked_at()
    {
        CommittedBlock first = _world[A].Ledger.Read(new Height(1))!;
        byte[] block = Messages["block"];
        byte[] range = RepairMessages.Range(new Height(1), [first]);
        _judged = 0;
        Assert.Equal(EdgeVerdict.Unasked, _world[B].Verdict(D, block));
        Assert.Equal(EdgeVerdict.Unasked, _world[B].Verdict(D, range));
        Ask();
        Assert.Equal(EdgeVerdict.Unasked, _world[B].Verdict(A, range));
        Assert.Equal(EdgeVerdict.Unasked, _world[B].Verdict(D, RepairMessages.Range(new Height(2), [first])));
        Assert.Equal(0, _judged);
        Ask();
        Assert.Equal(EdgeVerdict.Taken, _world[B].Verdict(D, block));
        Ask();
        Assert.Equal(EdgeVerdict.Taken, _world[B].Verdict(D, range));
        Assert.True(_judged > 0);
    }

    // B wants a block, and of D the range from height 1 on.
    private void Ask()
    {
        ScriptedReplica asking = _world[B];
        asking.Replica.Sync.RequestBlock(_world[A].Committed[0].Digest, ReplicaSet.Empty, asking.Now);
        asking.WantRange(D, 1);
    }

    private static byte[] Sent<T>()
        where T : ProtocolMessage => Told.Sent.First(envelope => envelope is { From: D, Message: T }).Bytes.ToArray();

    private static ScriptedWorld Running(Func<IClaims, IClaims>? claims = null)
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A, D, D, D, D], claims: claims).Start();
        world.TimeOut(D);
        Assert.True(world.Heals());
        Assert.True(world[A].Committed.Count >= 2);
        return world;
    }

    /// <summary>The right judge, whose verdicts are counted.</summary>
    private sealed class CountingClaims(IClaims judge, Action count) : IClaims
    {
        public Chain Chain => judge.Chain;

        public bool IsVote(in Vote vote)
        {
            count();
            return judge.IsVote(vote);
        }

        public bool IsCertificate(QuorumCertificate certificate)
        {
            count();
            return judge.IsCertificate(certificate);
        }

        public bool IsPayload(Payload payload)
        {
            count();
            return judge.IsPayload(payload);
        }
    }
}
