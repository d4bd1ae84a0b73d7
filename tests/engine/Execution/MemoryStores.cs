using Bft.Crypto;
using Bft.Engine.Storage;

namespace Bft.Engine.Tests.Execution;

/// <summary>A ledger of blocks in memory.</summary>
internal sealed class MemoryLedger(Chain chain) : ILedger
{
    private readonly List<CommittedBlock> _blocks = [];

    public Height Height => new((ulong)_blocks.Count);

    public Digest ChainDigest => ChainAt(Height)!.Value;

    public void Append(CommittedBlock block) => _blocks.Add(block);

    public Height Flush() => Height;

    public CommittedBlock? Read(Height height) => height.Value >= 1 && height <= Height ? _blocks[(int)height.Value - 1] : null;

    public BlockHeader? ReadHeader(Height height) => Read(height)?.Block.Header;

    public Digest? ChainAt(Height height)
    {
        Digest link = chain.Id;
        foreach (CommittedBlock block in _blocks.Take((int)height.Value))
        {
            link = chain.Link(link, block.Block.Digest);
        }

        return height <= Height ? link : null;
    }

    public Height? Find(Digest block) => throw new NotSupportedException();

    public Height? Find(TransactionId transaction) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}

/// <summary>Snapshots in memory.</summary>
internal sealed class MemorySnapshots : ISnapshotStore
{
    public List<(StatePoint Point, byte[] Content)> Saved { get; } = [];

    public void Save(StatePoint point, Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        Saved.Add((point, stream.ToArray()));
    }

    public (StatePoint Point, Stream Content)? OpenLatest(Height atMost)
    {
        int index = Saved.FindLastIndex(saved => saved.Point.Height <= atMost);
        return index < 0 ? null : (Saved[index].Point, new MemoryStream(Saved[index].Content));
    }
}
