namespace Bft.Engine.Mempool;

/// <summary>The loop's side of the mempool.</summary>
public interface IPayloadSource
{
    /// <summary>Transactions to propose, within the chain's limits; none that an ancestor of the request holds. May be empty.</summary>
    Payload Take(PayloadRequest request);

    /// <summary>A block was stored: its runs are in flight.</summary>
    void Included(Block block);

    /// <summary>A block was committed: its runs leave.</summary>
    void Committed(Block block);

    /// <summary>When the oldest run that is not yet committed arrived, also one inside an uncommitted block; null when there is none.</summary>
    TimeSpan? OldestArrival { get; }
}
