using Bft.Engine.Sync;
using Bft.Engine.Transport;

namespace Bft.Engine;

public sealed partial class Replica
{
    /// <summary>Gives the replica a verified message. Any thread.</summary>
    public void Receive(ReplicaId sender, ProtocolMessage message) => Post(new Input.Received(sender, message));

    /// <summary>Tells that a committed height was executed. Any thread, heights ascending.</summary>
    public void Executed(StatePoint point) => Post(new Input.Executed(point));

    /// <summary>Tells that the ledger durably holds everything up to that height. Any thread.</summary>
    public void LedgerFlushed(Height through) => Post(new Released(through));

    /// <summary>Gives the replica an input or an internal notice. Any thread.</summary>
    public void Post(object input)
    {
        _inbox.Enqueue(input);
        Wake?.Invoke();
    }

    /// <summary>Gives the replica something of a peer, which <paramref name="inflow"/> holds; it is released when the loop has dealt with it, so that what waits can be bounded.</summary>
    internal void Post(object input, IInflow inflow, ReplicaId sender, int bytes) => Post(new Charged(input, inflow, sender, bytes));

    /// <summary>The height a linearizable read must wait for; the callback gets null when the protocol refuses or the replica cannot answer now.</summary>
    public void ReadIndex(Action<Height?> answer)
    {
        if (_unresponsive || _readsWaitingCount >= MaxReads)
        {
            answer(null);
            return;
        }

        Post(new ReadRequest(answer));
    }

    private bool NextInput(out object? input)
    {
        if (_internal.TryDequeue(out Input? answer))
        {
            input = answer;
            return true;
        }

        return _kept.TryDequeue(out input) || _inbox.TryDequeue(out input);
    }

    private void Take(object input)
    {
        switch (input)
        {
            case Input.Received received:
                TakeMessage(received);
                break;
            case Input.Executed executed:
                TakeExecuted(executed.Point);
                break;
            case Input protocolInput:
                Step(protocolInput);
                break;
            case Charged charged:
                Take(charged.Input);
                charged.Taken();
                break;
            case Released released:
                _ports.Journal.Release(released.Through);
                Step(new Input.Settled(released.Through));
                break;
            case Combined combined:
                TakeCombined(combined);
                break;
            case Accused accused:
                TakeAccused(accused);
                break;
            case WorkFailed failed:
                throw new InvalidOperationException("A worker of the loop failed.", failed.Exception);
            case ReadRequest read:
                var id = new ReadId(++_lastRead);
                _reads[id] = read.Answer;
                Step(new Input.Read(id));
                _readsWaitingCount = _reads.Count + _readsWaiting.Count;
                break;
            case BlockArrived arrived:
                if (_sync.Expects(arrived.Block.Digest, _now))
                {
                    TakeBlock(arrived.Block);
                }

                break;
            case RangeArrived range:
                Advance(_sync.Take(range, _committed, _executedHeight, _now));
                break;
            case HeadArrived head:
                TakeHead(head);
                break;
        }
    }

    // A pause has no end that anyone knows: what peers say meanwhile is lost, as on a network, or memory would have no bound.
    private void DropMessages()
    {
        while (_inbox.TryDequeue(out object? input))
        {
            if (input is Charged charged)
            {
                charged.Taken();
            }
            else if (input is not (Input.Received or BlockArrived or RangeArrived or HeadArrived))
            {
                _kept.Enqueue(input);
            }
        }
    }

    private void DropInbox()
    {
        while (_inbox.TryDequeue(out object? input))
        {
            switch (input)
            {
                case Charged charged:
                    charged.Taken();
                    break;
                case ReadRequest read:
                    read.Answer(null);
                    break;
            }
        }
    }

    private sealed record Charged(object Input, IInflow Inflow, ReplicaId Sender, int Bytes)
    {
        public void Taken() => Inflow.Release(Sender, Bytes);
    }

    private sealed record Released(Height Through);

    private sealed record ReadRequest(Action<Height?> Answer);
}
