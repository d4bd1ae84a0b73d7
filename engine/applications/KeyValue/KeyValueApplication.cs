using Bft.Crypto;
using Bft.Crypto.Merkle;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Applications.KeyValue;

/// <summary>
/// The built-in application: keys and values over an authenticated tree. The tree holds SHA-256 of each key and value, brought up to
/// date once a block; a table holds the bytes. Queries run while a block executes and see committed heights only.
/// </summary>
/// <remarks>
/// Commands are <see cref="KeyValueCommand"/>, results <see cref="KeyValueCodes"/>. A block executes in two halves: <see cref="FinalizeBlock"/>
/// stages its changes and brings the tree to the new root, <see cref="Commit"/> puts the staged changes into the table.
/// </remarks>
public sealed partial class KeyValueApplication : IApplication
{
    /// <summary>The name in genesis.</summary>
    public const string GenesisName = "kv";

    private readonly Lock _gate = new();
    private readonly KeyValueOptions _options;
    private readonly DigestComparer _comparer;
    private readonly OverwrittenValues _overwritten;
    private readonly MessageBatch _batch = new();
    private readonly Dictionary<Digest, int> _changeOf;
    private readonly List<Change> _changes = [];
    private readonly List<byte[]?> _records = [];
    private Parsed[] _parsed = new Parsed[64];
    private Dictionary<Digest, byte[]> _table;
    private BucketTree _tree;
    private Height _committed;
    private Height? _finalized;

