namespace Bft.Ledger.Disks;

/// <summary>What a crash does to writes, lengths and names that were not flushed.</summary>
public enum CrashLoss
{
    /// <summary>Nothing: the process died, the machine did not. A later crash of the machine still loses what was not flushed.</summary>
    None,

    /// <summary>Everything that was not flushed is gone.</summary>
    All,

    /// <summary>Each 512-byte sector of each write survives or not by itself, lengths stop anywhere, names survive up to some change.</summary>
    Torn,

    /// <summary>Each unflushed write survives or not as a whole, whatever order they were made in: a later one may be there without an earlier one.</summary>
    Reordered,
}

/// <summary>
/// A directory in memory that fails like a real disk: what was not flushed is lost or torn in a crash, flushes fail and take the
/// pages with them, space runs out in the middle of a write, bits flip. Deterministic: the same calls and seeds give the same bytes.
/// </summary>
public sealed class MemoryDisk : IDisk
{
    private const int SectorBytes = 512;
    private const int NoSpaceError = 28; // ENOSPC

    private readonly Lock _gate = new();
    private readonly List<Action<SortedDictionary<string, Content>>> _unflushedNames = [];
    private SortedDictionary<string, Content> _names = new(StringComparer.Ordinal);
    private SortedDictionary<string, Content> _durableNames = new(StringComparer.Ordinal);
    private int _life;
    private int _failingFlushes;
    private int _flushesBeforeFailing;
    private long? _writableBytes;
    private bool _failsOnce;

    /// <inheritdoc/>
    public string Location => "memory";

    /// <summary>The most bytes all files together may have; a write beyond it stops in the middle. Null for no limit.</summary>
    public long? CapacityBytes { get; set; }

    /// <summary>How many flushes of files succeeded or failed.</summary>
    public int FileFlushes { get; private set; }

    /// <summary>How many writes were asked for.</summary>
    public int Writes { get; private set; }

    /// <summary>Lets flushes (of files or the directory) fail; their pages are never written, as under Linux.</summary>
    /// <param name="count">How many fail.</param>
    /// <param name="after">How many succeed before that.</param>
    public void FailFlushes(int count = 1, int after = 0) => (_failingFlushes, _flushesBeforeFailing) = (count, after);

    /// <summary>Lets that many more bytes be written; the write that passes the limit is partial and fails.</summary>
    /// <param name="bytes">How many bytes go through.</param>
    /// <param name="once">True when the disk has space again after that write; else <see cref="HealWrites"/> gives it back.</param>
    public void FailWritesAfter(long bytes, bool once = false) => (_writableBytes, _failsOnce) = (bytes, once);

    /// <summary>Ends the effect of <see cref="FailWritesAfter"/>.</summary>
    public void HealWrites() => _writableBytes = null;

    /// <summary>Flips bits of one byte, in memory and on the medium.</summary>
    public void Flip(string name, long offset, byte mask = 1)
    {
        lock (_gate)
        {
            Content content = Find(name);
            content.Flip(offset, mask);
        }
    }

    /// <summary>A copy of a file's bytes.</summary>
    public byte[] ReadAll(string name)
    {
        lock (_gate)
        {
            Content content = Find(name);
            return content.ToArray();
        }
    }

