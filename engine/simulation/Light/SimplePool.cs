using Bft.Engine;
using Bft.Engine.Mempool;

namespace Bft.Simulation;

/// <summary>A mempool that is plainly right: a list, searched. For small simulations and as the model that the real one is tested against.</summary>
public sealed class SimplePool(Chain chain, IClock clock) : ITransactionPool, IPayloadSource
{
    private readonly List<(Run Run, TimeSpan Arrived)> _waiting = [];
    private readonly Dictionary<Crypto.Digest, Block> _included = [];
    private readonly HashSet<Crypto.Digest> _committed = [];

    /// <inheritdoc/>
    public int Transactions => _waiting.Sum(entry => entry.Run.Count);

    /// <inheritdoc/>
    public TimeSpan? OldestArrival => _waiting.Count == 0 ? null : _waiting[0].Arrived;

    /// <inheritdoc/>
    public PoolAnswer Add(Run run, TimeSpan? unattestedFor = null)
    {
        if (_committed.Contains(run.Digest))
        {
            return PoolAnswer.Executed;
        }

        if (_waiting.Any(entry => entry.Run.Digest == run.Digest))
        {
            return PoolAnswer.Duplicate;
        }

        _waiting.Add((run, clock.Now));
        return PoolAnswer.Added;
    }

    /// <inheritdoc/>
    public void Attested(IReadOnlyList<Run> runs)
    {
        // Nobody vouches in the small simulation: all is proposed at once.
    }

    /// <inheritdoc/>
    public bool Waits(Run run) =>
        _waiting.Any(entry => entry.Run.Digest == run.Digest) && !_included.Values.Any(block => block.Payload.Runs.Any(held => held.Digest == run.Digest));

    /// <inheritdoc/>
    public Payload Take(PayloadRequest request)
    {
        HashSet<Crypto.Digest> taken = [];
        foreach (Crypto.Digest ancestor in request.Ancestors)
        {
            if (_included.TryGetValue(ancestor, out Block? block))
            {
                taken.UnionWith(block.Payload.Runs.Select(run => run.Digest));
            }
        }

        List<Run> runs = [];
        int bytes = 4;
        foreach ((Run run, _) in _waiting)
        {
            if (!taken.Contains(run.Digest) && bytes + 4 + run.Encoded.Length <= chain.Limits.MaxPayloadBytes)
            {
                runs.Add(run);
                bytes += 4 + run.Encoded.Length;
            }
        }

        return Payload.Of(chain, runs);
    }

    /// <inheritdoc/>
    public void Included(Block block) => _included[block.Digest] = block;

    /// <inheritdoc/>
    public void Committed(Block block)
    {
        foreach (Run run in block.Payload.Runs)
        {
            _committed.Add(run.Digest);
            _waiting.RemoveAll(entry => entry.Run.Digest == run.Digest);
        }

        foreach (Crypto.Digest old in _included.Where(entry => entry.Value.Height <= block.Height).Select(entry => entry.Key).ToList())
        {
            _included.Remove(old);
        }
    }
}
