using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>Recent rates out of counters that only grow, over the last second or so. Thread-safe.</summary>
internal sealed class RateMeter(IClock clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TimeSpan _at = clock.Now;
    private long _transactions;
    private long _blocks;
    private bool _begun;
    private (double Transactions, double Blocks) _rates;

    /// <summary>Takes the counters as they are now; gives transactions and blocks a second.</summary>
    public (double Transactions, double Blocks) Sample(long transactions, long blocks)
    {
        lock (_gate)
        {
            TimeSpan passed = clock.Now - _at;
            if (!_begun || passed >= Window)
            {
                _rates = _begun ? ((transactions - _transactions) / passed.TotalSeconds, (blocks - _blocks) / passed.TotalSeconds) : default;
                (_at, _transactions, _blocks, _begun) = (clock.Now, transactions, blocks, true);
            }

            return _rates;
        }
    }
}
