using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Engine.Transport;

namespace Bft.Engine.Sync;

/// <summary>
/// Fetches what a replica misses: single blocks by digest, and committed blocks in chunks from several peers at once. Runs inside the loop; what
/// arrives was checked at the edge, which asks here whether it was wanted at all.
/// </summary>
/// <remarks>
/// A chunk has a deadline and is asked of another peer when it passes. A single block is asked of two peers once: whoever wants it asks again
/// when nothing came. How fast chunks are asked for may be limited (<see cref="CatchUpPace"/>).
/// </remarks>
internal sealed class BlockSync(ReplicaPorts ports)
{
    private const int RangesInFlight = 4;

    /// <summary>Chunks that may wait for an earlier one. A peer that keeps the first one to itself would else have all others pile up here.</summary>
    private const int RangesWaiting = 8;

    private const int MaxExpected = 64;
    private const ulong MaxBacklog = 2048;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SortedDictionary<ulong, (ReplicaId Peer, TimeSpan Deadline)> _asked = [];
    private readonly CatchUpPace _pace = new(ports.CatchUpBlocksPerSecond);
    private readonly SortedDictionary<ulong, IReadOnlyList<CommittedBlock>> _arrived = [];

    // What the edge looks at from its own threads, before it verifies anything.
    private readonly ConcurrentDictionary<Digest, TimeSpan> _expected = [];
    private readonly ConcurrentDictionary<ulong, ReplicaId> _askedOf = [];

    // The dictionary would take all its locks to count.
    private int _expectedCount;
    private readonly Height[] _heads = new Height[ports.Chain.Committee.Size];
    private Height _target;
    private ulong _turn;
    private TimeSpan? _askHeadsAt;
    private TimeSpan? _askRangesAt;
    private ulong _headNonce;

    /// <summary>When <see cref="Tick"/> must be called at the latest.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            TimeSpan? earliest = _askHeadsAt;
            if (earliest is null || _askRangesAt < earliest)
            {
                earliest = _askRangesAt;
            }

            foreach ((_, TimeSpan deadline) in _asked.Values)
            {
                if (earliest is null || deadline < earliest)
                {
                    earliest = deadline;
                }
            }

