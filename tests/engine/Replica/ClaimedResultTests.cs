namespace Bft.Engine.Tests.Loop;

/// <summary>Rule 4 of the port: a block is handed in only when the result it vouches for is this replica's own.</summary>
public class ClaimedResultTests
{
    private readonly LoopStage _stage = new LoopStage().Begin();

    private IEnumerable<byte> Handed => _stage.Inputs.OfType<Input.Received>().Select(received => ((LoopStage.Note)received.Message).Number);

    [Fact]
    public void A_block_that_claims_nothing_or_the_right_result_is_handed_in_at_once()
    {
        _stage.Say(1, _stage.BlockAt(1));
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Say(2, _stage.BlockAt(4, LoopStage.PointAt(1)));
        Assert.Equal([1, 2], Handed);
    }

    [Fact]
    public void A_block_whose_result_is_ahead_waits_for_our_own_execution_while_its_certificate_goes_ahead()
    {
        var certificate = new QuorumCertificate(new Statement(StatementKind.Vote, default, new View(3), new Height(3), default), ReplicaSet.FirstOf(3), default);
        Block plain = _stage.BlockAt(4, LoopStage.PointAt(2));
        _stage.Say(1, new Block(_stage.Chain, plain.Header, plain.Payload, certificate));
        Assert.Empty(Handed);
        Assert.Equal(certificate, Assert.Single(_stage.Inputs.OfType<Input.Certified>()).Certificate);
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Turn();
        Assert.Empty(Handed);
        _stage.Replica.Executed(LoopStage.PointAt(2));
        _stage.Turn();
        Assert.Equal([1], Handed);
        Assert.Empty(_stage.Alarms);
    }

    [Fact]
    public void Of_one_sender_s_waiting_blocks_the_latest_two_are_kept()
    {
        for (byte i = 1; i <= 5; i++)
        {
            _stage.Say(i, _stage.BlockAt(4, LoopStage.PointAt(1), view: i));
        }

        _stage.Replica.Receive(new ReplicaId(2), new LoopStage.Note(9, _stage.BlockAt(4, LoopStage.PointAt(1), view: 9)));
        _stage.Turn();
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Turn();
        Assert.Equal([4, 5, 9], Handed);
    }

    [Fact]
    public void A_wrong_result_is_never_handed_in_and_alarms()
    {
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Say(1, _stage.BlockAt(4, LoopStage.PointAt(1) with { StateRoot = default }));
        _stage.Say(2, _stage.BlockAt(4, LoopStage.PointAt(1) with { Chain = _stage.Chain.Id }));
        _stage.Say(3, _stage.BlockAt(1, LoopStage.PointAt(1)));
        _stage.Say(4, _stage.BlockAt(4, new StatePoint(default, _stage.Chain.Id, default)));
        Assert.Empty(Handed);
        Assert.Equal(4, _stage.Alarms.Count(alarm => alarm.Alarm == ReplicaAlarm.ResultMismatch));
        Assert.True(_stage.Replica.Voting);
    }

    [Theory]
    [InlineData(10_000, true)]
    [InlineData(10_001, false)]
    [InlineData(long.MaxValue, false)]
    public void A_proposal_far_ahead_of_our_clock_is_not_handed_in_and_alarms(long ahead, bool handed)
    {
        ulong time = _stage.UnixMilliseconds + (ulong)ahead;
        _stage.Say(1, _stage.BlockAt(4, time: time));
        Assert.Equal(handed ? [1] : Array.Empty<byte>(), Handed);
        Assert.Equal(handed ? [] : [ReplicaAlarm.ClockAhead], _stage.Alarms.Select(alarm => alarm.Alarm));
        Assert.True(_stage.Replica.Voting);
    }

    [Fact]
    public void A_waiting_block_that_turns_out_wrong_is_dropped_too()
    {
        _stage.Say(1, _stage.BlockAt(4, LoopStage.PointAt(2) with { StateRoot = default }));
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Replica.Executed(LoopStage.PointAt(2));
        _stage.Turn();
        Assert.Empty(Handed);
        Assert.Equal(ReplicaAlarm.ResultMismatch, Assert.Single(_stage.Alarms).Alarm);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_committed_block_that_vouches_for_another_result_ends_our_voting(bool executedBefore)
    {
        StatePoint other = LoopStage.PointAt(1) with { StateRoot = default };
        if (executedBefore)
        {
            _stage.Replica.Executed(LoopStage.PointAt(1));
            _stage.Turn();
        }

        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received)
            {
                effects.Commit(_stage.BlockAt(1), LoopStage.NoProof);
                effects.Commit(_stage.BlockAt(2, other), LoopStage.NoProof);
            }
        };
        _stage.Say(1);
        if (!executedBefore)
        {
            Assert.True(_stage.Replica.Voting);
            _stage.Replica.Executed(LoopStage.PointAt(1));
            _stage.Turn();
        }

        Assert.False(_stage.Replica.Voting);
        Assert.Equal(ReplicaAlarm.Diverged, Assert.Single(_stage.Alarms).Alarm);
    }
}
