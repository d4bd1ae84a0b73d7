using System.Threading.Channels;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Ledger;

/// <summary>
/// What people search the chain by: blocks by height, digest and prefix of a digest, validators, evidence. A LiteDB file that is derived
/// from the ledger, written behind by one thread of its own, and made anew when it is missing, stale, damaged or of another chain.
/// </summary>
/// <remarks>
/// It may be behind and it may be given up without hurting anyone: <see cref="Add(CommittedBlock)"/> neither blocks nor throws, queries
/// answer "nothing". Blocks that did not fit into the queue are read from the ledger. Evidence is not in the ledger: whenever the file is opened
/// or made anew, it is copied from where it is kept (<see cref="EvidenceFile"/>).
/// </remarks>
public sealed class QueryIndex : IDisposable
{
    private readonly string _path;
    private readonly Chain _chain;
    private readonly ILedger _ledger;
    private readonly IReadOnlyList<IndexedValidator> _validators;
    private readonly Func<IReadOnlyList<Evidence>> _kept;
    private readonly QueryIndexOptions _options;
    private readonly Channel<Entry> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly ReaderWriterLockSlim _use = new();
    private readonly List<EvidenceDocument> _evidence = [];
    private readonly List<TaskCompletionSource> _waiting = [];
    private readonly Thread? _writer;
    private readonly FileStream? _lock;
    private IndexDatabase? _database;
    private int _attempts;
    private ulong _height;
    private volatile string? _reason;
    private volatile string? _damage;
    private volatile bool _enabled = true;

    private QueryIndex(string directory, Chain chain, ILedger ledger, IReadOnlyList<IndexedValidator> validators, Func<IReadOnlyList<Evidence>> kept, QueryIndexOptions options)
    {
        _path = Path.Combine(Path.GetFullPath(directory), "index.db");
        _chain = chain;
        _ledger = ledger;
        _validators = validators;
        _kept = kept;
        _options = options;
        _queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
        try
        {
            _lock = Lock(directory);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            GiveUp($"The index in {directory} cannot be locked, or is in use by another process: {failed.Message}");
            return;
        }

        _writer = new Thread(WriteBehind) { IsBackground = true, Name = "query index", Priority = ThreadPriority.BelowNormal };
        _writer.Start();
    }

    /// <summary>What it is doing.</summary>
    public QueryIndexStatus Status => new(_enabled, Volatile.Read(ref _height), _ledger.Height.Value, _reason);

    /// <summary>Starts the index in a home directory (<c>index.db</c>). Whatever is wrong with it is in <see cref="Status"/>, not an exception.</summary>
    /// <param name="directory">The home.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="ledger">What it is derived from; read by the index's thread.</param>
    /// <param name="validators">The committee as genesis names it.</param>
    /// <param name="evidence">Everything that is known against validators; asked by the index's thread whenever it opens or makes the file.</param>
    /// <param name="options">Local settings.</param>
    public static QueryIndex Open(
        string directory, Chain chain, ILedger ledger, IReadOnlyList<IndexedValidator> validators, Func<IReadOnlyList<Evidence>> evidence, QueryIndexOptions? options = null) =>
        new(directory, chain, ledger, validators, evidence, options ?? new QueryIndexOptions());

    /// <summary>Hands in a block that is in the ledger. Neither blocks nor throws.</summary>
    public void Add(CommittedBlock block)
    {
        if (_enabled)
        {
            _queue.Writer.TryWrite(new Entry(BlockDocument.Of(block.Block), null, null));
        }
    }

    /// <summary>Hands in evidence that is kept elsewhere. Neither blocks nor throws; false when the queue is full: it is in the index after the next start.</summary>
    public bool Add(Evidence evidence) => _enabled && _queue.Writer.TryWrite(new Entry(null, EvidenceDocument.Of(evidence), null));

