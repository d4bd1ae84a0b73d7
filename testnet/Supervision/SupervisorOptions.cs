namespace Bft.Testnet.Supervision;

/// <summary>How a supervisor treats its validators.</summary>
public sealed record SupervisorOptions
{
    /// <summary>Whether a validator that died is started again. One that was never ready is not: the cause would be there again.</summary>
    public bool Restart { get; init; }

    /// <summary>How long to wait before the first restart. Default 500 ms.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait; it doubles from restart to restart. Default 30 s.</summary>
    public TimeSpan MostBackOff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After a life of this length the wait begins anew. Default one minute.</summary>
    public TimeSpan HealthyAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long validators may take to stop before they are killed. Default 15 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long all of them together may take to become ready. Default 5 minutes: a long journal is replayed first.</summary>
    public TimeSpan ReadyWithin { get; init; } = TimeSpan.FromMinutes(5);
}
