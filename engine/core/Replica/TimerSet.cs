namespace Bft.Engine;

/// <summary>Armed timers with their deadlines. A timer that was disarmed or armed anew never fires with its old deadline: there is no queue of old ones.</summary>
internal sealed class TimerSet
{
    private readonly Dictionary<TimerId, TimeSpan> _deadlines = [];

    /// <summary>The earliest deadline, if any timer is armed.</summary>
    public TimeSpan? Earliest
    {
        get
        {
            TimeSpan? earliest = null;
            foreach (TimeSpan deadline in _deadlines.Values)
            {
                if (earliest is null || deadline < earliest)
                {
                    earliest = deadline;
                }
            }

            return earliest;
        }
    }

    public void Arm(TimerId timer, TimeSpan deadline) => _deadlines[timer] = deadline;

    public void Disarm(TimerId timer) => _deadlines.Remove(timer);

    /// <summary>Takes out the due timer with the earliest deadline (ties: by kind and slot, so that every run agrees).</summary>
    public bool TryTakeDue(TimeSpan now, out TimerId due)
    {
        due = default;
        bool found = false;
        TimeSpan best = default;
        foreach ((TimerId timer, TimeSpan deadline) in _deadlines)
        {
            if (deadline <= now && (!found || deadline < best || (deadline == best && (timer.Kind, timer.Slot).CompareTo((due.Kind, due.Slot)) < 0)))
            {
                (due, best, found) = (timer, deadline, true);
            }
        }

        if (found)
        {
            _deadlines.Remove(due);
        }

        return found;
    }
}
