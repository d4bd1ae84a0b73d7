using System.Runtime.CompilerServices;

namespace Bft.Crypto;

/// <summary>
/// A queue of segments, each of any number of elements that stand together, in one array that is used round and round: what the last
/// versions of something overwrote, say. It holds what is in it and little more, however unequal the segments are, and allocates nothing
/// once it is as large as it needs to be.
/// </summary>
/// <remarks>
/// One segment, the newest, is open: elements are added to it until <see cref="Close"/>. A span shows the same elements until the next call of
/// <see cref="Close"/>, <see cref="DropOldest"/> or <see cref="Clear"/>, even when an addition moves them (but for elements that hold references: what
/// these leave behind is cleared). Not thread-safe.
/// </remarks>
/// <typeparam name="T">The elements.</typeparam>
public sealed class SegmentRing<T>
{
    private readonly List<Segment> _closed = [];
    private T[] _items = [];
    private Segment _open;
    private int _limit;

    /// <summary>How many segments are closed.</summary>
    public int Segments => _closed.Count;

    /// <summary>How many elements there are, those of the open segment included.</summary>
    public int Count { get; private set; }

    /// <summary>How many elements there is room for without a larger array.</summary>
    public int Capacity => _items.Length;

    /// <summary>The elements of a segment: 0 is the oldest, <see cref="Segments"/> the open one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such segment.</exception>
    public ReadOnlySpan<T> this[int segment] => Elements(segment == _closed.Count ? _open : _closed[segment]);

    /// <summary>Adds an element to the open segment.</summary>
    public void Add(T item)
    {
        if (_open.End == _limit)
        {
            MakeRoom(1);
        }

        _items[_open.End] = item;
        _open.Length++;
        Count++;
    }

    /// <summary>Adds elements to the open segment.</summary>
    public void AddRange(ReadOnlySpan<T> items)
    {
        if (items.Length > _limit - _open.End)
        {
            MakeRoom(items.Length);
        }

        items.CopyTo(_items.AsSpan(_open.End));
        _open.Length += items.Length;
        Count += items.Length;
    }

    /// <summary>Closes the open segment and opens an empty one.</summary>
    public void Close()
    {
        _closed.Add(_open);
        _open = new Segment { Start = _open.End };
        Settle();
    }

    /// <summary>Drops the oldest closed segment.</summary>
    /// <exception cref="ArgumentOutOfRangeException">None is closed.</exception>
    public void DropOldest()
    {
        Segment oldest = _closed[0];
        _closed.RemoveAt(0);
        Forget(oldest.Start, oldest.Length);
        Count -= oldest.Length;
        Settle();
    }

    /// <summary>Drops everything, the open segment too. The array stays.</summary>
    public void Clear()
    {
        Forget(0, _items.Length);
        _closed.Clear();
        _open = default;
        Count = 0;
        _limit = _items.Length;
    }

    private Span<T> Elements(Segment segment) => _items.AsSpan(segment.Start, segment.Length);

    // The open segment must end where the oldest elements begin if they lie behind it, else at the end of the array.
    private void Settle()
    {
        if (Count == 0)
        {
            _open.Start = 0;
        }

        _limit = OldestStart() is { } oldest && oldest >= _open.End ? oldest : _items.Length;
    }

    private int? OldestStart()
    {
        foreach (Segment segment in _closed)
        {
            if (segment.Length > 0)
            {
                return segment.Start;
            }
        }

        return null;
    }

    private void MakeRoom(int more)
    {
        int needed = checked(_open.Length + more);
        if (_limit == _items.Length && OldestStart() is { } front && needed <= front)
        {
            // A new lap, up to the oldest elements: what lay there was dropped. Where they lie now, before those, the old place is never reached.
            Elements(_open).CopyTo(_items);
            int kept = Math.Max(_open.Start, _open.Length);
            Forget(kept, _open.End - kept);
            _open.Start = 0;
            _limit = front;
            return;
        }

        Grow(more);
    }

    private void Grow(int more)
    {
        int needed = checked(Count + more);
        var larger = new T[Math.Max(_items.Length, checked(needed + (needed / 2)))];
        int at = 0;
        for (int i = 0; i < _closed.Count; i++)
        {
            Elements(_closed[i]).CopyTo(larger.AsSpan(at));
            _closed[i] = new Segment { Start = at, Length = _closed[i].Length };
            at += _closed[i].Length;
        }

        Elements(_open).CopyTo(larger.AsSpan(at));
        _open.Start = at;
        _items = larger;
        _limit = larger.Length;
    }

    // What is dropped must not keep alive what it refers to.
    private void Forget(int start, int length)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>() && length > 0)
        {
            Array.Clear(_items, start, length);
        }
    }

    private struct Segment
    {
        public int Start;
        public int Length;

        public readonly int End => Start + Length;
    }
}
