using Bft.Simulation;

namespace Bft.Engine.Tests.Loop;

/// <summary>Rule 3 of the port: a timer that was disarmed or armed anew never fires with its old deadline.</summary>
public class TimerSetTests
{
    private const ulong Seed = 19;

    private static readonly TimerId First = new(1);
    private static readonly TimerId Second = new(2);

    private readonly TimerSet _timers = new();

    [Fact]
    public void Armed_anew_it_fires_once_and_at_the_new_deadline_only()
    {
        _timers.Arm(First, At(10));
        _timers.Arm(First, At(30));
        Assert.False(_timers.TryTakeDue(At(29), out _));
        Assert.True(_timers.TryTakeDue(At(30), out TimerId due));
        Assert.Equal(First, due);
        Assert.False(_timers.TryTakeDue(At(1000), out _));
        _timers.Arm(First, At(50));
        _timers.Arm(First, At(40));
        Assert.Equal(At(40), _timers.Earliest);
    }

    [Fact]
    public void Disarmed_it_never_fires()
    {
        _timers.Arm(First, At(10));
        _timers.Disarm(First);
        _timers.Disarm(Second);
        Assert.Null(_timers.Earliest);
        Assert.False(_timers.TryTakeDue(At(1000), out _));
    }

    [Fact]
    public void Due_ones_come_in_the_order_of_deadline_kind_and_slot()
    {
        _timers.Arm(Second, At(10));
        _timers.Arm(new TimerId(1, 7), At(10));
        _timers.Arm(new TimerId(1, 3), At(10));
        _timers.Arm(new TimerId(9), At(5));
        List<TimerId> order = [];
        while (_timers.TryTakeDue(At(10), out TimerId due))
        {
            order.Add(due);
        }

        Assert.Equal([new TimerId(9), new TimerId(1, 3), new TimerId(1, 7), Second], order);
    }

    [Fact]
    public void It_does_what_a_plain_list_of_deadlines_does()
    {
        var random = new Randomness(Seed);
        Dictionary<TimerId, int> model = [];
        for (int step = 0; step < 20_000; step++)
        {
            var timer = new TimerId((byte)random.Below(4), (ulong)random.Below(3));
            int at = random.Below(100);
            switch (random.Below(3))
            {
                case 0:
                    model[timer] = at;
                    _timers.Arm(timer, At(at));
                    break;
                case 1:
                    model.Remove(timer);
                    _timers.Disarm(timer);
                    break;
                default:
                    KeyValuePair<TimerId, int>[] due = [.. model.Where(entry => entry.Value <= at).OrderBy(entry => (entry.Value, entry.Key.Kind, entry.Key.Slot))];
                    Assert.Equal(due.Length > 0, _timers.TryTakeDue(At(at), out TimerId taken));
                    if (due.Length > 0)
                    {
                        Assert.True(due[0].Key == taken, $"seed {Seed}, step {step}");
                        model.Remove(taken);
                    }

                    break;
            }

            Assert.Equal(model.Count == 0 ? null : At(model.Values.Min()), _timers.Earliest);
        }
    }

    private static TimeSpan At(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