    /// <summary>Completes when everything that was handed in before is written, or the index is given up.</summary>
    public async Task WhenWritten(CancellationToken cancellation = default)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _queue.Writer.WriteAsync(new Entry(null, null, written), cancellation);
        }
        catch (ChannelClosedException)
        {
            return;
        }

        await written.Task.WaitAsync(cancellation);
    }

    /// <summary>The block of a height, or null.</summary>
    public IndexedBlock? ByHeight(Height height) => Query(database => database.Blocks.FindById((long)height.Value)?.Read(), null);

    /// <summary>The block with a digest, or null.</summary>
    public IndexedBlock? ByDigest(Digest digest)
    {
        string text = digest.ToString();
        return Query(database => database.Blocks.FindOne(block => block.Digest == text)?.Read(), null);
    }

    /// <summary>The newest blocks, newest first.</summary>
    public IReadOnlyList<IndexedBlock> Latest(int count) =>
        Query<IReadOnlyList<IndexedBlock>>(database => [.. database.Blocks.Find(LiteDB.Query.All(LiteDB.Query.Descending), 0, count).Select(block => block.Read())], []);

    /// <summary>At most <paramref name="count"/> blocks from a height on, in ascending order.</summary>
    public IReadOnlyList<IndexedBlock> Range(Height from, int count) => Query<IReadOnlyList<IndexedBlock>>(
        database => [.. database.Blocks.Find(LiteDB.Query.Between("_id", (long)from.Value, (long)from.Value + count - 1), 0, count).OrderBy(block => block.Height).Select(block => block.Read())], []);

    /// <summary>At most <paramref name="count"/> blocks whose digest starts with these hexadecimal digits; none for anything else than digits.</summary>
    public IReadOnlyList<IndexedBlock> Search(string digits, int count)
    {
        if (digits.Length is 0 or > 2 * Digest.Size || !digits.All(char.IsAsciiHexDigit))
        {
            return [];
        }

        string lower = digits.ToLowerInvariant();
        return Query<IReadOnlyList<IndexedBlock>>(database => [.. database.Blocks.Find(LiteDB.Query.StartsWith("Digest", lower), 0, count).Select(block => block.Read())], []);
    }

    /// <summary>The validators.</summary>
    public IReadOnlyList<IndexedValidator> Validators() => Query<IReadOnlyList<IndexedValidator>>(
        database => [.. database.Validators.FindAll().Select(validator => new IndexedValidator(new ReplicaId(validator.Id), validator.Name, validator.PeerAddress, validator.ClientAddress))], []);

    /// <summary>At most <paramref name="count"/> pieces of evidence.</summary>
    public IReadOnlyList<Evidence> Evidence(int count) =>
        Query<IReadOnlyList<Evidence>>(database => [.. database.Evidence.Find(LiteDB.Query.All(), 0, count).Select(evidence => evidence.Read())], []);

    /// <summary>Writes nothing more and closes the file.</summary>
    public void Dispose()
    {
        _enabled = false;
        _stop.Cancel();
        _queue.Writer.TryComplete();
        _writer?.Join();
        _lock?.Dispose();
        // _use holds nothing unless threads wait on it, and a late query may still ask for it.
        _stop.Dispose();
    }

    // The operating system lets go when the process dies, however it dies.
    private static FileStream Lock(string directory)
    {
        Directory.CreateDirectory(directory);
        return new FileStream(Path.Combine(directory, "index.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    private T Query<T>(Func<IndexDatabase, T> query, T nothing)
    {
        if (!_enabled)
        {
            return nothing;
        }

        _use.EnterReadLock();
        try
        {
            return _database is null ? nothing : query(_database);
        }
        catch (Exception failed)
        {
            // A damaged page makes LiteDB throw nearly anything: the writer makes the file anew.
            _damage = $"a query failed ({failed.GetType().Name}: {failed.Message})";
            _queue.Writer.TryWrite(default);
            return nothing;
        }
        finally
        {
            _use.ExitReadLock();
        }
    }

    private void WriteBehind()
    {
        try
        {
            while (_enabled && !_stop.IsCancellationRequested)
            {
                try
                {
                    Demand();
                    WriteBatch();
                }
                catch (OperationCanceledException)
                {
                    break;
                }
                catch (Exception failed)
                {
                    // Disk full, damage, a bug in the library: the index is worth nothing without its file, and nobody else may suffer.
                    _damage = $"writing failed ({failed.GetType().Name}: {failed.Message})";
                }
            }
        }
        finally
        {
            Close();
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out Entry entry))
            {
                Keep(entry);
            }

            _waiting.ForEach(waiting => waiting.TrySetResult());
        }
    }

    // Sees to a database that fits the ledger.
    private void Demand()
    {
        if (_database is not null && _damage is null)
        {
            return;
        }

        string? damage = _damage;
        IndexDatabase? opened = damage is null ? IndexDatabase.TryOpen(_path, _chain, _ledger, out damage) : null;
        if (opened is null)
        {
            if (!string.IsNullOrEmpty(damage))
            {
                _reason = damage;
                _options.Warn?.Invoke($"The index {_path} is made anew: {damage}.");
                if (_attempts++ >= _options.Attempts)
                {
                    GiveUp(damage);
                    return;
                }
            }

            Close();
            opened = IndexDatabase.Create(_path, _chain);
        }

        try
        {
            opened.Write([], [.. _kept().Select(EvidenceDocument.Of)]);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        _use.EnterWriteLock();
        _database = opened;
        _damage = null;
        _use.ExitWriteLock();
        Volatile.Write(ref _height, opened.Height);
        foreach (IndexedValidator validator in _validators)
        {
            opened.Validators.Upsert(new ValidatorDocument { Id = validator.Id.Value, Name = validator.Name, PeerAddress = validator.PeerAddress, ClientAddress = validator.ClientAddress });
        }
    }

    private void WriteBatch()
    {
        if (!_enabled)
        {
            return;
        }

        List<BlockDocument> taken = Take();
        ulong next = _database!.Height + 1;
        var blocks = new List<BlockDocument>();
        foreach (BlockDocument block in taken)
        {
            AddFromLedger(blocks, ref next, (ulong)block.Height - 1);
            if ((ulong)block.Height == next)
            {
                blocks.Add(block);
                next++;
            }
        }

        AddFromLedger(blocks, ref next, _ledger.Height.Value);
        if (blocks.Count > 0 || _evidence.Count > 0)
        {
            _database.Write(blocks, _evidence);
            _evidence.Clear();
            Volatile.Write(ref _height, _database.Height);
            _options.Progress?.Invoke(Status);
        }

        // "Everything" includes what the queue had no room for, and what a damaged file has to get again.
        if (_database.Height >= _ledger.Height.Value && _damage is null)
        {
            _waiting.ForEach(waiting => waiting.TrySetResult());
            _waiting.Clear();
        }
    }

    // What waits in the queue; without anything to do, waits for the first entry. Unless far behind, lets others gather.
    private List<BlockDocument> Take()
    {
        if (_database!.Height >= _ledger.Height.Value && _waiting.Count == 0 && !_queue.Reader.TryPeek(out _))
        {
            _queue.Reader.WaitToReadAsync(_stop.Token).AsTask().GetAwaiter().GetResult();
        }

        bool catchesUp = _database.Height + (ulong)_options.BatchBlocks <= _ledger.Height.Value;
        if (!catchesUp)
        {
            _stop.Token.WaitHandle.WaitOne(_options.WriteInterval);
            _stop.Token.ThrowIfCancellationRequested();
        }

        var blocks = new List<BlockDocument>();
        while (blocks.Count < _options.BatchBlocks && _evidence.Count < _options.BatchBlocks && _queue.Reader.TryRead(out Entry entry))
        {
            Keep(entry);
            if (entry.Block is not null)
            {
                blocks.Add(entry.Block);
            }
        }

        return blocks;
    }

    // What is not in the ledger outlives a batch that fails.
    private void Keep(Entry entry)
    {
        if (entry.Evidence is not null)
        {
            _evidence.Add(entry.Evidence);
        }

        if (entry.Written is not null)
        {
            _waiting.Add(entry.Written);
        }
    }

    private void AddFromLedger(List<BlockDocument> blocks, ref ulong next, ulong through)
    {
        for (; next <= through && blocks.Count < _options.BatchBlocks && _ledger.Read(new Height(next)) is { } committed; next++)
        {
            blocks.Add(BlockDocument.Of(committed.Block));
        }
    }

    private void Close()
    {
        _use.EnterWriteLock();
        try
        {
            _database?.Dispose();
        }
        catch (Exception failed)
        {
            // Closing writes what is pending; a file that fails here is found out at the next start.
            _options.Warn?.Invoke($"The index {_path} could not be closed properly: {failed.Message}");
        }
        finally
        {
            _database = null;
            _use.ExitWriteLock();
        }
    }

    private void GiveUp(string reason)
    {
        _reason = reason;
        _enabled = false;
        _queue.Writer.TryComplete();
        _options.Warn?.Invoke($"The index {_path} is given up until the next start, queries find nothing: {reason}");
    }

    private readonly record struct Entry(BlockDocument? Block, EvidenceDocument? Evidence, TaskCompletionSource? Written);
}
