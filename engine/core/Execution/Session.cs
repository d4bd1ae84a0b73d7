namespace Bft.Engine.Execution;

/// <summary>A part of a run that a session answers alike.</summary>
/// <param name="Kind">The answer.</param>
/// <param name="Last">The last sequence of the part.</param>
/// <param name="Interval">Where the results are, when executed.</param>
internal readonly record struct SessionPart(SessionPartKind Kind, ulong Last, SessionInterval Interval);

/// <summary>
/// What the replicated state remembers of one client: a floor, below which everything is final and forgotten, and above it the
/// executed sequences as ascending intervals with height and results. Gaps between intervals are sequences that were never
/// executed and still may be. Written by the executor's thread only.
/// </summary>
internal sealed partial class Session
{
    /// <summary>
    /// The most bytes of unequal results one session keeps. A block of tiny commands with alternating results would otherwise buy
    /// a quarter of a mebibyte of state an interval, hashed again with every later block of that client.
    /// </summary>
    public const int MaxCodeBytes = 64 << 10;

    /// <summary>The session of a client that was never heard of: never written to.</summary>
    public static readonly Session None = new();

    private SessionInterval[] _intervals = [];
    private int _codeBytes;

    /// <summary>Every sequence up to it is executed or given up; none of them is ever executed again.</summary>
    public ulong Floor { get; private set; }

    /// <summary>The intervals above the floor, ascending, disjoint.</summary>
    public ReadOnlySpan<SessionInterval> Intervals => _intervals.AsSpan(0, Count);

    /// <summary>How many intervals there are.</summary>
    public int Count { get; private set; }

    /// <summary>The index of the first interval that ends at or after <paramref name="sequence"/>; <see cref="Count"/> when none does.</summary>
    public int IndexFrom(ulong sequence)
    {
        // A client's new sequences come after all it sent before: look at the end first.
        if (Count == 0 || _intervals[Count - 1].Last < sequence)
        {
            return Count;
        }

        int low = 0;
        int high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_intervals[middle].Last < sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Says what is known of the sequences from <paramref name="sequence"/> on: the longest part, up to <paramref name="last"/>, with one answer.</summary>
    public SessionPart Look(ulong sequence, ulong last)
    {
        if (sequence <= Floor)
        {
            return new SessionPart(SessionPartKind.Forgotten, Math.Min(last, Floor), default);
        }

        int index = IndexFrom(sequence);
        if (index == Count || _intervals[index].First > last)
        {
            return new SessionPart(SessionPartKind.New, last, default);
        }

        ref readonly SessionInterval interval = ref _intervals[index];
        return interval.First > sequence
            ? new SessionPart(SessionPartKind.New, interval.First - 1, default)
            : new SessionPart(SessionPartKind.Executed, Math.Min(last, interval.Last), interval);
    }

    /// <summary>
    /// Adds what a block executed, then lets the lowest intervals go until the limits hold; the floor rises over them, and the
    /// gaps below it are given up.
    /// </summary>
    /// <param name="executed">Ascending, disjoint, above the floor, in none of the intervals.</param>
    /// <param name="limit">The most intervals to keep (<see cref="ChainLimits.SessionIntervals"/>).</param>
    /// <param name="scratch">A list to work in; its content is lost.</param>
    public void Add(ReadOnlySpan<SessionInterval> executed, int limit, List<SessionInterval> scratch)
    {
        foreach (SessionInterval interval in executed)
        {
            _codeBytes += interval.Codes?.Length ?? 0;
        }

        if (Count == 0 || _intervals[Count - 1].Last < executed[0].First)
        {
            Reserve(Count + executed.Length);
            executed.CopyTo(_intervals.AsSpan(Count));
            Count += executed.Length;
        }
        else
        {
            Merge(executed, scratch);
        }

        Trim(limit);
    }

    private void Merge(ReadOnlySpan<SessionInterval> executed, List<SessionInterval> scratch)
    {
        scratch.Clear();
        int next = 0;
        foreach (SessionInterval old in Intervals)
        {
            while (next < executed.Length && executed[next].First < old.First)
            {
                scratch.Add(executed[next++]);
            }

            scratch.Add(old);
        }

        scratch.AddRange(executed[next..]);
        Reserve(scratch.Count);
        scratch.CopyTo(_intervals);
        Count = scratch.Count;
        scratch.Clear();
    }

    private void Trim(int limit)
    {
        int dropped = 0;
        while (Count - dropped > limit || _codeBytes > MaxCodeBytes)
        {
            SessionInterval lowest = _intervals[dropped++];
            _codeBytes -= lowest.Codes?.Length ?? 0;
            Floor = lowest.Last;
        }

        if (dropped > 0)
        {
            Array.Copy(_intervals, dropped, _intervals, 0, Count - dropped);
            Array.Clear(_intervals, Count - dropped, dropped);
            Count -= dropped;
            if (_intervals.Length > 2 * (limit + 1))
            {
                // A block may have added thousands for a moment.
                Array.Resize(ref _intervals, Count);
            }
        }
    }

    private void Reserve(int count)
    {
        if (_intervals.Length < count)
        {
            Array.Resize(ref _intervals, count <= 2 ? count : Math.Max(count, _intervals.Length * 2));
        }
    }
}
