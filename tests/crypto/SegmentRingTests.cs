using System.Runtime.CompilerServices;
using CsCheck;

namespace Bft.Crypto.Tests;

public class SegmentRingTests
{
    private enum Step
    {
        Add,
        AddSeveral,
        Close,
        DropOldest,
        Clear,
    }

    private static readonly Gen<(Step Step, int Count)[]> Steps = Gen.Select(
        Gen.Frequency((8, Gen.Const(Step.Add)), (4, Gen.Const(Step.AddSeveral)), (4, Gen.Const(Step.Close)), (4, Gen.Const(Step.DropOldest)), (1, Gen.Const(Step.Clear))),
        Gen.Int[0, 40]).Array[0, 300];

    [Fact]
    public void It_holds_what_a_list_of_lists_would_hold() => Steps.Sample(steps =>
    {
        var ring = new SegmentRing<int>();
        List<List<int>> model = [[]];
        int next = 0;
        foreach ((Step step, int count) in steps)
        {
            ReadOnlySpan<int> shown = ring[ring.Segments];
            int[] before = shown.ToArray();
            switch (step)
            {
                case Step.Add:
                    ring.Add(next);
                    model[^1].Add(next++);
                    break;
                case Step.AddSeveral:
                    int[] several = [.. Enumerable.Range(next, count)];
                    next += count;
                    ring.AddRange(several);
                    model[^1].AddRange(several);
                    break;
                case Step.Close:
                    ring.Close();
                    model.Add([]);
                    break;
                case Step.DropOldest when model.Count > 1:
                    ring.DropOldest();
                    model.RemoveAt(0);
                    break;
                case Step.Clear:
                    ring.Clear();
                    model = [[]];
                    break;
            }

            if (step is Step.Add or Step.AddSeveral)
            {
                Assert.Equal(before, shown.ToArray());
            }

            Assert.Equal(model.Count - 1, ring.Segments);
            Assert.Equal(model.Sum(segment => segment.Count), ring.Count);
            for (int i = 0; i < model.Count; i++)
            {
                Assert.Equal(model[i], ring[i].ToArray());
            }
        }
    }, iter: 2000);

    [Fact]
    public void Its_array_stops_growing_when_as_much_is_dropped_as_is_added()
    {
        var ring = new SegmentRing<int>();
        int capacity = 0;
        for (int segment = 0; segment < 1000; segment++)
        {
            for (int i = 0; i < 100 + (segment % 7); i++)
            {
                ring.Add(i);
            }

            ring.Close();
            if (ring.Segments > 10)
            {
                ring.DropOldest();
            }

            if (segment == 100)
            {
                capacity = ring.Capacity;
            }
        }

        Assert.Equal(capacity, ring.Capacity);
        Assert.InRange(capacity, ring.Count, 2 * ring.Count);
    }

    [Fact]
    public void What_was_dropped_or_moved_is_not_kept_alive()
    {
        var ring = new SegmentRing<object>();
        List<WeakReference> dropped = Churn(ring);
        GC.Collect();
        Assert.All(dropped, reference => Assert.False(reference.IsAlive));
        GC.KeepAlive(ring);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Churn(SegmentRing<object> ring)
    {
        List<WeakReference> all = [];
        int kept = 0;
        for (int segment = 0; segment < 50; segment++)
        {
            for (int i = 0; i < 1 + (segment * 5 % 7); i++)
            {
                object item = new();
                all.Add(new WeakReference(item));
                ring.Add(item);
            }

            ring.Close();
            if (ring.Segments > 3)
            {
                ring.DropOldest();
            }

            kept = ring.Count;
        }

        return all[..^kept];
    }
}
