using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.Mempool;

/// <summary>
/// Runs on their way into a block: first come, first proposed; bounded in bytes and transactions as a whole and for each client; no
/// run twice. It follows what becomes of a run: it waits, is held back while a block holds it that a proposal may build on, waits
/// again (at its old place) when that block was abandoned, and leaves with the commit of any block that holds it.
/// </summary>
/// <remarks>
/// <para>Thread-safe: the edge adds while the loop takes. Each run costs a constant number of table look-ups from arrival to commit;
/// only an abandoned block costs a walk along the waiting runs, once.</para>
/// <para>The order of one client's runs is the order of their arrival here: nothing overtakes a run that does not fit into a
/// block any more, and no run of the same client one that is not attested yet, because a client may have sent two values for one key one after the other.</para>
/// <para>A run keeps the buffer alive that it was decoded from: whoever adds runs out of a large frame decodes them from copies.</para>
/// </remarks>
public sealed partial class TransactionPool : ITransactionPool, IPayloadSource
{
    /// <summary>How many runs one search for overdue ones looks at.</summary>
    private const int MaxOverdueLooks = 4096;

    private readonly Lock _gate = new();
    private readonly Chain _chain;
    private readonly PoolOptions _options;
    private readonly Func<TimeSpan> _clock;
    private readonly Func<Run, bool> _executed;
    private readonly Dictionary<Digest, PoolEntry> _entries;
    private readonly Dictionary<Digest, (long Bytes, int Transactions)> _clients;
    private readonly RecentDigests _recent;
    private readonly ArrivalList _arrivals = new();
    private readonly WaitingList _waiting = new();
    private ulong _order;
    private int _transactions;
    private long _countedBytes;
    private int _countedTransactions;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="chain">The chain whose limits hold.</param>
    /// <param name="options">This replica's bounds.</param>
    /// <param name="clock">The loop's monotonic time.</param>
    /// <param name="executed">
    /// Whether a run has nothing left to execute (<see cref="Sessions.IsExecuted"/>); called under the pool's lock, it must not call the pool.
    /// </param>
    /// <exception cref="ArgumentException">The largest run of the chain would not fit into a client's share, or not into a block.</exception>
    public TransactionPool(Chain chain, PoolOptions options, Func<TimeSpan> clock, Func<Run, bool> executed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ClientShareDivisor, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.RecentRuns);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBlocks, 1);
        if (chain.Limits.MaxRunBytes > chain.Limits.MaxPayloadBytes - PayloadOverheadBytes)
        {
            throw new ArgumentException(
                $"A run of {chain.Limits.MaxRunBytes} bytes would never fit into a payload of {chain.Limits.MaxPayloadBytes} bytes: lower maxRunBytes in genesis.", nameof(chain));
        }

        if (options.MaxBytes / options.ClientShareDivisor < chain.Limits.MaxRunBytes + PoolOptions.RunOverheadBytes ||
            options.MaxTransactions / options.ClientShareDivisor < chain.Limits.MaxRunTransactions)
        {
            throw new ArgumentException(
                $"A client's share of the pool (1/{options.ClientShareDivisor} of {options.MaxBytes} bytes and {options.MaxTransactions} transactions) " +
                $"is less than the largest run ({chain.Limits.MaxRunBytes} bytes, {chain.Limits.MaxRunTransactions} transactions): raise the pool's bounds.",
                nameof(options));
        }

        _chain = chain;
        _options = options;
        _clock = clock;
        _executed = executed;
        var comparer = new DigestComparer(options.LookupSeed);
        _entries = new Dictionary<Digest, PoolEntry>(comparer);
        _clients = new Dictionary<Digest, (long, int)>(comparer);
        _recent = new RecentDigests(options.RecentRuns, comparer);
        _blocks = new Dictionary<Digest, PooledBlock>(comparer);
        _ancestors = new HashSet<Digest>(comparer);
    }

    /// <summary>Called, outside the pool's lock, after a run was added to a pool with nothing pending: whoever sleeps may wake up.</summary>
    public Action? BecamePending { get; init; }

    /// <inheritdoc/>
    public int Transactions
    {
        get
        {
            lock (_gate)
            {
                return _transactions;
            }
        }
    }

    /// <summary>The bytes the pool answers for, as <see cref="PoolOptions.MaxBytes"/> counts them.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _countedBytes;
            }
        }
    }

    /// <inheritdoc/>
    public PoolAnswer Add(Run run, TimeSpan? unattestedFor = null)
    {
        bool first;
        lock (_gate)
        {
            if (_entries.TryGetValue(run.Digest, out PoolEntry? known))
            {
                // So far it is only somebody's block that holds it: from now on this replica answers for it.
                return known.Counted || TryCount(known) ? PoolAnswer.Duplicate : PoolAnswer.Full;
            }

            if (_executed(run))
            {
                return PoolAnswer.Executed;
            }

            if (_recent.Contains(run.Digest))
            {
                return PoolAnswer.Duplicate;
            }

            first = _arrivals.Head is null;
            PoolEntry entry = NewEntry(run);
            if (!TryCount(entry))
            {
                return PoolAnswer.Full;
            }

            entry.UnattestedUntil = unattestedFor is { } period ? entry.Arrived + period : null;
            Enter(entry);
            _waiting.Append(entry);
        }

        if (first)
        {
            BecamePending?.Invoke();
        }

        return PoolAnswer.Added;
    }

    /// <inheritdoc/>
    public void Attested(IReadOnlyList<Run> runs)
    {
        lock (_gate)
        {
            foreach (Run run in runs)
            {
                if (_entries.TryGetValue(run.Digest, out PoolEntry? entry))
                {
                    entry.UnattestedUntil = null;
                }
            }
        }
    }

    /// <inheritdoc/>
    public bool Waits(Run run)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(run.Digest, out PoolEntry? entry) && entry.Holders == 0 && !_executed(run);
        }
    }

    /// <summary>How long the oldest transaction waits that is not committed, be it in an uncommitted block; null when there is none.</summary>
    /// <param name="now">The pool's clock.</param>
    public TimeSpan? Oldest(TimeSpan now)
    {
        lock (_gate)
        {
            while (_arrivals.Head is { } oldest)
            {
                // Executed through other bytes: it asks nothing of anybody any more.
                if (oldest.Holders == 0 && _executed(oldest.Run))
                {
                    Leave(oldest);
                    continue;
                }

                return now > oldest.Arrived ? now - oldest.Arrived : TimeSpan.Zero;
            }

            return null;
        }
    }

    /// <summary>
    /// The oldest runs that are not committed for at least that long, in an uncommitted block or in none: perhaps nobody else has them, and nobody else has that block, as a leader
    /// may lie or die while it shows one. Whoever waits for a run alone would give up views alone. Each is given again only when it has
    /// waited twice as long as when it was given before, so that a pool that is merely behind does not offer all it has over and over.
    /// </summary>
    /// <param name="after">How long a run must have waited.</param>
    /// <param name="maxBytes">How many bytes of runs are given at most; a single run may be larger.</param>
    public IReadOnlyList<Run> TakeOverdue(TimeSpan after, int maxBytes)
    {
        List<Run> overdue = [];
        lock (_gate)
        {
            TimeSpan now = _clock();
            int looked = 0;
            for (PoolEntry? entry = _arrivals.Head, next; entry is not null && now - entry.Arrived >= after && looked < MaxOverdueLooks; entry = next)
            {
                looked++;
                next = _arrivals.After(entry);
                if (_executed(entry.Run))
                {
                    if (entry.Holders == 0)
                    {
                        Leave(entry);
                    }

                    continue;
                }

                if (entry.Offered is { } before && now - entry.Arrived < 2 * (before - entry.Arrived))
                {
                    continue;
                }

                maxBytes -= entry.Run.Encoded.Length;
                if (maxBytes < 0 && overdue.Count > 0)
                {
                    break;
                }

                entry.Offered = now;
                overdue.Add(entry.Run);
            }
        }

        return overdue;
    }

    /// <inheritdoc/>
    public TimeSpan? OldestArrival
    {
        get
        {
            TimeSpan now = _clock();
            return Oldest(now) is { } age ? now - age : null;
        }
    }

    private PoolEntry NewEntry(Run run) => new(run, _order++, _clock());

    private void Enter(PoolEntry entry)
    {
        _entries.Add(entry.Run.Digest, entry);
        _arrivals.Append(entry);
        _transactions += entry.Run.Count;
    }

    private void Leave(PoolEntry entry)
    {
        _entries.Remove(entry.Run.Digest);
        _arrivals.Remove(entry);
        if (_waiting.Contains(entry))
        {
            _waiting.Remove(entry);
        }

        entry.Gone = true;
        _transactions -= entry.Run.Count;
        if (entry.Counted)
        {
            Uncount(entry);
        }
    }

    private bool TryCount(PoolEntry entry)
    {
        _clients.TryGetValue(entry.Run.Client, out (long Bytes, int Transactions) held);
        held = (held.Bytes + entry.Cost, held.Transactions + entry.Run.Count);
        if (_countedBytes + entry.Cost > _options.MaxBytes ||
            _countedTransactions + entry.Run.Count > _options.MaxTransactions ||
            held.Bytes > _options.MaxBytes / _options.ClientShareDivisor ||
            held.Transactions > _options.MaxTransactions / _options.ClientShareDivisor)
        {
            return false;
        }

        _clients[entry.Run.Client] = held;
        _countedBytes += entry.Cost;
        _countedTransactions += entry.Run.Count;
        entry.Counted = true;
        return true;
    }

    private void Uncount(PoolEntry entry)
    {
        (long bytes, int transactions) = _clients[entry.Run.Client];
        if (transactions == entry.Run.Count)
        {
            _clients.Remove(entry.Run.Client);
        }
        else
        {
            _clients[entry.Run.Client] = (bytes - entry.Cost, transactions - entry.Run.Count);
        }

        _countedBytes -= entry.Cost;
        _countedTransactions -= entry.Run.Count;
        entry.Counted = false;
    }
}
