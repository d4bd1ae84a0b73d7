using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Simulation;

/// <summary>A ledger in memory.</summary>
public sealed class MemoryLedger(Chain chain) : ILedger
{
    private readonly List<CommittedBlock> _blocks = [];
    private readonly List<Digest> _links = [chain.Id];
    private readonly Dictionary<Digest, Height> _heights = [];

    /// <inheritdoc/>
    public Height Height => new((ulong)_blocks.Count);

    /// <inheritdoc/>
    public Digest ChainDigest => _links[^1];

    /// <inheritdoc/>
    public void Append(CommittedBlock block)
    {
        if (block.Block.Height != Height.Next())
        {
            throw new ArgumentException($"The next height is {Height.Next()}, not {block.Block.Height}.", nameof(block));
        }

        _blocks.Add(block);
        _links.Add(chain.Link(ChainDigest, block.Block.Digest));
        _heights[block.Block.Digest] = block.Block.Height;
    }

    /// <inheritdoc/>
    public Height Flush() => Height;

    /// <inheritdoc/>
    public CommittedBlock? Read(Height height) => height.Value > 0 && height <= Height ? _blocks[(int)height.Value - 1] : null;

    /// <inheritdoc/>
    public BlockHeader? ReadHeader(Height height) => Read(height)?.Block.Header;

    /// <inheritdoc/>
    public Digest? ChainAt(Height height) => height <= Height ? _links[(int)height.Value] : null;

    /// <inheritdoc/>
    public Height? Find(Digest block) => _heights.TryGetValue(block, out Height height) ? height : null;

    /// <inheritdoc/>
    public Height? Find(TransactionId transaction)
    {
        foreach (CommittedBlock block in _blocks)
        {
            foreach (Run run in block.Block.Payload.Runs)
            {
                if (run.Client == transaction.Client && run.First <= transaction.Sequence && transaction.Sequence <= run.Last)
                {
                    return block.Block.Height;
                }
            }
        }

        return null;
    }

    /// <summary>Loses everything above a height, as a crash before the copy behind the journal does.</summary>
    public void Cut(Height through)
    {
        while (Height > through)
        {
            _heights.Remove(_blocks[^1].Block.Digest);
            _blocks.RemoveAt(_blocks.Count - 1);
            _links.RemoveAt(_links.Count - 1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
