namespace Bft.Engine;

public sealed partial class Replica
{
    /// <summary>How many messages of one sender wait for our execution; a later one displaces the earliest.</summary>
    private const int HeldASender = 2;

    /// <summary>
    /// How far a proposal's time may be ahead of this replica's clock. No block can be earlier than its parent, so without a bound one lying leader could
    /// stop the chain's time for ever.
    /// </summary>
    public static readonly TimeSpan MaxClockAhead = TimeSpan.FromSeconds(10);

    private readonly SortedDictionary<int, List<Input.Received>> _held = [];
    private readonly SortedDictionary<ulong, StatePoint> _vouchedFor = [];
    private Height _executedHeight;

    // A block is handed in only when the result it vouches for is ours too. If we have not executed that far, the message waits, while the
    // certificate inside it goes ahead: it may be what commits, and so executes, the missing heights.
    private void TakeMessage(Input.Received received)
    {
        if (received.Message.CarriedBlock is not { } block)
        {
            Step(received);
            return;
        }

        if (IsFromTheFuture(block))
        {
            GiveCertificate(block);
            return;
        }

        switch (Judge(block))
        {
            case Judgement.Equal:
                Step(received);
                break;
            case Judgement.Later:
                if (!_held.TryGetValue(received.Sender.Value, out List<Input.Received>? waiting))
                {
                    _held[received.Sender.Value] = waiting = [];
                }

                if (waiting.Count == HeldASender)
                {
                    waiting.RemoveAt(0);
                }

                waiting.Add(received);
                GiveCertificate(block);
                break;
            case Judgement.Different:
                Mismatch(block);
                break;
            default:
                break;
        }
    }

    private void GiveCertificate(Block block)
    {
        if (block.Justify is { } certificate)
        {
            Step(new Input.Certified(certificate));
        }
    }

    // Asked of proposals only: a fetched block is what a quorum let pass already.
    private bool IsFromTheFuture(Block block)
    {
        ulong now = _ports.Clock.UnixMilliseconds;
        if (!_ports.BlockRules.IsFromTheFuture(block.Header.Time, now))
        {
            return false;
        }

        _ports.Observer.Alarm(
            ReplicaAlarm.ClockAhead,
            $"{block} of validator {block.Header.Proposer} is {(block.Header.Time - now) / 1000} s ahead of this replica's clock: compare the clocks of both");
        return true;
    }

    // A fetched block is named by a certificate or a certified child, so a quorum vouches for its result; taking it into the tree promises nothing.
    // Were it held until we had executed what it vouches for, a replica a few blocks behind would wait for what only its parents can bring.
    private void TakeBlock(Block block) => Step(new Input.Fetched(block));

    private void TakeExecuted(StatePoint point)
    {
        _past.Add(point);
        _executedHeight = point.Height;
        if (_vouchedFor.Remove(point.Height.Value, out StatePoint vouched))
        {
            CheckOwnResult(vouched);
        }

        for (int i = _readsWaiting.Count - 1; i >= 0; i--)
        {
            if (_readsWaiting[i].AtLeast <= point.Height)
            {
                _readsWaiting[i].Answer(_readsWaiting[i].AtLeast);
                _readsWaiting.RemoveAt(i);
            }
        }

        _readsWaitingCount = _reads.Count + _readsWaiting.Count;
        Step(new Input.Executed(point));
        Release();
    }

    private void Release()
    {
        if (_held.Count > 0)
        {
            List<Input.Received> ready = [];
            foreach (List<Input.Received> waiting in _held.Values)
            {
                ready.AddRange(waiting.Where(received => received.Message.CarriedBlock!.Header.Executed.Height <= _executedHeight));
                waiting.RemoveAll(received => received.Message.CarriedBlock!.Header.Executed.Height <= _executedHeight);
            }

            ready.ForEach(TakeMessage);
        }
    }

    private Judgement Judge(Block block)
    {
        StatePoint claimed = block.Header.Executed;
        if (claimed.Height.Value == 0)
        {
            return claimed == default ? Judgement.Equal : Judgement.Different;
        }

        if (claimed.Height >= block.Height)
        {
            return Judgement.Different;
        }

        if (claimed.Height > _executedHeight)
        {
            return Judgement.Later;
        }

        if (_past.PointAt(claimed.Height) is { } own)
        {
            return _ports.BlockRules.IsOwnResult(claimed, own) ? Judgement.Equal : Judgement.Different;
        }

        // Too long ago to be known here: believable only as what the certified parent said already.
        return _past.Find(block.Header.Parent)?.Header.Executed == claimed ? Judgement.Equal : Judgement.Unknown;
    }

    private void Mismatch(Block block) => _ports.Observer.Alarm(
        ReplicaAlarm.ResultMismatch,
        $"{block} of validator {block.Header.Proposer} claims {block.Header.Executed} at height {block.Header.Executed.Height}; here it is {_past.PointAt(block.Header.Executed.Height)}");

    // A committed header was vouched for by a quorum: if its result differs from ours, ours is wrong.
    private void CheckOwnResult(StatePoint vouched)
    {
        if (vouched.Height > _executedHeight)
        {
            _vouchedFor[vouched.Height.Value] = vouched;
        }
        else if (vouched.Height.Value > 0 && _past.PointAt(vouched.Height) is { } own && own != vouched)
        {
            _ports.Voter.Silence();
            _ports.Observer.Alarm(
                ReplicaAlarm.Diverged,
                $"a quorum vouches for {vouched} at height {vouched.Height}, this replica computed {own}: its state is wrong; restore it from the blocks of another validator");
        }
    }

    private void Advance(IReadOnlyList<CommittedBlock> blocks)
    {
        if (blocks.Count == 0)
        {
            return;
        }

        foreach (CommittedBlock block in blocks)
        {
            Admit(block);
        }

        Step(new Input.Synced(blocks[^1].Block, blocks[^1].Proof));
    }

    private enum Judgement
    {
        Equal,
        Later,
        Different,
        Unknown,
    }
}