    /// <summary>Puts a file there with these bytes, durably.</summary>
    public void Put(string name, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var content = new Content();
            content.Write(0, bytes);
            content.MakeDurable();
            _names[name] = content;
            _durableNames[name] = content;
        }
    }

    /// <summary>A disk with the same files, everything on it durable: the starting point of one more crash.</summary>
    public MemoryDisk Copy()
    {
        var copy = new MemoryDisk();
        lock (_gate)
        {
            foreach ((string name, Content content) in _names)
            {
                copy.Put(name, content.ToArray());
            }
        }

        return copy;
    }

    /// <summary>Crashes: open files die, unflushed changes are treated as told; pending faults are over.</summary>
    /// <param name="loss">What happens to unflushed changes.</param>
    /// <param name="seed">Decides which sectors survive under <see cref="CrashLoss.Torn"/>.</param>
    public void Crash(CrashLoss loss = CrashLoss.All, int seed = 0)
    {
        lock (_gate)
        {
            _life++;
            _failingFlushes = 0;
            _writableBytes = null;
            if (loss == CrashLoss.None)
            {
                // What was not flushed is still not: only the machine's crash loses it.
                return;
            }

            var random = new Random(seed);
            int kept = loss == CrashLoss.All ? 0 : random.Next(_unflushedNames.Count + 1);
            foreach (Action<SortedDictionary<string, Content>> change in _unflushedNames.Take(kept))
            {
                change(_durableNames);
            }

            _unflushedNames.Clear();
            _names = new SortedDictionary<string, Content>(_durableNames, StringComparer.Ordinal);
            foreach (Content content in _names.Values)
            {
                content.Crash(loss, random);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        lock (_gate)
        {
            return [.. _names.Keys];
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string name, bool writable = true)
    {
        lock (_gate)
        {
            return new OpenFile(this, name, Find(name), writable);
        }
    }

    /// <inheritdoc/>
    public IDiskFile Create(string name)
    {
        lock (_gate)
        {
            var content = new Content();
            Change(names => names[name] = content);
            return new OpenFile(this, name, content, writable: true);
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            _ = Find(from);
            Change(names =>
            {
                if (names.Remove(from, out Content? content))
                {
                    names[to] = content;
                }
            });
        }
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        lock (_gate)
        {
            Change(names => names.Remove(name));
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        lock (_gate)
        {
            FailFlushIfTold();
            _unflushedNames.Clear();
            _durableNames = new SortedDictionary<string, Content>(_names, StringComparer.Ordinal);
        }
    }

    private Content Find(string name) =>
        _names.TryGetValue(name, out Content? content) ? content : throw new FileNotFoundException($"There is no file {name}.", name);

    private void Change(Action<SortedDictionary<string, Content>> change)
    {
        change(_names);
        _unflushedNames.Add(change);
    }

    private void FailFlushIfTold()
    {
        if (_failingFlushes > 0 && _flushesBeforeFailing-- <= 0)
        {
            _failingFlushes--;
            throw new IOException("Input/output error", 5);
        }
    }

    // How many of the bytes of this write go through before the disk refuses.
    private int Allowed(Content content, long offset, int bytes)
    {
        long allowed = Math.Min(bytes, _writableBytes ?? long.MaxValue);
        if (CapacityBytes is { } capacity)
        {
            long free = capacity - _names.Values.Sum(other => (long)other.Length);
            allowed = Math.Min(allowed, Math.Max(0, content.Length - offset) + Math.Max(0, free));
        }

        _writableBytes = _failsOnce && allowed < bytes ? null : _writableBytes - allowed;
        return (int)Math.Max(0, allowed);
    }

    private sealed class Content
    {
        private readonly List<(int Offset, int Length)> _unflushed = [];

        private SparseBytes _current = new();
        private SparseBytes _durable = new();
        private int _durableLength;

        public int Length { get; private set; }

        public void Read(long offset, Span<byte> destination) => _current.Read(offset, destination);

        public byte[] ToArray()
        {
            var bytes = new byte[Length];
            Read(0, bytes);
            return bytes;
        }

        public void Flip(long offset, byte mask)
        {
            if ((ulong)offset >= (ulong)Length)
            {
                throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The file has {Length} bytes.");
            }

            _current[offset] ^= mask;
            if (offset < _durableLength)
            {
                _durable[offset] ^= mask;
            }
        }

        public void Write(int offset, ReadOnlySpan<byte> bytes)
        {
            if (bytes.IsEmpty)
            {
                return;
            }

            Length = Math.Max(Length, offset + bytes.Length);
            _current.Write(offset, bytes);
            _unflushed.Add((offset, bytes.Length));
        }

        public void SetLength(int length)
        {
            if (length < Length)
            {
                _current.Clear(length, Length - length);
            }

            Length = length;
        }

        public void MakeDurable()
        {
            if (_durableLength > Length)
            {
                _durable.Clear(Length, _durableLength - Length);
            }

            foreach ((int offset, int length) in _unflushed)
            {
                _durable.CopyFrom(_current, offset, Math.Min(offset + length, Length) - offset);
            }

            _durableLength = Length;
            _unflushed.Clear();
        }

        // The kernel marks the pages clean after a failed flush: a later one has nothing to write for them.
        public void Forget() => _unflushed.Clear();

        public void Crash(CrashLoss loss, Random random)
        {
            int length = _durableLength;
            if (loss is CrashLoss.Torn or CrashLoss.Reordered)
            {
                length = random.Next(Math.Min(Length, _durableLength), Math.Max(Length, _durableLength) + 1);
            }

            var bytes = new SparseBytes();
            bytes.CopyFrom(_durable, 0, Math.Min(length, _durableLength));
            if (loss == CrashLoss.Torn)
            {
                KeepSomeSectors(bytes, length, random);
            }
            else if (loss == CrashLoss.Reordered)
            {
                KeepSomeWrites(bytes, length, random);
            }

            _current = bytes;
            Length = length;
            _durable = new SparseBytes();
            _durable.CopyFrom(bytes, 0, length);
            _durableLength = length;
            _unflushed.Clear();
        }

        private void KeepSomeSectors(SparseBytes bytes, int length, Random random)
        {
            foreach ((int offset, int count) in _unflushed)
            {
                for (int start = offset; start < offset + count;)
                {
                    int end = Math.Min(offset + count, (start / SectorBytes + 1) * SectorBytes);
                    int usable = Math.Min(end, Math.Min(length, Length));
                    if (random.Next(2) == 0)
                    {
                        bytes.CopyFrom(_current, start, usable - start);
                    }

                    start = end;
                }
            }
        }

        private void KeepSomeWrites(SparseBytes bytes, int length, Random random)
        {
            foreach ((int offset, int count) in _unflushed)
            {
                int usable = Math.Min(offset + count, Math.Min(length, Length));
                if (random.Next(2) == 0)
                {
                    bytes.CopyFrom(_current, offset, usable - offset);
                }
            }
        }
    }

    private sealed class OpenFile(MemoryDisk disk, string name, Content content, bool writable) : IDiskFile
    {
        private readonly int _life = disk._life;
        private bool _closed;

        public string Name => name;

        public long Length
        {
            get
            {
                lock (disk._gate)
                {
                    return Alive().Length;
                }
            }
        }

        public int Read(long offset, Span<byte> destination)
        {
            lock (disk._gate)
            {
                Content alive = Alive();
                if (offset >= alive.Length)
                {
                    return 0;
                }

                int count = Math.Min(destination.Length, alive.Length - (int)offset);
                alive.Read(offset, destination[..count]);
                return count;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (disk._gate)
            {
                Content alive = Writable();
                disk.Writes++;
                int allowed = disk.Allowed(alive, offset, bytes.Length);
                alive.Write(checked((int)offset), bytes[..allowed]);
                if (allowed < bytes.Length)
                {
                    throw new IOException("No space left on device", NoSpaceError);
                }
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                Content alive = Writable();
                if (length > alive.Length && disk.Allowed(alive, alive.Length, checked((int)(length - alive.Length))) < length - alive.Length)
                {
                    throw new IOException("No space left on device", NoSpaceError);
                }

                alive.SetLength(checked((int)length));
            }
        }

        public void Flush()
        {
            lock (disk._gate)
            {
                Content alive = Writable();
                disk.FileFlushes++;
                try
                {
                    disk.FailFlushIfTold();
                }
                catch (IOException)
                {
                    alive.Forget();
                    throw;
                }

                alive.MakeDurable();
            }
        }

        public void Dispose() => _closed = true;

        private Content Writable() => writable ? Alive() : throw new IOException($"{name} was opened for reading.");

        private Content Alive()
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return _life == disk._life ? content : throw new IOException($"{name} was open when the disk crashed.");
        }
    }
}
