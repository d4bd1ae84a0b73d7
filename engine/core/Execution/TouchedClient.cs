using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>Sequences of one client that the block at hand executes.</summary>
/// <param name="First">The first sequence.</param>
/// <param name="Last">The last sequence.</param>
/// <param name="Offset">The place of the first one's command among the new commands of the block; the others follow.</param>
internal readonly record struct PlannedSequences(ulong First, ulong Last, int Offset);

/// <summary>A client whose session the block at hand changes.</summary>
internal sealed class TouchedClient
{
    private const int KeptCapacity = 64;

    private readonly List<PlannedSequences> _planned = [];

    /// <summary>Who.</summary>
    public Digest Client { get; set; }

    /// <summary>Its session; null when this block is its first.</summary>
    public Session? Session { get; set; }

    /// <summary>How many stretches of sequences are planned.</summary>
    public int Count => _planned.Count;

    /// <summary>The stretches, ascending and disjoint.</summary>
    public PlannedSequences this[int index] => _planned[index];

    /// <summary>The index of the first stretch that ends at or after <paramref name="sequence"/>; <see cref="Count"/> when none does.</summary>
    public int IndexFrom(ulong sequence)
    {
        int low = 0;
        int high = _planned.Count;
        if (high > 0 && _planned[^1].Last < sequence)
        {
            return high;
        }

        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_planned[middle].Last < sequence)
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

    /// <summary>Puts a stretch at an index; one that only continues the stretch before it, in sequence and place, becomes part of that.</summary>
    public void Insert(int index, PlannedSequences planned)
    {
        if (index > 0)
        {
            PlannedSequences before = _planned[index - 1];
            if (before.Last + 1 == planned.First && before.Offset + (int)(before.Last - before.First) + 1 == planned.Offset)
            {
                _planned[index - 1] = before with { Last = planned.Last };
                return;
            }
        }

        _planned.Insert(index, planned);
    }

    /// <summary>Writes what was executed as intervals, adjacent stretches as one.</summary>
    public void WriteIntervals(ulong height, ReadOnlySpan<byte> codes, ref byte[] buffer, List<SessionInterval> intervals)
    {
        intervals.Clear();
        for (int start = 0; start < _planned.Count;)
        {
            int end = start + 1;
            while (end < _planned.Count && _planned[end].First == _planned[end - 1].Last + 1)
            {
                end++;
            }

            ulong first = _planned[start].First;
            int length = (int)(_planned[end - 1].Last - first + 1);
            if (buffer.Length < length)
            {
                buffer = new byte[Math.Max(length, 2 * buffer.Length)];
            }

            int filled = 0;
            for (; start < end; start++)
            {
                int count = (int)(_planned[start].Last - _planned[start].First + 1);
                codes.Slice(_planned[start].Offset, count).CopyTo(buffer.AsSpan(filled));
                filled += count;
            }

            intervals.Add(SessionInterval.Of(first, height, buffer.AsSpan(0, length)));
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _planned.Clear();
        if (_planned.Capacity > KeptCapacity)
        {
            _planned.Capacity = KeptCapacity;
        }

        Session = null;
    }
}
