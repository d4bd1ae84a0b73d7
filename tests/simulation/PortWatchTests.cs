using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Storage;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Tests;

/// <summary>The order of the loop, watched at the port: each rule is broken once by a loop that this test plays.</summary>
public class PortWatchTests
{
    private static readonly ReplicaId Self = new(1);
    private static readonly SafetyRecord Promise = new(new RecordKey(1), new byte[] { 1 });
    private static readonly TimerId Timer = new(1);
    private static readonly VoteMessage Own = new(new Vote(default, Self, default));

    private readonly List<string> _found = [];
    private readonly PortWatch _watch;
    private readonly IProtocol _protocol;
    private readonly IJournal _journal;
    private readonly Loop _loop = new();
    private Action<IEffects> _does = static _ => { };

    public PortWatchTests()
    {
        _watch = new PortWatch(Self, _found.Add, new ContradictionWatch([], verified: true, _found.Add));
        _protocol = _watch.Watch(new Protocol(effects => _does(effects)));
        _journal = _watch.Watch(new Journal());
    }

    [Fact]
    public void Nothing_leaves_before_what_it_promises_is_flushed()
    {
        Does(effects => effects.Persist(Promise));
        _journal.Append(Promise);
        _journal.Flush();
        _watch.Leaves();
        Assert.Empty(_found);
        Does(effects => effects.Persist(Promise));
        _watch.Leaves();
        Assert.Single(_found);
        _journal.Append(Promise);
        _watch.Leaves();
        Assert.Equal(2, _found.Count);
        Assert.All(_found, found => Assert.Contains("not durable", found, StringComparison.Ordinal));
    }

    [Fact]
    public void A_flush_of_something_else_makes_no_promise_durable()
    {
        Does(effects => effects.Persist(Promise));
        _journal.Append(new SafetyRecord(new RecordKey(1), new byte[] { 1 }));
        _journal.Flush();
        _watch.Leaves();
        Assert.Single(_found);
    }

    [Fact]
    public void What_promises_nothing_may_leave_at_once()
    {
        Does(effects =>
        {
            effects.Persist(Promise);
            effects.Hasten(new ReplicaId(2), Own);
        });
        _watch.Leaves();
        Assert.Empty(_found);
    }

    [Fact]
    public void An_own_message_counts_after_the_flush_and_not_before()
    {
        Does(effects =>
        {
            effects.Persist(Promise);
            effects.Send(Self, Own);
        });
        _journal.Append(Promise);
        _journal.Flush();
        _protocol.Step(new Input.Received(Self, Own), _loop);
        Assert.Empty(_found);
        var early = new VoteMessage(new Vote(default, Self, default));
        Does(effects =>
        {
            effects.Persist(Promise);
            effects.Send(Self, early);
        });
        _protocol.Step(new Input.Received(Self, early), _loop);
        Assert.Contains("counts before it is durable", Assert.Single(_found), StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_fires_at_its_deadline_once_and_only_while_it_is_armed()
    {
        Does(effects => effects.Arm(Timer, TimeSpan.FromSeconds(1)));
        _loop.Now = TimeSpan.FromSeconds(1);
        Fires();
        Assert.Empty(_found);
        Fires();
        Assert.Contains("not armed", Assert.Single(_found), StringComparison.Ordinal);
        Does(effects => effects.Arm(Timer, TimeSpan.FromSeconds(1)));
        Does(effects => effects.Disarm(Timer));
        Fires();
        Assert.Equal(2, _found.Count);
    }

    [Fact]
    public void A_timer_that_is_armed_anew_does_not_fire_with_its_old_deadline()
    {
        Does(effects => effects.Arm(Timer, TimeSpan.FromSeconds(1)));
        _loop.Now = TimeSpan.FromSeconds(0.9);
        Does(effects => effects.Arm(Timer, TimeSpan.FromSeconds(1)));
        _loop.Now = TimeSpan.FromSeconds(1);
        Fires();
        Assert.Contains("though it was armed for", Assert.Single(_found), StringComparison.Ordinal);
    }

    private void Fires()
    {
        _does = static _ => { };
        _protocol.Step(new Input.Expired(Timer), _loop);
    }

    private void Does(Action<IEffects> what)
    {
        _does = what;
        _protocol.Step(new Input.Demand(null), _loop);
        _does = static _ => { };
    }

    private sealed class Protocol(Action<IEffects> does) : IProtocol
    {
        public ProtocolStatus Status => default;

        public int Kept => 0;

        public View LeadsTo(View shown) => shown;

        public void Start(RecoveredState recovered, IEffects effects) => does(effects);

        public void Step(Input input, IEffects effects) => does(effects);
    }

    private sealed class Journal : IJournal
    {
        public JournalContents Recovered => new([], [], null, true);

        public void Append(Block block)
        {
        }

        public void Append(SafetyRecord record)
        {
        }

        public void Discard(byte kind, ulong throughSlot)
        {
        }

        public void MarkCommitted(Height height, Digest block)
        {
        }

        public void Flush()
        {
        }

        public void Release(Height through)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Loop : IEffects
    {
        public TimeSpan Now { get; set; }

        public StatePoint? PointAt(Height height) => null;

        public BlockHeader? HeaderAt(Height height) => null;

        public void Store(Block block)
        {
        }

        public void Persist(SafetyRecord record)
        {
        }

        public void Discard(byte kind, ulong throughSlot)
        {
        }

        public void Send(ReplicaId to, ProtocolMessage message)
        {
        }

        public void Broadcast(ProtocolMessage message)
        {
        }

        public void Hasten(ReplicaId to, ProtocolMessage message)
        {
        }

        public void Arm(TimerId timer, TimeSpan after)
        {
        }

        public void Disarm(TimerId timer)
        {
        }

        public void RequestPayload(PayloadRequest request)
        {
        }

        public void RequestBlock(Digest digest, ReplicaSet holders)
        {
        }

        public void CatchUp(Height atLeast, ReplicaSet holders)
        {
        }

        public void Combine(Statement statement, ImmutableArray<Vote> votes)
        {
        }

        public void Commit(Block block, CommitProof proof)
        {
        }

        public void Enter(View view, ReplicaId? leader)
        {
        }

        public void ReadReady(ReadId read, Height atLeast)
        {
        }

        public void ReadRefused(ReadId read, ReadRefusal reason)
        {
        }

        public void Accuse(Evidence evidence)
        {
        }
    }
}
