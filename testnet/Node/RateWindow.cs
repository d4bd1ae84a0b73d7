using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>
/// Transactions and blocks a second over the last seconds: the window slides with the clock, whoever looks and however often. Fed by the thread that
/// executes; safe for readers on any other.
/// </summary>
/// <remarks>
/// Time is cut into steps of a quarter of a second, each with what was executed in it; the newest forty are kept, the one at hand among them. So the window
/// is from 9.75 to 10 s long, and what a validator does costs an addition a block.
/// </remarks>
internal sealed class RateWindow
{
    private const int Steps = 40;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly IClock _clock;
    private readonly TimeSpan _start;
    private readonly (long Transactions, long Blocks)[] _steps = new (long, long)[Steps];
    private long _step;
    private long _transactions;
    private ulong _height;

    /// <summary>Begins now; what was executed before does not count.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="transactions">Executed so far, repeats not counted.</param>
    /// <param name="height">The last executed height.</param>
    public RateWindow(IClock clock, long transactions, Height height)
    {
        _clock = clock;
        _start = clock.Now;
        _transactions = transactions;
        _height = height.Value;
    }

    /// <summary>Tells how far execution is; neither number ever falls.</summary>
    public void Reached(long transactions, Height height)
    {
        lock (_gate)
        {
            Slide();
            ref (long Transactions, long Blocks) step = ref _steps[_step % Steps];
            step = (step.Transactions + transactions - _transactions, step.Blocks + (long)(height.Value - _height));
            (_transactions, _height) = (transactions, height.Value);
        }
    }

    /// <summary>What was executed a second in the window, or since the beginning while that is nearer; within the first second as if one had passed.</summary>
    public (double Transactions, double Blocks) PerSecond()
    {
        lock (_gate)
        {
            Slide();
            long transactions = 0, blocks = 0;
            foreach ((long Transactions, long Blocks) step in _steps)
            {
                transactions += step.Transactions;
                blocks += step.Blocks;
            }

            TimeSpan since = _clock.Now - _start;
            TimeSpan kept = since - (Math.Max(0, _step - Steps + 1) * Step);
            double seconds = Math.Max(1, kept.TotalSeconds);
            return (transactions / seconds, blocks / seconds);
        }
    }

    // Empties the steps that nothing happened in.
    private void Slide()
    {
        long now = (_clock.Now - _start).Ticks / Step.Ticks;
        for (long passed = Math.Max(_step + 1, now - Steps + 1); passed <= now; passed++)
        {
            _steps[passed % Steps] = default;
        }

        _step = Math.Max(_step, now);
    }
}
