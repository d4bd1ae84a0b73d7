using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// The one hot file, kept as a row of segments. Appends gather in memory; a flush writes them as one checksummed frame and syncs once, so
/// that a turn is on disk as a whole or not at all; only a turn above <see cref="JournalOptions.MaxTurnBytes"/> goes out in parts.
/// </summary>
/// <remarks>
/// <para>A segment starts by restating every living safety record and commit mark; older segments then matter for their blocks only and
/// go, oldest first, when the ledger holds those. A few blocks that would keep an old segment are carried forward.</para>
/// <para>A failed <i>write</i> is cut away and what was appended stays staged: it goes out with the next flush that succeeds, before any
/// later promise. So what a protocol believes to have stored, and what a voter believes to have recorded, is never forgotten by a full
/// disk. A failed <i>sync</i> is latched (PROTOCOLS §0.4.3): the kernel may have dropped the pages, and a later success says nothing.</para>
/// </remarks>
public sealed class Journal : IJournal
{
    private readonly IDisk _disk;
    private readonly Chain _chain;
    private readonly JournalOptions _options;
    private readonly SegmentPreparation _preparation;
    private readonly JournalState _state = new();
    private readonly List<JournalSegment> _segments = [];
    private readonly List<StoredBlock> _stagedBlocks = [];
    private readonly StagingBuffer _staging = new();
    private readonly StagingBuffer _firstFrame = new();
    private IDiskFile? _file;
    private long _end;
    private long _capacity;
    private Exception? _failure;

    private Journal(IDisk disk, Chain chain, JournalOptions options)
    {
        _disk = disk;
        _chain = chain;
        _options = options;
        _preparation = new SegmentPreparation(disk, options.SegmentBytes, options.PrepareAhead);
        Recovered = new JournalContents([], [], null, true);
        BeginFrame();
    }

    /// <inheritdoc/>
    public JournalContents Recovered { get; private set; }

    /// <summary>How many segment files there are.</summary>
    public int Segments => _segments.Count;

    /// <summary>Whether a file of that name is a part of a journal that holds something: a prepared file that is not used yet does not.</summary>
    public static bool IsSegment(string fileName) => JournalSegment.TryParseName(fileName, out _);

