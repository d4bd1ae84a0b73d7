namespace Bft.Engine.Sync;

/// <summary>
/// How fast a replica that is far behind may fetch the past: so many blocks a second beyond those that the chain makes meanwhile, in small chunks.
/// What it fetches it verifies, executes and writes, and where replicas share a machine, or this one serves clients, that takes the processor
/// from the present.
/// </summary>
/// <remarks>The blocks that the others make meanwhile are free: whatever the pace, the distance shrinks by it every second.</remarks>
/// <param name="blocksPerSecond">The pace; null for no limit.</param>
internal sealed class CatchUpPace(int? blocksPerSecond)
{
    /// <summary>Blocks that are fetched at once before the pace begins: a short absence is nothing to spread out.</summary>
    public const int Burst = 1024;

    private const int ChunksPerSecond = 16;
    private const int LeastChunk = 16;

    private readonly double _perSecond = blocksPerSecond ?? double.PositiveInfinity;
    private double _allowed = Burst;
    private TimeSpan _at;

    /// <summary>Blocks to ask for at once.</summary>
    public int Chunk { get; } = blocksPerSecond is { } pace ? Math.Clamp(pace / ChunksPerSecond, LeastChunk, RepairMessages.MaxRangeBlocks) : RepairMessages.MaxRangeBlocks;

    /// <summary>Takes leave for one chunk; otherwise says when there will be leave for it, if nothing else gives some before.</summary>
    public bool TryTake(TimeSpan now, out TimeSpan at)
    {
        at = now;
        if (blocksPerSecond is null)
        {
            return true;
        }

        double seconds = Math.Max(0, (now - _at).TotalSeconds);
        _at += TimeSpan.FromSeconds(seconds);
        Give(seconds * _perSecond);
        if (_allowed >= Chunk)
        {
            _allowed -= Chunk;
            return true;
        }

        at = now + TimeSpan.FromSeconds((Chunk - _allowed) / _perSecond) + TimeSpan.FromMilliseconds(1);
        return false;
    }

    /// <summary>The chain grew by so many blocks, or a chunk was shorter than asked.</summary>
    public void Give(double blocks) => _allowed = Math.Min(Burst, _allowed + blocks);
}