    /// <summary>Makes an application with an empty state.</summary>
    /// <param name="options">Null for the defaults.</param>
    public KeyValueApplication(KeyValueOptions? options = null)
    {
        _options = options ?? new KeyValueOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.History, 2, nameof(options));
        _comparer = new DigestComparer(_options.LookupSeed);
        _overwritten = new OverwrittenValues(_options.History, _options.HistoryBytes);
        _changeOf = new Dictionary<Digest, int>(_comparer);
        _table = new Dictionary<Digest, byte[]>(_comparer);
        _tree = new BucketTree(TreeOptions);
    }

    /// <inheritdoc/>
    public string Name => GenesisName;

    /// <summary>How many keys the last committed height has.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _table.Count;
            }
        }
    }

    private BucketTreeOptions TreeOptions => new() { History = _options.History, HistoryBytes = _options.HistoryBytes };

    /// <inheritdoc/>
    public Digest InitChain(Chain chain)
    {
        if (_committed.Value > 0 || _finalized is not null || _changes.Count > 0)
        {
            Replace(new Dictionary<Digest, byte[]>(_comparer), new BucketTree(TreeOptions), default);
        }

        return _tree.Root;
    }

    /// <inheritdoc/>
    public string? CheckTx(ReadOnlySpan<byte> command) =>
        KeyValueCommand.TryParse(command, out _, out KeyValueFault fault) ? null : KeyValueCommand.Describe(fault);

    /// <inheritdoc/>
    public Digest FinalizeBlock(BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
    {
        if (_finalized is not null || context.Height <= _committed)
        {
            throw new InvalidOperationException($"Height {context.Height} cannot be executed now: the last committed is {_committed}, {(_finalized is null ? "none" : _finalized)} is open.");
        }

        Parse(commands, codes);
        ReadOnlySpan<Digest> keyHashes = _batch.Hash();
        lock (_gate)
        {
            Stage(commands.Length, keyHashes, codes);
        }

        foreach (Change change in _changes)
        {
            if (!change.IsRemoval)
            {
                _batch.Add(ValueOf(commands, change.Command));
            }
        }

        ReadOnlySpan<Digest> valueHashes = _batch.Hash();
        BuildRecords(commands);
        lock (_gate)
        {
            int next = 0;
            foreach (Change change in _changes)
            {
                if (!change.IsRemoval && !_tree.TrySet(change.KeyHash, valueHashes[next++]))
                {
                    throw new InvalidOperationException($"Key hash {change.KeyHash} was given a place in the tree and has none.");
                }
            }

            _finalized = context.Height;
            return _tree.Commit(context.Height.Value);
        }
    }

    /// <inheritdoc/>
    public void Commit(Height height)
    {
        lock (_gate)
        {
            if (_finalized != height)
            {
                throw new InvalidOperationException($"Height {height} cannot be committed: {(_finalized is null ? "none" : _finalized)} is open.");
            }

            for (int i = 0; i < _changes.Count; i++)
            {
                Digest keyHash = _changes[i].KeyHash;
                _overwritten.Keep(keyHash, _table.GetValueOrDefault(keyHash));
                if (_records[i] is { } record)
                {
                    _table[keyHash] = record;
                }
                else
                {
                    _table.Remove(keyHash);
                }
            }

            _overwritten.End(height.Value);
            _committed = height;
            _finalized = null;
        }

        ClearStage();
    }

    /// <inheritdoc/>
    public QueryResult Query(ReadOnlySpan<byte> key, Height? proveAt)
    {
        Digest keyHash = HashFunction.Sha256.Hash(key);
        MerkleProof? proof = null;
        byte[]? record = null;
        Height height;
        Digest root;
        lock (_gate)
        {
            height = _committed;
            if (proveAt is { } wanted && _overwritten.Reaches(wanted.Value, _committed.Value) && _tree.TryProve(keyHash, wanted.Value, out proof))
            {
                height = wanted;
            }

            if (height == _committed || !_overwritten.TryFind(keyHash, height.Value, out record))
            {
                _table.TryGetValue(keyHash, out record);
            }

            if (!_tree.TryGetRoot(height.Value, out root))
            {
                throw new InvalidOperationException($"The tree lost the root of the committed height {height}.");
            }
        }

        return new QueryResult(record is not null, record is null ? default : KeyValueRecord.ValueOf(record), height, root, proof?.ToArray());
    }

    private void Replace(Dictionary<Digest, byte[]> table, BucketTree tree, Height height)
    {
        lock (_gate)
        {
            _table = table;
            _tree = tree;
            _committed = height;
            _finalized = null;
            _overwritten.Clear();
        }

        ClearStage();
    }

    /// <summary>Parses the commands and collects the keys for hashing, in their order.</summary>
    private void Parse(ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
    {
        if (_parsed.Length < commands.Length)
        {
            _parsed = new Parsed[Math.Max(commands.Length, 2 * _parsed.Length)];
        }

        for (int i = 0; i < commands.Length; i++)
        {
            if (KeyValueCommand.TryParse(commands[i].Span, out KeyValueCommand command, out _))
            {
                codes[i] = KeyValueCodes.Ok;
                _parsed[i] = new Parsed(command.Operation, command.Key.Length);
                if (command.Operation != KeyValueOperation.Barrier)
                {
                    _batch.Add(KeyOf(commands, i));
                }
            }
            else
            {
                codes[i] = KeyValueCodes.Malformed;
                _parsed[i] = default;
            }
        }
    }

    /// <summary>Runs the commands in their order against table and stage; new keys take their place in the tree, removed ones leave it.</summary>
    private void Stage(int count, ReadOnlySpan<Digest> keyHashes, Span<byte> codes)
    {
        int next = 0;
        for (int i = 0; i < count; i++)
        {
            KeyValueOperation operation = _parsed[i].Operation;
            if (operation is not (KeyValueOperation.Put or KeyValueOperation.Delete))
            {
                continue;
            }

            Digest keyHash = keyHashes[next++];
            bool staged = _changeOf.TryGetValue(keyHash, out int index);
            bool present = staged ? !_changes[index].IsRemoval : _table.ContainsKey(keyHash);
            bool removes = operation == KeyValueOperation.Delete;
            if (!present && (removes || !_tree.TrySet(keyHash, Digest.None)))
            {
                codes[i] = removes ? KeyValueCodes.Absent : KeyValueCodes.Full;
                continue;
            }

            if (removes)
            {
                _tree.Remove(keyHash);
            }

            var change = new Change(keyHash, removes ? Change.Removal : i);
            if (staged)
            {
                _changes[index] = change;
            }
            else
            {
                _changeOf.Add(keyHash, _changes.Count);
                _changes.Add(change);
            }
        }
    }

    private void BuildRecords(ReadOnlySpan<ReadOnlyMemory<byte>> commands)
    {
        foreach (Change change in _changes)
        {
            _records.Add(change.IsRemoval ? null : KeyValueRecord.Of(KeyOf(commands, change.Command).Span, ValueOf(commands, change.Command).Span));
        }
    }

    private void ClearStage()
    {
        _changeOf.Clear();
        _changes.Clear();
        _records.Clear();
    }

    private ReadOnlyMemory<byte> KeyOf(ReadOnlySpan<ReadOnlyMemory<byte>> commands, int index) =>
        commands[index].Slice(KeyValueCommand.KeyOffset, _parsed[index].KeyLength);

    private ReadOnlyMemory<byte> ValueOf(ReadOnlySpan<ReadOnlyMemory<byte>> commands, int index) =>
        commands[index][KeyValueCommand.ValueOffset(_parsed[index].KeyLength)..];

    private readonly record struct Parsed(KeyValueOperation Operation, int KeyLength);

    /// <summary>The last thing a block does to a key.</summary>
    private readonly record struct Change(Digest KeyHash, int Command)
    {
        public const int Removal = -1;

        public bool IsRemoval => Command == Removal;
    }
}
