using System.Globalization;
using System.Text;
using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Simulation.Clients;

/// <summary>How a client behaves.</summary>
public sealed record ClientOptions
{
    /// <summary>Keys in use, shared by all clients: few, so that they meet.</summary>
    public int Keys { get; init; } = 5;

    /// <summary>Reads among its operations, in a hundred.</summary>
    public int ReadPercent { get; init; } = 25;

    /// <summary>Deletes among its operations, in a hundred.</summary>
    public int DeletePercent { get; init; } = 10;

    /// <summary>The longest pause between an answer and the next question.</summary>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long it waits for an answer before it asks everybody (again).</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The longest value in bytes.</summary>
    public int MaxValueBytes { get; init; } = 64;
}

/// <summary>
/// A client as the client library is one: one operation at a time; writes go to one replica or all and count when f+1 replicas give equal receipts; reads ask
/// everybody and count when a quorum gives equal answers from states at least as new as its read index, else after a barrier. It repeats the same bytes
/// until it is answered. Every operation is kept in the world's history.
/// </summary>
public sealed class SimulatedClient : IActor
{
    private const int NextEvent = 0;
    private const int ImpatientEvent = 1;

    /// <summary>Quorum reads that may fail to agree before a barrier orders the next one.</summary>
    private const int QuorumReadsBeforeBarrier = 3;

    private readonly SimulatedWorld _world;
    private readonly ISigner? _signer;
    private readonly ClientOptions _options;
    private readonly Randomness _random;
    private readonly byte[] _name = new byte[32];
    private readonly Dictionary<int, Receipt> _receipts = [];
    private readonly Dictionary<int, (string? Value, Height Height)> _answers = [];
    private ulong _sequence = 1;
    private ulong _nonce;
    private ulong _values;
    private int _failedReads;
    private Operation? _operation;
    private Run? _run;
    private Height? _barrier;
    private byte[] _key = [];
    private bool _toAll;

    internal SimulatedClient(SimulatedWorld world, int number, ISigner? signer, ClientOptions options, Randomness random)
    {
        _world = world;
        _signer = signer;
        _options = options;
        _random = random;
        Number = number;
        BitConverter.TryWriteBytes(_name, number + 1);
        Identity = signer is null ? Run.ClientId(world.Chain, Run.Unsigned, _name) : Run.ClientId(world.Chain, signer.Scheme.Code, signer.PublicKey.Span);
    }

    /// <summary>Its number in the world.</summary>
    public int Number { get; }

    /// <summary>Its identity on the chain.</summary>
    public Digest Identity { get; }

    /// <summary>Operations that were answered.</summary>
    public int Done { get; private set; }

    /// <summary>True while it waits for an answer.</summary>
    public bool Waiting => _operation is not null;

    /// <summary>When set, it asks for nothing new.</summary>
    public bool Resting { get; set; }

    void IActor.Act(int code, long argument, object? payload)
    {
        if (code == NextEvent)
        {
            Next();
        }
        else if (argument == (long)_nonce && _operation is not null)
        {
            Repeat();
        }
    }

    /// <summary>Begins to ask.</summary>
    internal void Begin() => Pause();

    /// <summary>Asks for one operation more, also while it rests.</summary>
    internal void Probe()
    {
        if (_operation is null)
        {
            Write(OperationKind.Put, "probe");
        }
    }

    /// <summary>Asks for one write by a script: to every replica at once.</summary>
    /// <exception cref="InvalidOperationException">It waits for an answer.</exception>
    public Operation Put(string key)
    {
        DemandRest();
        _toAll = true;
        Write(OperationKind.Put, key);
        return _operation!;
    }

    /// <summary>Asks for one read by a script.</summary>
    /// <inheritdoc cref="Put" path="/exception"/>
    public Operation Get(string key)
    {
        DemandRest();
        Read(key);
        return _operation!;
    }

    private void DemandRest()
    {
        if (_operation is not null)
        {
            throw new InvalidOperationException($"Client {Number} waits for an answer and asks one thing at a time.");
        }
    }

    internal bool Waits(in Receipt receipt) => _run is { } run && receipt.First == run.First;

