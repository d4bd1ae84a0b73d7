using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// The committed blocks with their proofs in append-only segment files: the only truth about the past. One thread appends and flushes; any
/// thread reads what was appended.
/// </summary>
/// <remarks>
/// <para>In memory: four bytes a block, plus the open segment's index. Beside each sealed segment lies an index file by which blocks
/// and transactions are found; it is derived and made anew when missing or damaged.</para>
/// <para>Opening checks every record of the last segment and, of the sealed ones, headers, lengths, neighbours and index files; reading
/// checks the record that is read; checking everything is the audit's work (<see cref="LedgerAudit"/>).</para>
/// </remarks>
public sealed class BlockStore : ILedger
{
    private readonly IDisk _disk;
    private readonly Chain _chain;
    private readonly BlockStoreOptions _options;
    private readonly StagingBuffer _staging = new();
    private readonly CanonicalWriter _proof = new(1024);
    private readonly Lock _rebuilding = new();
    private volatile BlockSegment[] _segments = [];
    private volatile Tip _tip;
    private GrowingIndex _growing = new();
    private long _durable;
    private Exception? _failure;

    private BlockStore(IDisk disk, Chain chain, BlockStoreOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SegmentBytes, 1, nameof(options));
        _disk = disk;
        _chain = chain;
        _options = options;
        _tip = new Tip(default, ChainStart(chain));
    }

    /// <inheritdoc/>
    public Height Height => _tip.Height;

    /// <inheritdoc/>
    public Digest ChainDigest => _tip.Chain;

    /// <summary>How many bytes a crash had torn off the last record when the ledger was opened; cut away.</summary>
    public long TornBytes { get; private set; }

    private BlockSegment Last => _segments[^1];

    /// <summary>Where the ledger's hash chain starts: the digest of genesis.</summary>
    public static Digest ChainStart(Chain chain) => chain.Id;

    /// <summary>Opens the ledger in a directory, making it when there is none, cutting a torn tail.</summary>
    /// <exception cref="LedgerDamagedException">A record or file that had been flushed is bad or missing.</exception>
    /// <exception cref="ForeignFileException">It belongs to another chain or format.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static BlockStore Open(IDisk disk, Chain chain, BlockStoreOptions? options = null)
    {
        var store = new BlockStore(disk, chain, options ?? new BlockStoreOptions());
        try
        {
            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Append(CommittedBlock block)
    {
        ThrowIfFailed();
        Tip tip = _tip;
        if (block.Block.Height != tip.Height.Next())
        {
            throw new ArgumentException($"The ledger ends at height {tip.Height}, the next block is not {block.Block.Height}.", nameof(block));
        }

        if (block.Block.Encoded.Length > _chain.Limits.MaxBlockBytes)
        {
            throw new ArgumentException($"The block has {block.Block.Encoded.Length} bytes, the chain's limit is {_chain.Limits.MaxBlockBytes}.", nameof(block));
        }

        if (Last.End >= _options.SegmentBytes && Last.Count > 0)
        {
            Rotate();
        }

        BlockSegment segment = Last;
        Digest chain = _chain.Link(tip.Chain, block.Block.Digest);
        BlockRecord.Write(_staging, _proof, block, chain, segment.Salt, segment.End, _durable);
        WriteRecord(segment);
        _growing.Add(block.Block, (uint)segment.Count);
        segment.Add(_staging.Length, chain);
        _staging.Clear();
        _tip = new Tip(block.Block.Height, chain);
    }

    /// <inheritdoc/>
    public Height Flush()
    {
        ThrowIfFailed();
        Height height = Height;
        if (_durable < Last.End)
        {
            try
            {
                Last.File.Flush();
            }
            catch (IOException failed)
            {
                throw Latch($"The flush of {PathOf(Last)} failed", failed);
            }

            _durable = Last.End;
        }

        return height;
    }

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

    /// <summary>Closes the files. What was appended since the last flush is as durable as the operating system makes it.</summary>
    public void Dispose()
    {
        foreach (BlockSegment segment in _segments)
        {
            segment.Dispose();
        }
    }

    private static bool Holds(Run run, TransactionId transaction) =>
        run.Client == transaction.Client && transaction.Sequence >= run.First && transaction.Sequence <= run.Last;

    private void WriteRecord(BlockSegment segment)
    {
        try
        {
            segment.File.Write(segment.End, _staging.Written);
        }
        catch (IOException failed)
        {
            try
            {
                segment.File.SetLength(segment.End);
            }
            catch (IOException again)
            {
                throw Latch($"A write to {PathOf(segment)} failed ({failed.Message}) and what was written of it cannot be cut away", again);
            }

            throw new IOException($"Writing {_staging.Length} bytes to {PathOf(segment)} failed: {failed.Message}. Nothing of it remains; the append may be repeated.", failed);
        }
    }

    private void Rotate()
    {
        Flush();
        BlockSegment full = Last;
        BlockSegment next;
        try
        {
            next = BlockSegment.Create(_disk, _chain, full.Number + 1, full.NextHeight, full.ChainAfter, NewSalt());
        }
        catch (FlushFailedException failed)
        {
            throw Latch("A new segment may or may not be there", failed);
        }

        WriteIndex(full, _growing);
        _growing = new GrowingIndex();
        next.Index = _growing;
        _durable = next.End;
        _segments = [.. _segments, next];
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

    private void Load()
    {
        List<ulong> numbers = [];
        foreach (string name in _disk.List())
        {
            if (BlockSegment.TryParseName(name, out ulong number))
            {
                numbers.Add(number);
            }
            else if (name.EndsWith(".tmp", StringComparison.Ordinal))
            {
                _disk.Delete(name);
            }
        }

        for (int i = 0; i < numbers.Count; i++)
        {
            LoadSegment(numbers[i], (ulong)i + 1, isLast: i == numbers.Count - 1);
        }

        if (numbers.Count == 0)
        {
            BlockSegment first = BlockSegment.Create(_disk, _chain, 1, new Height(1), _tip.Chain, NewSalt());
            first.Index = _growing;
            _segments = [first];
        }

        MakeDurable();
        _durable = Last.End;
    }

    // What was read may be in the kernel's memory only, and after a failed flush its pages may count as clean: then a flush writes them
    // only when they are written anew. The last record says how much of the file was durable before it.
    private void MakeDurable()
    {
        BlockSegment last = Last;
        if (last.Count > 0)
        {
            var bytes = new byte[(int)Math.Min(1 << 16, last.End)];
            long offset = last.Offsets[^2];
            int read = last.File.Read(offset, bytes.AsSpan(0, BlockRecord.HeaderBytes));
            offset = Math.Min(offset, BlockRecord.Durable(bytes.AsSpan(0, read)));
            for (; offset < last.End; offset += read)
            {
                read = last.File.Read(offset, bytes.AsSpan(0, (int)Math.Min(bytes.Length, last.End - offset)));
                last.File.Write(offset, bytes.AsSpan(0, read));
            }
        }

        last.File.Flush();
        _disk.Flush();
    }

    private void LoadSegment(ulong number, ulong expected, bool isLast)
    {
        Height next = _tip.Height.Next();
        if (number != expected)
        {
            throw new LedgerDamagedException(_disk.Location, BlockSegment.NameOf(expected), 0, next, "the file is missing");
        }

        BlockSegment segment = BlockSegment.Open(_disk, _chain, number, next, writable: isLast);
        _segments = [.. _segments, segment];
        if (segment.First != next || segment.ChainBefore != _tip.Chain)
        {
            throw Damaged(segment, 0, next, $"it starts at height {segment.First} on chain digest {segment.ChainBefore.ToShortString()}…, the segment before it ends at {_tip.Height} with {_tip.Chain.ToShortString()}…");
        }

        if (isLast)
        {
            Scan(segment, _growing, cutTail: true);
            segment.Index = _growing;
        }
        else if ((segment.Index = SegmentIndexFile.TryOpen(_disk, _chain, segment)) is null)
        {
            _options.Warn?.Invoke($"The index {segment.IndexName} in {_disk.Location} is missing or damaged and is made anew.");
            var content = new GrowingIndex();
            Scan(segment, content, cutTail: false);
            WriteIndex(segment, content);
        }

        _tip = new Tip(new Height(segment.NextHeight.Value - 1), segment.ChainAfter);
    }

    // Reads every record of a segment into its offsets and an index.
    private void Scan(BlockSegment segment, GrowingIndex content, bool cutTail)
    {
        var scanner = new BlockScanner(_chain, segment.File, segment.Salt, segment.First, segment.ChainBefore);
        RecordFinding finding;
        while ((finding = scanner.Next()) == RecordFinding.Whole)
        {
            // The scanner's buffer is used again; of the block only digest and runs are kept.
            CommittedBlock committed = BlockRecord.Decode(_chain, scanner.Record) ?? throw Damaged(segment, scanner.Offset, scanner.Height, "the record cannot be decoded");
            content.Add(committed.Block, (uint)segment.Count);
            segment.Add(scanner.RecordBytes, scanner.Chain);
        }

        if (finding == RecordFinding.End)
        {
            return;
        }

        if (finding == RecordFinding.Wrong)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, scanner.Reason);
        }

        string reason = finding == RecordFinding.Bad ? scanner.Reason : "the record is cut off";
        if (!cutTail)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, $"{reason}, and another segment follows");
        }

        if (scanner.FindLaterDurable() is { } later)
        {
            throw Damaged(segment, scanner.Offset, scanner.Height, $"{reason}, and a good record follows at {later} that was written after this one was durable");
        }

        TornBytes = segment.File.Length - scanner.Offset;
        segment.File.SetLength(scanner.Offset);
    }

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

    private LedgerDamagedException Damaged(BlockSegment segment, long offset, Height height, string reason) =>
        new(_disk.Location, segment.FileName, offset, height, reason);

    private ulong NewSalt() => (_options.Salt ?? Salts.Random)();

    private string PathOf(BlockSegment segment) => Path.Combine(_disk.Location, segment.FileName);

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new LedgerFailedException($"{_failure.Message} The ledger takes no more blocks until the validator is restarted.", _failure);
        }
    }

    private LedgerFailedException Latch(string what, IOException failed)
    {
        var latched = new LedgerFailedException($"{what}: {failed.Message}. What is on disk is unknown until the ledger is opened again.", failed);
        _failure = latched;
        return latched;
    }

    // One reference, so that height and chain digest are read together.
    private sealed record Tip(Height Height, Digest Chain);
}