            return earliest;
        }
    }

    /// <summary>The height a peer was last known to have.</summary>
    public Height HeadOf(ReplicaId peer) => _heads[peer.Value];

    /// <summary>The highest height that peers with an honest one among them claim: a lone liar moves nothing.</summary>
    public Height BelievedHead() => _heads.OrderDescending().ElementAt(Math.Min(ports.Chain.Committee.HonestSize, _heads.Length) - 1);

    /// <summary>True when the block was asked for lately. It stays so after a first answer: a digest does not cover the certificate inside, so a bad copy must not keep the good one out. Any thread.</summary>
    public bool Expects(Digest digest, TimeSpan now) => _expected.TryGetValue(digest, out TimeSpan until) && now <= until;

    /// <summary>True when a range that starts there was asked of that peer and has not come. Any thread.</summary>
    public bool Expects(ReplicaId peer, Height first) => _askedOf.TryGetValue(first.Value, out ReplicaId asked) && asked == peer;

    /// <summary>Asks two of the holders (of all others when none is named) for a block. Nothing is asked while as many as can be kept are expected; the protocol asks again if nothing comes.</summary>
    public void RequestBlock(Digest digest, ReplicaSet holders, TimeSpan now)
    {
        if (_expectedCount >= MaxExpected)
        {
            foreach (Digest old in _expected.Where(entry => entry.Value < now).Select(entry => entry.Key).ToList())
            {
                _expected.TryRemove(old, out _);
                _expectedCount--;
            }
        }

        if (_expectedCount >= MaxExpected)
        {
            return;
        }

        if (_expected.TryAdd(digest, now + (5 * Patience)))
        {
            _expectedCount++;
        }
        else
        {
            _expected[digest] = now + (5 * Patience);
        }

        byte[] request = RepairMessages.BlockRequest(digest);
        int[] candidates = Others(holders);
        for (int i = 0; i < Math.Min(2, candidates.Length); i++)
        {
            Send(new ReplicaId(candidates[(int)(_turn++ % (ulong)candidates.Length)]), request, RepairKind.BlockRequest);
        }
    }

    /// <summary>Wants committed blocks up to at least that height.</summary>
    public void CatchUp(Height atLeast, ReplicaSet holders, Height committed, Height executed, TimeSpan now)
    {
        foreach (int holder in Others(holders))
        {
            _heads[holder] = Height.Max(_heads[holder], atLeast);
        }

        if (atLeast > _target)
        {
            _pace.Give(atLeast.Value - _target.Value);
            _target = atLeast;
        }

        Ask(committed, executed, now);
    }

    /// <summary>A peer told its height.</summary>
    public void Note(HeadArrived head) => _heads[head.Sender.Value] = Height.Max(_heads[head.Sender.Value], head.Height);

    /// <summary>Asks all others for their heads, again and again until <see cref="StopAskingHeads"/>; the answers carry the nonce.</summary>
    public void AskHeads(TimeSpan now, ulong nonce)
    {
        _askHeadsAt = now;
        _headNonce = nonce;
    }

    /// <summary>Heads are known well enough.</summary>
    public void StopAskingHeads() => _askHeadsAt = null;

    /// <summary>Takes a checked range and returns the blocks that are next, in order.</summary>
    public IReadOnlyList<CommittedBlock> Take(RangeArrived range, Height committed, Height executed, TimeSpan now)
    {
        if (!_asked.TryGetValue(range.First.Value, out (ReplicaId Peer, TimeSpan Deadline) asked) || asked.Peer != range.Sender)
        {
            return [];
        }

        Forget(range.First.Value);
        _pace.Give(Math.Max(0, _pace.Chunk - range.Blocks.Count));
        if (range.Blocks.Count == 0)
        {
            // It has nothing there: believe it no higher, until it shows otherwise.
            _heads[range.Sender.Value] = range.First.Value > 0 ? range.First.Previous() : default;
            if (range.First > committed)
            {
                // Nobody is asked until then; what still comes from this one was not asked for.
                _asked[range.First.Value] = (range.Sender, now + Pause);
            }
        }
        else
        {
            _arrived[range.First.Value] = range.Blocks;
        }

        List<CommittedBlock> next = [];
        ulong height = committed.Value;
        while (_arrived.Count > 0 && _arrived.First().Key <= height + 1)
        {
            (ulong first, IReadOnlyList<CommittedBlock> blocks) = _arrived.First();
            _arrived.Remove(first);
            foreach (CommittedBlock block in blocks)
            {
                if (block.Block.Height.Value == height + 1)
                {
                    next.Add(block);
                    height++;
                }
            }
        }

        Ask(new Height(height), executed, now);

        return next;
    }

    /// <summary>Sees to deadlines.</summary>
    public void Tick(Height committed, Height executed, TimeSpan now)
    {
        if (_askRangesAt <= now)
        {
            Ask(committed, executed, now);
        }

        if (_askHeadsAt <= now)
        {
            _askHeadsAt = now + Patience;
            byte[] request = RepairMessages.HeadRequest(_headNonce);
            foreach (int other in Others(ReplicaSet.Empty))
            {
                Send(new ReplicaId(other), request, RepairKind.HeadRequest);
            }
        }

        if (_asked.Count == 0)
        {
            return;
        }

        foreach ((ulong first, (ReplicaId peer, TimeSpan deadline)) in _asked.ToList())
        {
            if (first <= committed.Value)
            {
                Forget(first);
            }
            else if (deadline <= now)
            {
                AskFor(first, now, peer);
            }
        }
    }

    private void Ask(Height committed, Height executed, TimeSpan now)
    {
        _askRangesAt = null;
        if (committed.Value > executed.Value + MaxBacklog)
        {
            return;
        }

        ulong next = committed.Value + 1;
        while (_asked.Count < RangesInFlight && next <= _target.Value && (_arrived.Count < RangesWaiting || next == committed.Value + 1))
        {
            if (!_asked.ContainsKey(next) && !_arrived.ContainsKey(next))
            {
                if (!_pace.TryTake(now, out TimeSpan at))
                {
                    _askRangesAt = at;
                    return;
                }

                AskFor(next, now, null);
            }

            next += (ulong)(_arrived.TryGetValue(next, out IReadOnlyList<CommittedBlock>? here) ? here.Count : _pace.Chunk);
        }
    }

    private void AskFor(ulong first, TimeSpan now, ReplicaId? not)
    {
        int[] candidates = [.. Others(ReplicaSet.Empty).Where(id => _heads[id].Value >= first && id != not?.Value)];
        if (candidates.Length == 0)
        {
            candidates = Others(ReplicaSet.Empty);
        }

        if (candidates.Length == 0)
        {
            return;
        }

        var peer = new ReplicaId(candidates[(int)(_turn++ % (ulong)candidates.Length)]);
        _asked[first] = (peer, now + Patience);
        _askedOf[first] = peer;
        Send(peer, RepairMessages.RangeRequest(new Height(first), _pace.Chunk), RepairKind.RangeRequest);
    }

    private void Forget(ulong first)
    {
        _asked.Remove(first);
        _askedOf.TryRemove(first, out _);
    }

    private int[] Others(ReplicaSet holders)
    {
        int[] named = holders.Without(ports.Self).ToArray();
        return named.Length > 0 ? named : ports.Chain.Committee.Everyone.Without(ports.Self).ToArray();
    }

    private void Send(ReplicaId to, byte[] message, RepairKind kind)
    {
        ports.Meter.Sent(TrafficClass.Repair, (byte)kind, Phase.CatchUp, message.Length, 0);
        ports.Transport.Send(to, TrafficClass.Repair, message);
    }
}
