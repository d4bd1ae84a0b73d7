namespace Bft.Engine.Mempool;

/// <summary>Where verified runs wait to be ordered. Thread-safe, bounded.</summary>
public interface ITransactionPool
{
    /// <summary>Takes a run whose signature was checked.</summary>
    /// <param name="run">The run.</param>
    /// <param name="unattestedFor">
    /// How long this replica does not propose it unless <see cref="Attested"/> names it before: as long as the others do not know whether to believe its
    /// signature, each of them would have to check it. Null to propose it at once.
    /// </param>
    PoolAnswer Add(Run run, TimeSpan? unattestedFor = null);

    /// <summary>The others believe these runs by now: they may be proposed. Runs that do not wait are passed over.</summary>
    void Attested(IReadOnlyList<Run> runs);

    /// <summary>Whether a run waits here and is in no block that is known here: nobody gets it by a block.</summary>
    bool Waits(Run run);

    /// <summary>Transactions waiting or in uncommitted blocks.</summary>
    int Transactions { get; }
}

/// <summary>What the pool said to a run.</summary>
public enum PoolAnswer
{
    /// <summary>Taken; it will be proposed.</summary>
    Added,

    /// <summary>These very bytes are waiting already.</summary>
    Duplicate,

    /// <summary>All its sequences were executed before: ask for the receipt.</summary>
    Executed,

    /// <summary>No room now: try again later, or elsewhere (back-pressure).</summary>
    Full,
}
