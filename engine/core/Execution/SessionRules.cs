namespace Bft.Engine.Execution;

/// <summary>What a session says of some consecutive sequences.</summary>
public enum SessionPartKind
{
    /// <summary>Never executed: to be executed.</summary>
    New,

    /// <summary>Executed, the result is remembered.</summary>
    Executed,

    /// <summary>At or below the floor: never to be executed again.</summary>
    Forgotten,
}

/// <summary>
/// What makes every transaction execute once: new sequences are executed, executed ones are answered with their first result, those at or below the floor are
/// refused, and each client's window is the chain's. Every replica must have the same rules, since the state root follows from them. Asked once for a stretch of
/// sequences and once for a client and block. Virtual, so that a simulation can show what a table that forgets or repeats does.
/// </summary>
public class SessionRules
{
    /// <summary>The rules as they should be.</summary>
    public static SessionRules ExactlyOnce { get; } = new();

    /// <summary>What becomes of sequences of which the session says this.</summary>
    public virtual SessionPartKind Judge(SessionPartKind known) => known;

    /// <summary>The most intervals that a session keeps: what is older is given up for good.</summary>
    public virtual int Intervals(ChainLimits limits) => limits.SessionIntervals;
}
