using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Simulation.Nodes;

/// <summary>
/// Watches the port of one life of a replica from both sides: what the protocol asked to be made durable, what the journal made durable, and what left
/// in between. It stands directly around the protocol and directly around the journal, so that whatever stands outside (a mutated loop) is seen through it.
/// </summary>
internal sealed class PortWatch(ReplicaId self, Action<string> broken, ContradictionWatch contradictions)
{
    private readonly ReplicaId _self = self;
    private readonly ContradictionWatch _contradictions = contradictions;
    private readonly List<(ulong Number, object What, bool Appended)> _undurable = [];
    private readonly List<ProtocolMessage> _saidToSelf = [];
    private readonly Dictionary<ProtocolMessage, ulong> _promisedToSelf = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TimerId, TimeSpan> _armed = [];
    private ulong _asked;
    private int _hastened;

    public IProtocol Watch(IProtocol protocol) => new WatchedProtocol(this, protocol);

    public IJournal Watch(IJournal journal) => new WatchedJournal(this, journal);

    /// <summary>A consensus message goes on the wire.</summary>
    public void Leaves()
    {
        if (_hastened > 0)
        {
            _hastened--;
        }
        else if (_undurable.Count > 0)
        {
            broken($"a message left while {_undurable[0].What.GetType().Name} was not durable");
        }
    }

    private void Ask(object durable) => _undurable.Add((++_asked, durable, false));

    private void Appended(object durable)
    {
        for (int i = 0; i < _undurable.Count; i++)
        {
            if (!_undurable[i].Appended && ReferenceEquals(_undurable[i].What, durable))
            {
                _undurable[i] = _undurable[i] with { Appended = true };
                return;
            }
        }
    }

    private void Flushed() => _undurable.RemoveAll(static entry => entry.Appended);

    private void EndStep()
    {
        foreach (ProtocolMessage message in _saidToSelf)
        {
            _promisedToSelf[message] = _asked;
        }

        _saidToSelf.Clear();
    }

    private void Arrives(Input input, TimeSpan now)
    {
        switch (input)
        {
            case Input.Received received when received.Sender == _self:
                if (_saidToSelf.Contains(received.Message) ||
                    (_promisedToSelf.Remove(received.Message, out ulong promised) && _undurable.Count > 0 && _undurable[0].Number <= promised))
                {
                    broken($"its own {received.Message.GetType().Name} counts before it is durable");
                }

                break;
            case Input.Expired expired:
                if (!_armed.Remove(expired.Timer, out TimeSpan deadline))
                {
                    broken($"timer {expired.Timer} fired, which was not armed");
                }
                else if (deadline > now)
                {
                    broken($"timer {expired.Timer} fired at {now}, though it was armed for {deadline}");
                }

                break;
        }
    }

    private sealed class WatchedProtocol(PortWatch watch, IProtocol protocol) : IProtocol
    {
        private readonly WatchedEffects _effects = new(watch);

        public ProtocolStatus Status => protocol.Status;

        public int Kept => protocol.Kept;

        public long KeptBytes => protocol.KeptBytes;

        public View LeadsTo(View shown) => protocol.LeadsTo(shown);

        public void Start(RecoveredState recovered, IEffects effects)
        {
            protocol.Start(recovered, _effects.Over(effects));
            watch.EndStep();
        }

        public void Step(Input input, IEffects effects)
        {
            watch.Arrives(input, effects.Now);
            Vote? contradicting = watch._contradictions.Begins(input, () => protocol.Status.View);
            protocol.Step(input, _effects.Over(effects));
            watch.EndStep();
            if (contradicting is { } vote)
            {
                watch._contradictions.Ends(vote);
            }
        }
    }

    private sealed class WatchedEffects(PortWatch watch) : PassedEffects
    {
        public override void Store(Block block)
        {
            watch.Ask(block);
            base.Store(block);
        }

        public override void Persist(SafetyRecord record)
        {
            watch.Ask(record);
            base.Persist(record);
        }

        public override void Send(ReplicaId to, ProtocolMessage message)
        {
            if (to == watch._self)
            {
                watch._saidToSelf.Add(message);
            }

            base.Send(to, message);
        }

        public override void Hasten(ReplicaId to, ProtocolMessage message)
        {
            watch._hastened++;
            base.Hasten(to, message);
        }

        public override void Accuse(Evidence evidence)
        {
            watch._contradictions.Accuses(evidence);
            base.Accuse(evidence);
        }

        public override void Arm(TimerId timer, TimeSpan after)
        {
            watch._armed[timer] = Now + after;
            base.Arm(timer, after);
        }

        public override void Disarm(TimerId timer)
        {
            watch._armed.Remove(timer);
            base.Disarm(timer);
        }
    }

    private sealed class WatchedJournal(PortWatch watch, IJournal journal) : IJournal
    {
        public JournalContents Recovered => journal.Recovered;

        public void Append(Block block)
        {
            journal.Append(block);
            watch.Appended(block);
        }

        public void Append(SafetyRecord record)
        {
            journal.Append(record);
            watch.Appended(record);
        }

        public void Discard(byte kind, ulong throughSlot) => journal.Discard(kind, throughSlot);

        public void MarkCommitted(Height height, Digest block) => journal.MarkCommitted(height, block);

        public void Flush()
        {
            journal.Flush();
            watch.Flushed();
        }

        public void Release(Height through) => journal.Release(through);

        public void Dispose() => journal.Dispose();
    }
}