    /// <summary>Opens the journal in a directory, making it when there is none, cutting a torn tail.</summary>
    /// <exception cref="JournalDamagedException">Something bad is followed by something good, or a file is missing from the row.</exception>
    /// <exception cref="ForeignFileException">It belongs to another chain or format.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static Journal Open(IDisk disk, Chain chain, JournalOptions? options = null)
    {
        var journal = new Journal(disk, chain, options ?? new JournalOptions());
        try
        {
            journal.Recover();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Append(Block block)
    {
        if (block.Encoded.Length > _chain.Limits.MaxBlockBytes)
        {
            throw new ArgumentException($"The block has {block.Encoded.Length} bytes, the chain's limit is {_chain.Limits.MaxBlockBytes}.", nameof(block));
        }

        Demand(8 + block.Encoded.Length);
        JournalRecords.Block(_staging, _state.NextSequence, block);
        if (_state.Store(block) is { } stored)
        {
            _stagedBlocks.Add(stored);
        }
    }

    /// <inheritdoc/>
    public void Append(SafetyRecord record)
    {
        if (record.Content.Length > SafetyRecord.MaxContentBytes)
        {
            throw new ArgumentException($"The record {record.Key} has {record.Content.Length} bytes, the limit is {SafetyRecord.MaxContentBytes}.", nameof(record));
        }

        Demand(9 + record.Content.Length);
        JournalRecords.Safety(_staging, record);
        _state.Persist(record);
    }

    /// <inheritdoc/>
    public void Discard(byte kind, ulong throughSlot)
    {
        Demand(9);
        JournalRecords.Discard(_staging, kind, throughSlot);
        _state.Discard(kind, throughSlot);
    }

    /// <inheritdoc/>
    public void MarkCommitted(Height height, Digest block)
    {
        Demand(8 + Digest.Size);
        JournalRecords.Commit(_staging, height, block);
        _state.Commit(height, block);
    }

    /// <inheritdoc/>
    public void Release(Height through)
    {
        if (through <= _state.Released || _failure is not null)
        {
            return;
        }

        // The record only spares the next start some blocks that the ledger has: without room for it nothing is lost.
        if (HasRoom(8))
        {
            JournalRecords.Release(_staging, through);
        }

        _state.Release(through);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        ThrowIfFailed();
        if (_staging.Length == JournalSegment.FrameHeaderBytes)
        {
            return;
        }

        if (_end + _staging.Length > _capacity)
        {
            Rotate();
        }
        else
        {
            WriteFrame();
        }

        foreach (StoredBlock stored in _stagedBlocks.Where(stored => !stored.IsDropped))
        {
            stored.MoveTo(_segments[^1]);
        }

        _stagedBlocks.Clear();
        BeginFrame();
        // Only now: what lets a segment go (marks, releases) must be durable before it goes.
        DropOldSegments();
        if (_end > _capacity / 2)
        {
            _preparation.Begin();
        }
    }

    /// <summary>Closes the files. What was appended since the last flush was promised to nobody and is dropped.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _preparation.Dispose();
    }

    private void Recover()
    {
        bool isNew = JournalRecovery.Read(_disk, _chain, _state, _segments, _options.Checksum, out long lastFrame, out _end) is false;
        if (!isNew)
        {
            _file = _disk.Open(_segments[^1].FileName);
            _capacity = _file.Length;
            CutTornTail();
            MakeDurable(lastFrame);
        }

        foreach (string name in _disk.List().Where(SegmentPreparation.IsTemporary))
        {
            _disk.Delete(name);
        }

        Recovered = _state.Contents(isNew);
        if (isNew)
        {
            Rotate();
            BeginFrame();
        }
    }

    // What a crash left behind the last good frame is made unreadable, so that it is the same after every later crash.
    private void CutTornTail()
    {
        Span<byte> rest = stackalloc byte[JournalSegment.FrameHeaderBytes];
        int read = _file!.Read(_end, rest);
        if (rest[..read].ContainsAnyExcept((byte)0))
        {
            _file.Write(_end, new byte[read]);
        }
    }

    // A process that was killed, or stopped by a failed flush, may have left its last frame and names in the kernel's memory only. After
    // a failed flush their pages may even count as clean: a flush writes them only when they are written anew. Frames before the last one
    // were flushed before it was written, and a segment's header before the segment had its name.
    private void MakeDurable(long lastFrame)
    {
        byte[] frame = [];
        if (!_segments[^1].TryReadFrame(_file!, lastFrame, ref frame, out int bytes))
        {
            throw new JournalDamagedException(_disk.Location, _file!.Name, lastFrame, "the frame was good a moment ago and reads differently now");
        }

        _file!.Write(lastFrame, frame.AsSpan(0, bytes));
        _file.Flush();
        _disk.Flush();
    }

    private void WriteFrame()
    {
        _segments[^1].SealFrame(_staging.Written, _end);
        try
        {
            _file!.Write(_end, _staging.Written);
        }
        catch (IOException failed)
        {
            Cut(failed);
            throw new JournalWriteException($"Writing {_staging.Length} bytes to {Where} failed: {failed.Message}. Nothing of it remains on disk; it will be written with the next flush.", failed);
        }

        Sync(_file);
        _end = JournalSegment.Align(_end + _staging.Length);
    }

    // The frame header is what makes a frame: without it, nothing that was written counts.
    private void Cut(IOException failed)
    {
        try
        {
            _file!.Write(_end, new byte[JournalSegment.FrameHeaderBytes]);
        }
        catch (IOException again)
        {
            throw Latch($"A write to {Where} failed ({failed.Message}) and what was written of it cannot be cut away", again);
        }
    }

    private void Sync(IDiskFile file)
    {
        try
        {
            file.Flush();
        }
        catch (IOException failed)
        {
            throw Latch($"The flush of {Where} failed", failed);
        }
    }

    // The next segment: header, everything that lives, and the turn, written as one frame before the file gets its name.
    private void Rotate()
    {
        List<StoredBlock> carried = BlocksToCarry();
        StagingBuffer first = CarryFrame(carried);
        var segment = new JournalSegment((_segments.Count == 0 ? 0 : _segments[^1].Number) + 1, (_options.Salt ?? Salts.Random)(), _end, _options.Checksum);
        IDiskFile file = WriteNewSegment(segment, first);
        try
        {
            _disk.Rename(file.Name, segment.FileName);
            _disk.Flush();
        }
        catch (IOException failed)
        {
            file.Dispose();
            throw Latch($"The new segment {segment.FileName} in {_disk.Location} may or may not have its name", failed);
        }

        _file?.Dispose();
        _file = file;
        _end = JournalSegment.Align(FileHeader.Bytes + first.Length);
        _capacity = file.Length;
        _segments.Add(segment);
        carried.ForEach(stored => stored.MoveTo(segment));
    }

    private IDiskFile WriteNewSegment(JournalSegment segment, StagingBuffer first)
    {
        IDiskFile? file = null;
        try
        {
            file = _preparation.Take(FileHeader.Bytes + first.Length);
            var header = new byte[FileHeader.Bytes];
            segment.WriteHeader(header, _chain);
            segment.SealFrame(first.Written, FileHeader.Bytes);
            file.Write(0, header);
            file.Write(FileHeader.Bytes, first.Written);
        }
        catch (IOException failed)
        {
            file?.Dispose();
            throw new JournalWriteException($"Making the next segment of the journal in {_disk.Location} failed: {failed.Message}. What was appended will be written with the next flush.", failed);
        }

        Sync(file);
        return file;
    }

    private StagingBuffer CarryFrame(List<StoredBlock> carried)
    {
        StagingBuffer frame = _firstFrame;
        frame.Clear();
        frame.Reserve(JournalSegment.FrameHeaderBytes).Clear();
        JournalRecords.Carry(frame, _state);
        foreach ((ulong height, Digest digest) in _state.Marks)
        {
            JournalRecords.Commit(frame, new Height(height), digest);
        }

        foreach (SafetyRecord record in _state.Records)
        {
            JournalRecords.Safety(frame, record);
        }

        foreach (StoredBlock stored in carried)
        {
            JournalRecords.Block(frame, stored.Sequence, stored.Block);
        }

        // The rest of the turn is in the state already.
        foreach (StoredBlock stored in _stagedBlocks.Where(stored => !stored.IsDropped))
        {
            JournalRecords.Block(frame, stored.Sequence, stored.Block);
        }

        return frame;
    }

    private List<StoredBlock> BlocksToCarry()
    {
        var sparse = new HashSet<JournalSegment>();
        foreach (JournalSegment oldest in _segments)
        {
            if (_segments.Count + 1 - sparse.Count <= _options.MaxSegments || oldest.LiveBytes > _options.SegmentBytes / 4)
            {
                break;
            }

            sparse.Add(oldest);
        }

        return sparse.Count == 0 ? [] : [.. _state.Blocks.Where(stored => stored.Segment is { } segment && sparse.Contains(segment))];
    }

    // Oldest first and never out of row: a gap in the row of segments is damage.
    private void DropOldSegments()
    {
        while (_segments.Count > 1 && _segments[0].LiveBlocks == 0)
        {
            try
            {
                _preparation.Retire(_segments[0].FileName);
            }
            catch (IOException failed)
            {
                _options.Warn?.Invoke($"The journal segment {_segments[0].FileName} in {_disk.Location} is not needed any more and could not be removed: {failed.Message}");
                return;
            }

            _segments.RemoveAt(0);
            try
            {
                _disk.Flush();
            }
            catch (IOException failed)
            {
                throw Latch($"The flush of the directory {_disk.Location} failed", failed);
            }
        }
    }

    private void BeginFrame()
    {
        _staging.Clear();
        _staging.Reserve(JournalSegment.FrameHeaderBytes).Clear();
    }

    private void Demand(int contentBytes)
    {
        ThrowIfFailed();
        if (HasRoom(contentBytes))
        {
            return;
        }

        if (JournalSegment.FrameHeaderBytes + JournalRecords.PrefixBytes + (long)contentBytes > _options.MaxTurnBytes)
        {
            throw new ArgumentException(
                $"A record of {contentBytes} bytes does not fit into the {_options.MaxTurnBytes} bytes that may wait for a flush of the journal in {_disk.Location}: raise {nameof(JournalOptions.MaxTurnBytes)}.");
        }

        // Nothing that depends on the turn has left yet, so that a part of it may be durable before the rest. When the disk is full this
        // throws, and the record was not taken.
        Flush();
    }

    private bool HasRoom(int contentBytes) => (long)_staging.Length + JournalRecords.PrefixBytes + contentBytes <= _options.MaxTurnBytes;

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new JournalFailedException($"{_failure.Message} Nothing is accepted until the validator is restarted.", _failure);
        }
    }

    private JournalFailedException Latch(string what, IOException failed)
    {
        var latched = new JournalFailedException($"{what}: {failed.Message}. What is on disk is unknown: the validator must stop voting and be restarted.", failed);
        _failure = latched;
        return latched;
    }

    private string Where => _segments.Count == 0 ? _disk.Location : Path.Combine(_disk.Location, _segments[^1].FileName);
}
