namespace Bft.Engine.Shared;

/// <summary>How long the current view may take: grows with each view given up since the last commit, up to a cap.</summary>
public class BackOff(ProtocolOptions options)
{
    private int _failures;

    /// <summary>The timeout of the current view.</summary>
    public virtual TimeSpan Timeout
    {
        get
        {
            double ticks = options.ViewTimeout.Ticks;
            for (int i = 0; i < _failures && ticks < options.MaxViewTimeout.Ticks; i++)
            {
                ticks *= options.TimeoutGrowth;
            }

            return TimeSpan.FromTicks((long)Math.Min(ticks, options.MaxViewTimeout.Ticks));
        }
    }

    /// <summary>A view was given up.</summary>
    public virtual void Failed() => _failures = Math.Min(_failures + 1, 1024);

    /// <summary>
    /// Something committed. Not merely "was certified": were the timeout reset by a lone certified view, views that need a little longer than the
    /// first timeout would never come three in a row.
    /// </summary>
    public virtual void Succeeded() => _failures = 0;
}
