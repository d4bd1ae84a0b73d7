using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Ledger;

public sealed partial class BlockStore
{
    /// <inheritdoc/>
    public CommittedBlock? Read(Height height)
    {
        if (SegmentOf(height) is not { } segment)
        {
            return null;
        }

        return BlockRecord.Decode(_chain, Record(segment, height)) ?? throw Damaged(segment, segment.Locate(height).Offset, height, "the record cannot be decoded");
    }

    /// <inheritdoc/>
    public bool TryReadEncoded(Height height, out ReadOnlyMemory<byte> encoded)
    {
        BlockSegment? segment = SegmentOf(height);
        encoded = segment is null ? default : BlockRecord.Encoded(Record(segment, height));
        return segment is not null;
    }

    /// <inheritdoc/>
    public BlockHeader? ReadHeader(Height height)
    {
        if (SegmentOf(height) is not { } segment)
        {
            return null;
        }

        long offset = segment.Locate(height).Offset;
        var bytes = new byte[BlockRecord.BlockHeaderAt + BlockHeader.EncodedBytes];
        ReadOnlyMemory<byte> encoded = bytes.AsMemory(BlockRecord.BlockHeaderAt);
        if (segment.File.Read(offset, bytes) < bytes.Length || _chain.DigestOf(Preimage.Header, encoded.Span) != new Digest(bytes.AsSpan(BlockRecord.DigestAt)))
        {
            throw Damaged(segment, offset, height, "the block header does not have the digest recorded with it");
        }

        var reader = new CanonicalReader(encoded);
        return BlockHeader.Decode(ref reader);
    }

    /// <inheritdoc/>
    public Digest? ChainAt(Height height)
    {
        Tip tip = _tip;
        if (height == tip.Height)
        {
            return tip.Chain;
        }

        if (height.Value == 0)
        {
            return ChainStart(_chain);
        }

        if (SegmentOf(height) is not { } segment)
        {
            return null;
        }

        Digest before = height == segment.First ? segment.ChainBefore : Links(segment, height.Previous()).Chain;
        (Digest chain, Digest digest) = Links(segment, height);
        return _chain.Link(before, digest) == chain ? chain : throw Damaged(segment, segment.Locate(height).Offset, height, "the hash chain does not lead here from the block before");
    }

    /// <inheritdoc/>
    public Height? Find(Digest block)
    {
        var distances = new List<uint>();
        foreach (BlockSegment segment in _segments)
        {
            Search(segment, index => index.FindBlocks(block.Prefix, distances));
            foreach (uint distance in distances)
            {
                var height = new Height(segment.First.Value + distance);
                if (height <= Height && Links(segment, height).Block == block)
                {
                    return height;
                }
            }

            distances.Clear();
        }

        return null;
    }

    /// <inheritdoc/>
    /// <remarks>When several blocks hold it, the first one executed it.</remarks>
    public Height? Find(TransactionId transaction)
    {
        var distances = new List<uint>();
        foreach (BlockSegment segment in _segments)
        {
            Search(segment, index => index.FindRuns(transaction.Client.Prefix, transaction.Sequence, distances));
            distances.Sort();
            foreach (uint distance in distances)
            {
                var height = new Height(segment.First.Value + distance);
                if (Read(height) is { } committed && committed.Block.Payload.Runs.Any(run => Holds(run, transaction)))
                {
                    return height;
                }
            }

            distances.Clear();
        }

        return null;
    }

    private static bool Holds(Run run, TransactionId transaction) =>
        run.Client == transaction.Client && transaction.Sequence >= run.First && transaction.Sequence <= run.Last;

    // A damaged index file is made anew by whoever meets it.
    private void Search(BlockSegment segment, Action<ISegmentIndex> search)
    {
        ISegmentIndex index = segment.Index!;
        try
        {
            search(index);
        }
        catch (InvalidDataException damage)
        {
            lock (_rebuilding)
            {
                if (ReferenceEquals(segment.Index, index))
                {
                    _options.Warn?.Invoke($"{damage.Message} The index is made anew.");
                    Rebuild(segment);
                }
            }

            search(segment.Index!);
        }
    }

    private void Rebuild(BlockSegment segment)
    {
        var content = new GrowingIndex();
        for (uint i = 0; i < (uint)segment.Count; i++)
        {
            content.Add(Read(new Height(segment.First.Value + i))!.Block, i);
        }

        WriteIndex(segment, content);
    }

    // A whole record whose checksums are right.
    private byte[] Record(BlockSegment segment, Height height)
    {
        (long offset, int bytes) = segment.Locate(height);
        var record = new byte[bytes];
        return segment.File.Read(offset, record) == bytes && BlockRecord.IsHeader(record, segment.Salt, offset) && BlockRecord.IsContent(record, segment.Salt, offset)
            ? record
            : throw Damaged(segment, offset, height, "the record's checksum is wrong");
    }

    private BlockSegment? SegmentOf(Height height)
    {
        if (height.Value == 0 || height > Height)
        {
            return null;
        }

        BlockSegment[] segments = _segments;
        int low = 0;
        int high = segments.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = segments[middle].First <= height ? (middle, high) : (low, middle - 1);
        }

        return segments[low];
    }

    private (Digest Chain, Digest Block) Links(BlockSegment segment, Height height)
    {
        Span<byte> bytes = stackalloc byte[BlockRecord.BlockLengthAt];
        long offset = segment.Locate(height).Offset;
        return segment.File.Read(offset, bytes) == bytes.Length && BlockRecord.IsHeader(bytes, segment.Salt, offset)
            ? (new Digest(bytes[BlockRecord.ChainAt..]), new Digest(bytes[BlockRecord.DigestAt..]))
            : throw Damaged(segment, offset, height, "the record header's checksum is wrong");
    }

    // A missing index file costs its rebuilding at the next start, nothing else: the index in memory goes on serving.
    private void WriteIndex(BlockSegment sealedSegment, GrowingIndex content)
    {
        try
        {
            SegmentIndexFile.Write(_disk, _chain, sealedSegment, content);
            sealedSegment.Index = SegmentIndexFile.TryOpen(_disk, _chain, sealedSegment) ?? (ISegmentIndex)content;
        }
        catch (IOException failed)
        {
            sealedSegment.Index = content;
            _options.Warn?.Invoke($"The index {sealedSegment.IndexName} in {_disk.Location} could not be written and stays in memory: {failed.Message}");
        }
    }
}
