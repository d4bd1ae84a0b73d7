using Bft.Engine;

namespace Bft.Simulation.Nodes;

/// <summary>A replica's own clock: it may run fast or slow, and its wall clock may jump. Its monotonic time never goes back.</summary>
/// <param name="time">The world's time.</param>
public sealed class ReplicaClock(VirtualTime time) : IClock
{
    private const ulong Start = 1_700_000_000_000;

    private TimeSpan _worldBase;
    private TimeSpan _localBase;
    private double _rate = 1;
    private long _wallOffset;

    /// <inheritdoc/>
    public TimeSpan Now => _rate == 1 ? _localBase + (time.Now - _worldBase) : _localBase + TimeSpan.FromTicks((long)((time.Now - _worldBase).Ticks * _rate));

    /// <inheritdoc/>
    public ulong UnixMilliseconds => (ulong)((long)Start + (long)Now.TotalMilliseconds + _wallOffset);

    /// <summary>How many of its seconds pass in one of the world's.</summary>
    public double Rate
    {
        get => _rate;
        set
        {
            (_localBase, _worldBase) = (Now, time.Now);
            _rate = value;
        }
    }

    /// <summary>Moves the wall clock, forward or back.</summary>
    public void JumpWall(TimeSpan by) => _wallOffset += (long)by.TotalMilliseconds;

    /// <summary>Moves the monotonic clock forward: the machine was suspended.</summary>
    public void Suspend(TimeSpan by)
    {
        (_localBase, _worldBase) = (Now + by, time.Now);
    }

    /// <summary>Right again from now on.</summary>
    public void Heal()
    {
        Rate = 1;
        _wallOffset = 0;
    }

    /// <summary>How long the world has to wait for a local time; at least zero.</summary>
    public TimeSpan Until(TimeSpan local)
    {
        TimeSpan left = local - Now;
        return left <= TimeSpan.Zero ? TimeSpan.Zero : _rate == 1 ? left : TimeSpan.FromTicks((long)Math.Ceiling(left.Ticks / _rate) + 1);
    }
}
