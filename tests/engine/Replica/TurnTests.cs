namespace Bft.Engine.Tests.Loop;

/// <summary>The order of a turn, and what a disk that fails or fills does to it.</summary>
public sealed class TurnTests : IDisposable
{
    private static readonly SafetyRecord Record = new(new RecordKey(0x80), new byte[] { 1, 2, 3 });

    private readonly LoopStage _stage = new();

    public void Dispose() => ((IDisposable)_stage).Dispose();

    [Fact]
    public void A_turn_hastens_appends_flushes_once_sends_and_only_then_executes()
    {
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received { Message: LoopStage.Note { Number: 1 } })
            {
                effects.Send(new ReplicaId(2), new LoopStage.Note(11));
                effects.Commit(_stage.BlockAt(1), LoopStage.NoProof);
                effects.Store(_stage.BlockAt(2));
                effects.Persist(Record);
                effects.Discard(0x80, 4);
                effects.Broadcast(new LoopStage.Note(12));
                effects.Hasten(new ReplicaId(3), new LoopStage.Note(13));
            }
        };
        _stage.Begin();
        _stage.Say(1);
        Assert.Equal(
            [
                "send 13 to 3",
                "append block 2", "append record 128", "discard 128 through 4", "mark 1", "flush",
                "send 11 to 2", "send 12 to 1", "send 12 to 2", "send 12 to 3",
                "execute 1",
            ],
            _stage.Take().Where(line => !line.StartsWith("meter", StringComparison.Ordinal)));
    }

    [Fact]
    public void Many_inputs_of_one_turn_share_one_flush_and_without_a_record_there_is_none()
    {
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received { Message: LoopStage.Note note })
            {
                if (note.Number < 100)
                {
                    effects.Persist(Record);
                }

                effects.Send(LoopStage.Peer, note);
            }
        };
        _stage.Begin();
        for (byte i = 1; i <= 50; i++)
        {
            _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(i));
        }

        _stage.Turn();
        string[] log = _stage.Take();
        Assert.Single(log, "flush");
        Assert.True(Array.IndexOf(log, "flush") < Array.IndexOf(log, "send 1 to 1"));
        _stage.Say(101);
        Assert.DoesNotContain("flush", _stage.Take());
    }

    [Fact]
    public void Ones_own_message_is_an_input_only_after_the_flush_and_is_not_metered()
    {
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received { Message: LoopStage.Note note } received)
            {
                _stage.Log.Add($"step {note.Number} from {received.Sender}");
                if (note.Number == 1)
                {
                    effects.Persist(Record);
                    effects.Send(LoopStage.Self, new LoopStage.Note(2));
                }
            }
        };
        _stage.Begin();
        _stage.Say(1);
        Assert.Equal(["step 1 from 1", "append record 128", "flush", "step 2 from 0"], _stage.Take());
        _stage.FailFlush = true;
        _stage.Say(1);
        // The flush failed: one's own vote never counts.
        Assert.Equal(["step 1 from 1", "append record 128"], _stage.Take());
    }

    [Fact]
    public void Hastening_to_oneself_is_a_broken_promise_and_stops_the_replica()
    {
        _stage.OnStep = (_, effects) => effects.Hasten(LoopStage.Self, new LoopStage.Note(1));
        _stage.Begin();
        _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(1));
        Assert.Throws<InvalidOperationException>(() => _stage.Replica.Turn());
        Stopped();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(9)]
    public void A_commit_out_of_order_stops_the_replica_before_anything_of_that_turn_leaves(ulong height)
    {
        _stage.OnStep = (input, effects) =>
        {
            effects.Send(LoopStage.Peer, new LoopStage.Note(9));
            effects.Commit(_stage.BlockAt(height), LoopStage.NoProof);
        };
        _stage.Begin();
        _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(1));
        Assert.Throws<InvalidOperationException>(() => _stage.Replica.Turn());
        Stopped();
    }

    [Fact]
    public void Committing_a_height_twice_stops_the_replica()
    {
        _stage.OnStep = (input, effects) => effects.Commit(_stage.BlockAt(1), LoopStage.NoProof);
        _stage.Begin();
        _stage.Say(1);
        _stage.Take();
        _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(1));
        Assert.Throws<InvalidOperationException>(() => _stage.Replica.Turn());
        Stopped();
    }

    [Fact]
    public void A_failed_flush_is_latched_and_nothing_of_that_turn_or_later_leaves()
    {
        _stage.OnStep = (input, effects) =>
        {
            effects.Persist(Record);
            effects.Send(LoopStage.Peer, new LoopStage.Note(9));
            effects.Commit(_stage.BlockAt(_stage.Replica.CommittedHeight.Value + 1), LoopStage.NoProof);
            effects.Arm(new TimerId(1), TimeSpan.FromMilliseconds(1));
        };
        _stage.Begin();
        _stage.FailFlush = true;
        _stage.Say(1);
        Assert.DoesNotContain(_stage.Take(), line => line.StartsWith("send", StringComparison.Ordinal) || line.StartsWith("execute", StringComparison.Ordinal));
        Assert.True(_stage.Replica.JournalFailed);
        Assert.False(_stage.Replica.Voting);
        Assert.Equal(ReplicaAlarm.JournalFailed, Assert.Single(_stage.Alarms).Alarm);
        // Its timers are due and wake nobody: a host that slept until the next deadline would spin.
        Assert.Null(_stage.Replica.NextDeadline);
        // A later flush that would succeed is not trusted.
        _stage.FailFlush = false;
        _stage.Say(1);
        _stage.Say(1);
        Assert.Empty(_stage.Take());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void O45_a_full_disk_holds_the_turn_back_and_the_same_messages_leave_when_there_is_room(int room)
    {
        byte[] first = Sign(1);
        Assert.NotEmpty(first);
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received { Message: LoopStage.Note { Number: 1 } })
            {
                effects.Store(_stage.BlockAt(2));
                effects.Persist(Record);
                effects.Commit(_stage.BlockAt(1), LoopStage.NoProof);
                effects.Send(LoopStage.Peer, new LoopStage.Note(9));
                effects.Send(LoopStage.Self, new LoopStage.Note(2));
            }
        };
        _stage.Begin();
        _stage.RoomFor = room;
        _stage.Say(1);
        bool fits = room == 3;
        Assert.Equal(!fits, _stage.Replica.Paused);
        List<string> log = [.. _stage.Take()];
        if (!fits)
        {
            Assert.DoesNotContain(log, line => line.StartsWith("send", StringComparison.Ordinal) || line == "flush" || line.StartsWith("execute", StringComparison.Ordinal));
            Assert.Contains(_stage.Alarms, alarm => alarm.Alarm == ReplicaAlarm.JournalFull);
            // Still full at the next attempt, then not any more.
            _stage.RoomFor = 0;
            NextAttempt();
            Assert.True(_stage.Replica.Paused);
            Assert.Empty(_stage.Take());
            _stage.RoomFor = -1;
            NextAttempt();
            Assert.False(_stage.Replica.Paused);
            log.AddRange(_stage.Take());
        }

        // Nothing twice, nothing left out, in the same order.
        Assert.Equal(
            ["append block 2", "append record 128", "mark 1", "flush", "send 9 to 1", "execute 1"], log.Where(line => !line.StartsWith("meter", StringComparison.Ordinal)));
        // One's own message was not forgotten over the pause.
        Assert.Contains(_stage.Inputs, input => input is Input.Received { Message: LoopStage.Note { Number: 2 } });
    }

    [Fact]
    public void O45_while_the_disk_is_full_nothing_more_is_decided_and_the_flood_of_a_peer_is_not_kept()
    {
        _stage.OnStep = (input, effects) => effects.Persist(Record);
        _stage.Begin();
        _stage.RoomFor = 0;
        _stage.Say(1);
        Assert.True(_stage.Replica.Paused);
        int steps = _stage.Inputs.Count;
        for (int i = 0; i < 5000; i++)
        {
            _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(2));
            _stage.Turn();
        }

        _stage.Replica.Executed(LoopStage.PointAt(1));
        Assert.Equal(steps, _stage.Inputs.Count);
        _stage.RoomFor = -1;
        NextAttempt();
        // Messages may be lost, and were; what the replica itself is told is not.
        Assert.True(_stage.Inputs.Count < steps + 100, $"{_stage.Inputs.Count - steps} inputs were kept");
        Assert.Contains(_stage.Inputs, input => input is Input.Executed);
    }

    [Fact]
    public void Timers_fire_in_a_turn_at_or_after_their_deadline_and_the_loop_says_when_it_wants_to_be_woken()
    {
        _stage.OnStart = (_, effects) => effects.Arm(new TimerId(7), TimeSpan.FromMilliseconds(10));
        _stage.Begin();
        Assert.Equal(TimeSpan.FromMilliseconds(10), _stage.Replica.NextDeadline);
        _stage.Turn();
        Assert.Empty(_stage.Inputs);
        _stage.Now = TimeSpan.FromMilliseconds(10);
        _stage.Turn();
        Assert.Equal(new Input.Expired(new TimerId(7)), Assert.Single(_stage.Inputs));
        Assert.Null(_stage.Replica.NextDeadline);
    }

    [Fact]
    public void A_timer_armed_anew_in_the_very_turn_it_was_due_does_not_fire_with_the_old_deadline()
    {
        var early = new TimerId(1);
        var late = new TimerId(2);
        _stage.OnStart = (_, effects) =>
        {
            effects.Arm(early, TimeSpan.FromMilliseconds(5));
            effects.Arm(late, TimeSpan.FromMilliseconds(6));
        };
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Expired expired && expired.Timer == early)
            {
                effects.Arm(late, TimeSpan.FromMilliseconds(50));
            }
        };
        _stage.Begin();
        _stage.Now = TimeSpan.FromMilliseconds(10);
        _stage.Turn();
        Assert.Equal([new Input.Expired(early)], _stage.Inputs);
        _stage.Now = TimeSpan.FromMilliseconds(60);
        _stage.Turn();
        Assert.Equal([new Input.Expired(early), new Input.Expired(late)], _stage.Inputs);
    }

    [Fact]
    public void Demand_is_told_when_it_begins_and_when_it_ends()
    {
        _stage.OnStep = (_, _) => { };
        _stage.Begin();
        Run run = Run.WithoutSignature(_stage.Chain, new byte[32], 1, [new byte[1]]);
        _stage.Pool.Add(run);
        _stage.Turn();
        _stage.Turn();
        Assert.Equal([new Input.Demand(TimeSpan.Zero)], _stage.Inputs);
        var payload = Payload.Of(_stage.Chain, [run]);
        _stage.Pool.Committed(new Block(_stage.Chain, _stage.BlockAt(1).Header with { PayloadRoot = payload.Root }, payload, null));
        _stage.Turn();
        Assert.Equal([new Input.Demand(TimeSpan.Zero), new Input.Demand(null)], _stage.Inputs);
    }

    [Fact]
    public void A_read_is_answered_when_its_height_is_executed()
    {
        _stage.OnStep = (input, effects) =>
        {
            if (input is Input.Read read)
            {
                effects.ReadReady(read.Id, new Height(2));
            }
        };
        _stage.Begin();
        List<Height?> answers = [];
        _stage.Replica.ReadIndex(answers.Add);
        _stage.Turn();
        _stage.Replica.Executed(LoopStage.PointAt(1));
        _stage.Turn();
        Assert.Empty(answers);
        _stage.Replica.Executed(LoopStage.PointAt(2));
        _stage.Turn();
        Assert.Equal([new Height(2)], answers);
    }

    [Fact]
    public void Before_the_start_nothing_is_taken()
    {
        _stage.Say(1);
        Assert.Empty(_stage.Inputs);
    }

    private byte[] Sign(ulong view) => _stage.Voter.Sign(new Statement(StatementKind.Vote, default, new View(view), default, default)).Vote.Signature.ToArray();

    private void NextAttempt()
    {
        _stage.Now = _stage.Replica.NextDeadline!.Value;
        _stage.Turn();
    }

    // After a broken promise the loop does nothing more, also when its host turns it again.
    private void Stopped()
    {
        _stage.OnStep = (_, _) => { };
        _stage.Replica.Receive(LoopStage.Peer, new LoopStage.Note(1));
        int inputs = _stage.Inputs.Count;
        Assert.False(_stage.Replica.Turn());
        Assert.Null(_stage.Replica.NextDeadline);
        Assert.Equal(inputs, _stage.Inputs.Count);
        Assert.DoesNotContain(_stage.Take(), line => line.StartsWith("send", StringComparison.Ordinal) || line.StartsWith("execute", StringComparison.Ordinal));
    }
}
