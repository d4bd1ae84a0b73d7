using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Engine.Storage;

namespace Bft.Engine;

/// <summary>
/// The near past in memory: state points, headers and blocks that the ledger behind the loop may not hold yet. The loop writes; serving
/// threads may look up blocks. Bounded.
/// </summary>
internal sealed class RecentPast(ILedger ledger)
{
    private const int KeptHeights = 8192;
    private const int KeptCommittedBlocks = 8;
    private const int MaxBlocks = 4096;

    private readonly Dictionary<ulong, StatePoint> _points = [];
    private readonly Dictionary<ulong, BlockHeader> _headers = [];

    // The edge looks in from its own threads; never enumerated.
    private readonly ConcurrentDictionary<Digest, Block> _blocks = [];
    private readonly Queue<Block> _blockOrder = [];

    public StatePoint? PointAt(Height height) => _points.TryGetValue(height.Value, out StatePoint point) ? point : null;

    public BlockHeader? HeaderAt(Height height) => _headers.TryGetValue(height.Value, out BlockHeader? header) ? header : ledger.ReadHeader(height);

    /// <summary>A stored block by digest, from memory or the ledger. Any thread.</summary>
    public Block? Find(Digest digest) =>
        _blocks.TryGetValue(digest, out Block? block) ? block : ledger.Find(digest) is { } height ? ledger.Read(height)?.Block : null;

    public void Add(StatePoint point)
    {
        _points[point.Height.Value] = point;
        _points.Remove(unchecked(point.Height.Value - KeptHeights));
    }

    public void Add(BlockHeader committed)
    {
        _headers[committed.Height.Value] = committed;

        // What is not committed is in nobody's ledger and stays; of the rest the ledger behind the loop has all but the last few.
        while (_blockOrder.TryPeek(out Block? oldest) && oldest.Height.Value + KeptCommittedBlocks <= committed.Height.Value)
        {
            _blocks.TryRemove(_blockOrder.Dequeue().Digest, out _);
        }

        _headers.Remove(unchecked(committed.Height.Value - KeptHeights));
    }

    public void Stored(Block block)
    {
        if (!_blocks.TryAdd(block.Digest, block))
        {
            return;
        }

        _blockOrder.Enqueue(block);
        if (_blockOrder.Count > MaxBlocks)
        {
            _blocks.TryRemove(_blockOrder.Dequeue().Digest, out _);
        }
    }
}
