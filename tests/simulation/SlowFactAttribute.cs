namespace Bft.Simulation.Tests;

/// <summary>A test of the slow set: minutes of processor time. It is skipped unless the environment says <c>BFT_SLOW=1</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SlowFactAttribute : FactAttribute
{
    /// <summary>Skips the test unless it is asked for.</summary>
    public SlowFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("BFT_SLOW") != "1")
        {
            Skip = "of the slow set: BFT_SLOW=1 runs it";
        }
    }
}
