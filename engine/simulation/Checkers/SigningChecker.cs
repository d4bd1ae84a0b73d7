using System.Buffers.Binary;
using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Check 3: no honest replica signs two different things for one phase and view (and slot, where the protocol signs by slot). Judged on what leaves: a
/// signature counts from the moment its bytes are on the wire, alone or inside a certificate, whatever the protocol's messages look like; one that died with a
/// turn that was never flushed was never a promise. Nor does it sign what it fenced off before: after a timeout no vote for that view.
/// </summary>
/// <param name="rules">What replicas of the protocol may sign.</param>
public sealed class SigningChecker(ImmutableArray<SigningRule> rules) : Checker
{
    /// <summary>Signatures of one replica that are made and not seen yet; older ones will hardly come.</summary>
    private const int MaxUnseen = 48;

    private const int ContentAt = Digest.Size + 1 + Chain.ProtocolNameBytes;

    private readonly Dictionary<int, List<(byte[] Signature, Statement Statement, long Order)>> _unseen = [];
    private readonly Dictionary<(int Id, StatementKind Kind, ulong Epoch, ulong View, ulong Slot), Statement> _promised = [];
    private readonly Dictionary<(int Id, StatementKind Kind, ulong Slot), Statement> _highest = [];
    private readonly Dictionary<(int Id, StatementKind Kind), (View View, long Order)> _fences = [];
    private ReplicaSet _promisers = ReplicaSet.Empty;
    private long _signatures;
    private byte[]? _lastBytes;
    private int _lastSender;

    /// <inheritdoc/>
    public override string Name => "signing";

    /// <summary>Statements that left honest replicas.</summary>
    public int Promises => _promised.Count;

    /// <summary>The promise with the highest view that left a replica, for each kind and slot.</summary>
    public IEnumerable<Statement> HighestOf(ReplicaId id) => _highest.Where(entry => entry.Key.Id == id.Value).Select(entry => entry.Value);

    /// <summary>Whether a replica ever promised anything, whatever it lost since.</summary>
    public bool HasPromised(ReplicaId id) => _promisers.Contains(id);

    /// <summary>
    /// A replica lost its records: it cannot remember its promises and is not asked for them after a restart. They bind it all the same: whoever votes again must
    /// not contradict them.
    /// </summary>
    public void Forget(ReplicaId id)
    {
        foreach ((int Id, StatementKind Kind, ulong Slot) key in _highest.Keys.Where(key => key.Id == id.Value).ToList())
        {
            _highest.Remove(key);
        }
    }

    /// <summary>Reads what was signed out of the signed bytes; null for anything that is no statement.</summary>
    public static Statement? Parse(ReadOnlySpan<byte> message) => message.Length != Statement.SignedBytes ? null : new Statement(
        (StatementKind)message[Digest.Size],
        new Epoch(BinaryPrimitives.ReadUInt64LittleEndian(message[ContentAt..])),
        new View(BinaryPrimitives.ReadUInt64LittleEndian(message[(ContentAt + 8)..])),
        new Height(BinaryPrimitives.ReadUInt64LittleEndian(message[(ContentAt + 16)..])),
        new Digest(message[(ContentAt + 24)..]));

    /// <inheritdoc/>
    public override void Signed(int instance, ReplicaId id, bool honest, byte[] message, byte[] signature)
    {
        if (!honest || Parse(message) is not { } statement)
        {
            return;
        }

        if (!_unseen.TryGetValue(id.Value, out List<(byte[], Statement, long)>? unseen))
        {
            _unseen[id.Value] = unseen = [];
        }

        if (unseen.Count == MaxUnseen)
        {
            unseen.RemoveAt(0);
        }

        unseen.Add((signature, statement, ++_signatures));
    }

    /// <inheritdoc/>
    public override void Sent(int instance, ReplicaId id, byte[] bytes)
    {
        // A broadcast is the same array n−1 times.
        if ((ReferenceEquals(bytes, _lastBytes) && _lastSender == instance) || !_unseen.TryGetValue(id.Value, out List<(byte[] Signature, Statement Statement, long Order)>? unseen))
        {
            return;
        }

        (_lastBytes, _lastSender) = (bytes, instance);
        for (int i = unseen.Count - 1; i >= 0; i--)
        {
            if (bytes.AsSpan().IndexOf(unseen[i].Signature) >= 0)
            {
                Promise(id, unseen[i].Statement, unseen[i].Order);
                unseen.RemoveAt(i);
            }
        }
    }

    private void Promise(ReplicaId id, Statement statement, long order)
    {
        CheckFences(id, statement, order);
        ulong slot = IsPerSlot(statement.Kind) ? statement.Slot.Value : 0;
        var key = (id.Value, statement.Kind, statement.Epoch.Value, statement.View.Value, slot);
        if (_promised.TryGetValue(key, out Statement before))
        {
            if (before != statement)
            {
                Violated($"replica {id} signed {before} and {statement}");
            }

            return;
        }

        _promised.Add(key, statement);
        _promisers = _promisers.With(id);
        if (!_highest.TryGetValue((id.Value, statement.Kind, slot), out Statement highest) || highest.View < statement.View)
        {
            _highest[(id.Value, statement.Kind, slot)] = statement;
        }
    }

    // What was signed in which order counts, not what left in which: a vote may leave after a timeout that was signed after it.
    private void CheckFences(ReplicaId id, Statement statement, long order)
    {
        (View View, long Order) own = _fences.GetValueOrDefault((id.Value, statement.Kind));
        if (own.Order == 0 || statement.View > own.View)
        {
            _fences[(id.Value, statement.Kind)] = (statement.View, order);
        }

        if (RuleOf(statement.Kind) is not { } rule)
        {
            return;
        }

        foreach (StatementKind kind in rule.FencedBy.IsDefault ? [] : rule.FencedBy)
        {
            if (_fences.TryGetValue((id.Value, kind), out (View View, long Order) fence) && fence.Order < order && statement.View <= fence.View)
            {
                Violated($"replica {id} signed {statement} after {kind} of view {fence.View}, which forbids it");
            }
        }
    }

    private bool IsPerSlot(StatementKind kind) => RuleOf(kind) is { PerSlot: true };

    private SigningRule? RuleOf(StatementKind kind)
    {
        foreach (SigningRule rule in rules)
        {
            if (rule.Kind == kind)
            {
                return rule;
            }
        }

        return null;
    }
}
