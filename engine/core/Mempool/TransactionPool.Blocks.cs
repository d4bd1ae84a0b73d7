using System.Collections.Immutable;
using Bft.Crypto;

namespace Bft.Engine.Mempool;

/// <content>The side of the loop: what blocks do to the runs that wait. The loop tells of every block it stores and every one it commits.</content>
public sealed partial class TransactionPool
{
    private const int RunCountBytes = 4;
    private const int RunLengthBytes = 4;
    private const int PayloadOverheadBytes = RunCountBytes + RunLengthBytes;

    private readonly Dictionary<Digest, PooledBlock> _blocks;
    private readonly List<PooledBlock> _blocksInOrder = [];
    private readonly HashSet<Digest> _ancestors;
    private readonly List<PoolEntry> _returned = [];
    private Height _committed;

    /// <summary>
    /// The longest waiting runs that no block of the request's ancestors holds. Takes nothing out: a run stays until a block with it is
    /// committed, so that a proposal which never came about costs nothing.
    /// </summary>
    /// <param name="request">What the payload is for; a block that is not among its ancestors is taken for abandoned (until a later request names it).</param>
    /// <param name="maxBytes">How large the payload should be at most; the chain's limit holds in any case, and one run is given even if it is larger than this.</param>
    public Payload Take(PayloadRequest request, int maxBytes)
    {
        int room = Math.Min(maxBytes, _chain.Limits.MaxPayloadBytes) - RunCountBytes;
        var runs = new List<Run>();
        HashSet<Digest>? unattested = null;
        lock (_gate)
        {
            Follow(request.Ancestors);
            TimeSpan now = _clock();
            for (PoolEntry? entry = _waiting.Head, next; entry is not null; entry = next)
            {
                next = _waiting.After(entry);
                if (_executed(entry.Run))
                {
                    Leave(entry);
                    continue;
                }

                if (entry.UnattestedUntil > now || unattested?.Contains(entry.Run.Client) == true)
                {
                    (unattested ??= new HashSet<Digest>(_ancestors.Comparer)).Add(entry.Run.Client);
                    continue;
                }

                room -= entry.Run.Encoded.Length + RunLengthBytes;
                if (room < 0 && runs.Count > 0)
                {
                    break;
                }

                runs.Add(entry.Run);
            }
        }

        return runs.Count == 0 ? Payload.Empty(_chain) : Payload.Of(_chain, runs);
    }

    /// <inheritdoc/>
    public Payload Take(PayloadRequest request) => Take(request, _chain.Limits.MaxPayloadBytes);

    /// <summary>A block was stored: its runs, known before or not, are pending in it and are not proposed on top of it.</summary>
    public void Included(Block block)
    {
        lock (_gate)
        {
            if (block.Height <= _committed || block.Payload.IsEmpty || _blocks.ContainsKey(block.Digest))
            {
                return;
            }

            if (_blocksInOrder.Count == _options.MaxBlocks)
            {
                PooledBlock oldest = _blocksInOrder[0];
                Release(oldest);
                _blocksInOrder.RemoveAt(0);
                _blocks.Remove(oldest.Block.Digest);
            }

            var pooled = new PooledBlock(block);
            _blocks.Add(block.Digest, pooled);
            _blocksInOrder.Add(pooled);
            Hold(pooled);
        }
    }

    /// <summary>
    /// A block was committed: its runs leave and are remembered for a while. Blocks of its height and below are decided: what they
    /// held and was not committed waits again.
    /// </summary>
    public void Committed(Block block)
    {
        lock (_gate)
        {
            _committed = Height.Max(_committed, block.Height);
            foreach (Run run in block.Payload.Runs)
            {
                _recent.Add(run.Digest);
                if (_entries.TryGetValue(run.Digest, out PoolEntry? entry))
                {
                    Leave(entry);
                }
            }

            bool decided = false;
            foreach (PooledBlock pooled in _blocksInOrder)
            {
                if (pooled.Block.Height <= _committed)
                {
                    Release(pooled);
                    _blocks.Remove(pooled.Block.Digest);
                    decided = true;
                }
            }

            if (decided)
            {
                _blocksInOrder.RemoveAll(pooled => pooled.Block.Height <= _committed);
            }
        }
    }

    /// <summary>Holds back exactly the runs of the blocks that a proposal builds on.</summary>
    private void Follow(ImmutableArray<Digest> ancestors)
    {
        _ancestors.Clear();
        foreach (Digest ancestor in ancestors)
        {
            _ancestors.Add(ancestor);
        }

        // First hold, then release: a run that moves from one to the other does not pass through the queue.
        foreach (PooledBlock pooled in _blocksInOrder)
        {
            if (!pooled.Holding && _ancestors.Contains(pooled.Block.Digest))
            {
                Hold(pooled);
            }
        }

        foreach (PooledBlock pooled in _blocksInOrder)
        {
            if (pooled.Holding && !_ancestors.Contains(pooled.Block.Digest))
            {
                Release(pooled);
            }
        }
    }

    private void Hold(PooledBlock pooled)
    {
        pooled.Holding = true;
        foreach (Run run in pooled.Block.Payload.Runs)
        {
            if (!_entries.TryGetValue(run.Digest, out PoolEntry? entry))
            {
                if (_recent.Contains(run.Digest))
                {
                    continue;
                }

                entry = NewEntry(run);
                entry.Holders = 1;
                Enter(entry);
            }
            else if (ReferenceEquals(entry.NamedBy, pooled))
            {
                continue;
            }
            else if (entry.Holders++ == 0)
            {
                _waiting.Remove(entry);
            }

            entry.NamedBy = pooled;
            pooled.Entries.Add(entry);
        }
    }

    private void Release(PooledBlock pooled)
    {
        if (!pooled.Holding)
        {
            return;
        }

        pooled.Holding = false;
        _returned.Clear();
        foreach (PoolEntry entry in pooled.Entries)
        {
            entry.NamedBy = null;
            if (entry.Gone || --entry.Holders > 0)
            {
                continue;
            }

            if (entry.Counted || TryCount(entry))
            {
                _returned.Add(entry);
            }
            else
            {
                // Nobody gave it to this replica and there is no room: whoever was given it still has it.
                Leave(entry);
            }
        }

        pooled.Entries.Clear();
        _returned.Sort(static (left, right) => left.Order.CompareTo(right.Order));
        _waiting.Insert(_returned);
        _returned.Clear();
    }
}