    internal void Take(ReplicaId from, Receipt receipt)
    {
        if (_run is not { } run || receipt.First != run.First || receipt.Count != run.Count || receipt.Height.Value == 0)
        {
            return;
        }

        _receipts[from.Value] = receipt;
        ReplicaSet equal = ReplicaSet.Empty;
        foreach ((int id, Receipt other) in _receipts)
        {
            if (other.Height == receipt.Height && other.Codes.Span.SequenceEqual(receipt.Codes.Span))
            {
                equal = equal.With(new ReplicaId(id));
            }
        }

        if (!_world.Options.ClientRules.BelievesReceipts(_world.Chain.Committee, equal))
        {
            return;
        }

        _run = null;
        _receipts.Clear();
        if (_operation!.Kind == OperationKind.Read)
        {
            _barrier = receipt.Height;
            AskAll();
            return;
        }

        _operation.Result = receipt.CodeAt(0) == KeyValueCodes.Ok ? "found" : null;
        Finish();
    }

    internal void Take(ReplicaId from, ulong nonce, bool found, byte[] value, Height height)
    {
        if (nonce != _nonce || _operation is not { Kind: OperationKind.Read } || _run is not null || height < (_barrier ?? default))
        {
            return;
        }

        string? text = found ? Encoding.UTF8.GetString(value) : null;
        _answers[from.Value] = (text, height);
        ReplicaSet equal = ReplicaSet.Empty;
        foreach ((int id, (string? other, _)) in _answers)
        {
            if (other == text)
            {
                equal = equal.With(new ReplicaId(id));
            }
        }

        ClientRules rules = _world.Options.ClientRules;
        if (_barrier is null ? rules.BelievesUnordered(_world.Chain.Committee, equal) : rules.BelievesOrdered(_world.Chain.Committee, equal))
        {
            _operation.Result = text;
            Finish();
        }
    }

    private void Next()
    {
        if (Resting || _operation is not null)
        {
            return;
        }

        int drawn = _random.Below(100);
        string key = "k" + _random.Below(_options.Keys).ToString(CultureInfo.InvariantCulture);
        if (drawn < _options.ReadPercent)
        {
            Read(key);
        }
        else
        {
            Write(drawn < _options.ReadPercent + _options.DeletePercent ? OperationKind.Delete : OperationKind.Put, key);
        }
    }

    private void Write(OperationKind kind, string key)
    {
        string? value = kind == OperationKind.Put ? NewValue() : null;
        BeginOperation(kind, key, value);
        Order(value is null ? KeyValueCommand.Delete(Encoding.UTF8.GetBytes(key)) : KeyValueCommand.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)));
    }

    private void Read(string key)
    {
        BeginOperation(OperationKind.Read, key, null);
        _key = Encoding.UTF8.GetBytes(key);
        _barrier = null;
        _failedReads = 0;
        AskAll();
    }

    // Every value is written once, so that a read tells which write it saw.
    private string NewValue()
    {
        string value = $"{Number}.{++_values}.";
        return value + new string('x', _random.Below(_options.MaxValueBytes));
    }

    private void BeginOperation(OperationKind kind, string key, string? value)
    {
        _operation = new Operation { Client = Number, Kind = kind, Key = key, Value = value, Invoked = _world.Time.Now };
        _world.History.Begin(_operation);
    }

    // Puts a command into the chain's order.
    private void Order(byte[] command)
    {
        _run = _signer is null
            ? Run.WithoutSignature(_world.Chain, _name, _sequence, [command])
            : Run.Sign(_world.Chain, _signer, _sequence, [command]);
        _sequence++;
        _world.Runs.Sign(_run);
        _receipts.Clear();
        int replicas = _world.Chain.Committee.Size;
        if (_random.Below(4) == 0 || _toAll)
        {
            SendToAll(_run);
        }
        else
        {
            _world.Ask(_run, _random.Below(replicas));
        }

        BePatient();
    }

    private void AskAll()
    {
        _answers.Clear();
        BePatient();
        for (int i = 0; i < _world.Chain.Committee.Size; i++)
        {
            _world.Ask(Number, _nonce, _key, _barrier, i);
        }
    }

    private void Repeat()
    {
        if (_run is { } run)
        {
            SendToAll(run);
            BePatient();
            return;
        }

        if (_barrier is null && ++_failedReads >= QuorumReadsBeforeBarrier)
        {
            Order(KeyValueCommand.Barrier());
            return;
        }

        AskAll();
    }

    private void SendToAll(Run run)
    {
        for (int i = 0; i < _world.Chain.Committee.Size; i++)
        {
            _world.Ask(run, i);
        }
    }

    private void BePatient()
    {
        _nonce++;
        _world.Time.Schedule(_options.Patience, this, ImpatientEvent, (long)_nonce);
    }

    private void Finish()
    {
        _operation!.Returned = _world.Time.Now;
        _operation = null;
        _nonce++;
        Done++;
        Pause();
    }

    private void Pause() => _world.Time.Schedule(_random.Between(TimeSpan.Zero, _options.MaxPause), this, NextEvent);
}
