namespace Bft.Engine.Mempool;

/// <summary>Where verified runs wait to be ordered. Thread-safe, bounded.</summary>
public interface ITransactionPool
{
    /// <summary>Takes a run whose signature was checked.</summary>
    PoolAnswer Add(Run run);

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
