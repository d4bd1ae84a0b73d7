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
/// <para>Split by concern: this file appends and flushes; <c>.Loading</c> opens what is on disk; <c>.Reading</c> finds and reads blocks.</para>
/// </remarks>
public sealed partial class BlockStore : ILedger
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

    /// <summary>Closes the files. What was appended since the last flush is as durable as the operating system makes it.</summary>
    public void Dispose()
    {
        foreach (BlockSegment segment in _segments)
        {
            segment.Dispose();
        }
    }

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
