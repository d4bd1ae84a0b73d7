namespace Bft.Simulation;

/// <summary>What an event of the virtual time wakes up.</summary>
internal interface IActor
{
    /// <summary>The time has come.</summary>
    /// <param name="code">What for; the actor's own numbering.</param>
    /// <param name="argument">A number that came with the event.</param>
    /// <param name="payload">An object that came with the event.</param>
    void Act(int code, long argument, object? payload);
}

/// <summary>
/// The one clock and the one queue of a simulated world. Events of one instant happen in the order in which they were scheduled, so a run is a
/// function of its seed. A binary heap of plain numbers; what they wake up lies still beside it, so that moving in the heap touches no reference. Scheduling allocates nothing.
/// </summary>
public sealed class VirtualTime
{
    private Scheduled[] _heap = new Scheduled[256];
    private Awaited[] _awaited = new Awaited[256];
    private int[] _free = new int[256];
    private int _freeCount;
    private int _count;
    private ulong _order;

    /// <summary>Time since the world began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Events that happened.</summary>
    public long Events { get; private set; }

    /// <summary>Events that are still to come.</summary>
    public int Pending => _count;

    /// <summary>When the next event happens; null when nothing is scheduled.</summary>
    public TimeSpan? Next => _count == 0 ? null : _heap[0].At;

    /// <summary>Does something later, or as the next thing of this instant.</summary>
    public void After(TimeSpan delay, Action action) => Schedule(delay, ActionActor.Instance, 0, 0, action);

    /// <summary>Lets the next event happen; false when there is none at or before <paramref name="limit"/>.</summary>
    public bool Step(TimeSpan limit)
    {
        if (_count == 0 || _heap[0].At > limit)
        {
            return false;
        }

        Scheduled next = _heap[0];
        RemoveFirst();
        ref Awaited place = ref _awaited[next.Place];
        Awaited awaited = place;
        place = default;
        _free[_freeCount++] = next.Place;
        Now = next.At;
        Events++;
        awaited.Actor.Act(awaited.Code, awaited.Argument, awaited.Payload);
        return true;
    }

    /// <summary>Runs until the condition holds or the time is over, and returns whether it holds.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        TimeSpan end = Now + atMost;
        while (!condition())
        {
            if (!Step(end))
            {
                Now = end;
                return condition();
            }
        }

        return true;
    }

    /// <summary>Runs for that much time.</summary>
    public void Run(TimeSpan time) => RunUntil(static () => false, time);

    internal void Schedule(TimeSpan delay, IActor actor, int code, long argument = 0, object? payload = null)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _count);
            Array.Resize(ref _awaited, 2 * _count);
            Array.Resize(ref _free, 2 * _count);
        }

        // As many places are free as the heap is shorter than it was at its longest.
        int place = _freeCount > 0 ? _free[--_freeCount] : _count;
        _awaited[place] = new Awaited(actor, code, argument, payload);
        var added = new Scheduled(Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), _order++, place);
        int at = _count++;
        while (at > 0 && added.IsBefore(_heap[(at - 1) / 2]))
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = added;
    }

    private void RemoveFirst()
    {
        Scheduled last = _heap[--_count];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _heap[child + 1].IsBefore(_heap[child]))
            {
                child++;
            }

            if (!_heap[child].IsBefore(last))
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        if (_count > 0)
        {
            _heap[at] = last;
        }
    }

    private readonly record struct Awaited(IActor Actor, int Code, long Argument, object? Payload);

    private readonly record struct Scheduled(TimeSpan At, ulong Order, int Place)
    {
        public bool IsBefore(in Scheduled other) => At < other.At || (At == other.At && Order < other.Order);
    }

    private sealed class ActionActor : IActor
    {
        public static ActionActor Instance { get; } = new();

        public void Act(int code, long argument, object? payload) => ((Action)payload!)();
    }
}
