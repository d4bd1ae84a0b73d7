using System.Globalization;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Simulation.Checkers;

/// <summary>Something that never may happen, and did.</summary>
/// <param name="At">When, in the world's time.</param>
/// <param name="Check">The name of the checker.</param>
/// <param name="What">What was seen, with who, where and which values.</param>
public sealed record Violation(TimeSpan At, string Check, string What)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalMilliseconds:F3} ms: {Check}: {What}");
}

/// <summary>
/// One global invariant, watched through a whole run. A checker sees honest replicas only, unless a method says otherwise, and knows nothing of how they
/// work: it is fed what came out of them. Each is told apart from the others by <see cref="Name"/>, by which a mutation names who must kill it.
/// </summary>
public abstract class Checker
{
    /// <summary>The name in violations.</summary>
    public abstract string Name { get; }

    /// <summary>Where violations go, and the time they are given; set by the world that the checker watches.</summary>
    public Action<Checker, string>? Report { get; set; }

    /// <summary>An instance made a signature; traitors too.</summary>
    public virtual void Signed(int instance, ReplicaId id, bool honest, byte[] message, byte[] signature)
    {
    }

    /// <summary>An honest instance put bytes on the wire.</summary>
    public virtual void Sent(int instance, ReplicaId id, byte[] bytes)
    {
    }

    /// <summary>An honest instance committed a block.</summary>
    public virtual void Committed(int instance, CommittedBlock block)
    {
    }

    /// <summary>An honest instance executed a block.</summary>
    public virtual void Executed(int instance, CommittedBlock block, StatePoint point, IReadOnlyList<Receipt> receipts)
    {
    }

    /// <summary>An honest instance accused somebody.</summary>
    public virtual void Accused(int instance, Evidence evidence)
    {
    }

    /// <summary>An honest instance started (again).</summary>
    public virtual void Started(int instance, RestartState state)
    {
    }

    /// <summary>An honest instance threw out of its parts.</summary>
    public virtual void Threw(int instance, string where, Exception exception)
    {
    }

    /// <summary>A sample of what an honest instance keeps, taken from time to time.</summary>
    public virtual void Sampled(int instance, in ResourceSample sample)
    {
    }

    /// <summary>Something is wrong.</summary>
    protected void Violated(string what) => Report?.Invoke(this, what);
}

/// <summary>What an honest replica has after a restart, for the check that it kept its promises.</summary>
/// <param name="Id">Which replica.</param>
/// <param name="MayVote">Whether it believes that it may vote at once.</param>
/// <param name="SignedOf">The last statement of a kind (and slot) that its voter remembers.</param>
/// <param name="HasBlock">Whether it has a block, stored or committed.</param>
/// <param name="Ledger">The height of its ledger.</param>
/// <param name="Decided">The last height that its journal says is committed; the ledger may be behind it.</param>
/// <param name="RecordsLost">True when the world took its safety records.</param>
public sealed record RestartState(
    ReplicaId Id,
    bool MayVote,
    Func<StatementKind, ulong, Statement?> SignedOf,
    Func<Crypto.Digest, bool> HasBlock,
    Height Ledger,
    Height Decided,
    bool RecordsLost);

/// <summary>What a replica keeps at one moment.</summary>
/// <param name="PoolBytes">Bytes its pool answers for.</param>
/// <param name="PoolLimit">Their bound.</param>
/// <param name="PoolTransactions">Transactions in the pool.</param>
/// <param name="InflowBytes">The most bytes of one sender that wait for its loop.</param>
/// <param name="InflowLimit">Their bound.</param>
/// <param name="JournalBytes">Bytes of the journal's files.</param>
/// <param name="JournalLimit">Their bound.</param>
/// <param name="Kept">Messages and blocks of others that its loop and protocol keep for later.</param>
/// <param name="KeptLimit">Their bound.</param>
/// <param name="KeptBytes">Bytes of the blocks among them.</param>
/// <param name="KeptBytesLimit">Their bound.</param>
public readonly record struct ResourceSample(
    long PoolBytes, long PoolLimit, int PoolTransactions, long InflowBytes, long InflowLimit, long JournalBytes, long JournalLimit, int Kept = 0, int KeptLimit = int.MaxValue,
    long KeptBytes = 0, long KeptBytesLimit = long.MaxValue);
