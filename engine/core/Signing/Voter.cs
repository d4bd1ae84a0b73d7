using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>
/// The only holder of a replica's consensus key and the only record of what it signed: votes, proposals, timeouts, everything that is
/// a <see cref="Statement"/>. It touches no disk: its answer is the pair of signed message and record, and the loop makes the record
/// durable before the message leaves. Asked again, before or after a crash, it gives the same bytes.
/// </summary>
/// <remarks>After the idea of one small component that owns key and vote record (Diem's SafetyRules). Used by the loop alone.</remarks>
public class Voter
{
    private readonly Chain _chain;
    private readonly ISigner? _signer;
    private readonly SortedDictionary<(byte Kind, ulong Slot), Vote> _last = [];
    private readonly ImmutableArray<SigningRule> _rules;
    private View _floor;
    private View _highest;
    private bool _mayVote;
    private bool _silenced;

    /// <summary>The record kind by which a vote that was earned back outlives a crash: its content is the view above which it holds (8 bytes).</summary>
    public const byte ResumedRecord = 0xF0;

    /// <summary>Makes a voter for one replica.</summary>
    /// <param name="chain">The chain it signs for.</param>
    /// <param name="self">The replica.</param>
    /// <param name="signer">Its key; null for protocols whose fault model needs no signatures (the statements are recorded all the same).</param>
    /// <param name="rules">What it may sign.</param>
    /// <param name="mayVote">False when the safety records were lost: nothing is signed until <see cref="Resume"/>.</param>
    public Voter(Chain chain, ReplicaId self, ISigner? signer, ImmutableArray<SigningRule> rules, bool mayVote = true)
    {
        _chain = chain;
        Self = self;
        _signer = signer;
        _rules = rules;
        _mayVote = mayVote;
    }

    /// <summary>The replica it signs as.</summary>
    public ReplicaId Self { get; }

    /// <summary>False while nothing may be signed: records lost, or the journal failed.</summary>
    public bool MayVote => _mayVote && !_silenced;

    /// <summary>The highest view of any statement signed so far; a replica starts in no lower view.</summary>
    public virtual View HighestSignedView => _highest;

    /// <summary>Takes back what was signed before the last stop.</summary>
    /// <exception cref="InvalidDataException">A record is not a vote of this replica: the journal belongs to someone else.</exception>
    public virtual void Restore(IEnumerable<SafetyRecord> records)
    {
        foreach (SafetyRecord record in records)
        {
            var reader = new CanonicalReader(record.Content);
            if (record.Key.Kind == ResumedRecord)
            {
                _floor = new View(reader.UInt64());
                _mayVote = true;
                continue;
            }

            if (record.Key.Kind >= 0x80)
            {
                continue;
            }

            Vote vote = Vote.Decode(ref reader);
            if (!reader.Complete || vote.Signer != Self || (byte)vote.Statement.Kind != record.Key.Kind)
            {
                throw new InvalidDataException($"The journal's record {record.Key} is not a signature of validator {Self}: the journal belongs to another validator or chain.");
            }

            _last[(record.Key.Kind, record.Key.Slot)] = vote;
            _highest = View.Max(_highest, vote.Statement.View);
        }
    }

    /// <summary>The last vote of that kind (and slot), if any: re-sent as it is after a restart.</summary>
    public Vote? LastOf(StatementKind kind, ulong slot = 0) => _last.TryGetValue(((byte)kind, slot), out Vote vote) ? vote : null;

    /// <summary>Signs a statement or says why not. The rules that only a protocol can judge (locks, parents) come before this.</summary>
    public virtual SigningAnswer Sign(Statement statement)
    {
        SigningRule? rule = RuleOf(statement.Kind);
        SigningRefusal refusal = Check(statement, rule);
        ulong slot = rule?.PerSlot == true ? statement.Slot.Value : 0;
        if (refusal != SigningRefusal.None)
        {
            return new SigningAnswer(default, null, refusal);
        }

        if (_last.TryGetValue(((byte)statement.Kind, slot), out Vote last) && last.Statement == statement)
        {
            return new SigningAnswer(last, null, SigningRefusal.None);
        }

        var vote = new Vote(statement, Self, SignatureOf(statement));
        _last[((byte)statement.Kind, slot)] = vote;
        _highest = View.Max(_highest, statement.View);
        var writer = new CanonicalWriter(Statement.EncodedBytes + sizeof(ushort) + sizeof(uint) + vote.Signature.Length);
        vote.Encode(writer);
        return new SigningAnswer(vote, new SafetyRecord(new RecordKey((byte)statement.Kind, slot), writer.Take()), SigningRefusal.None);
    }

    /// <summary>Forgets the slots up to that one, for kinds with a record a slot.</summary>
    public void Discard(StatementKind kind, ulong throughSlot)
    {
        foreach ((byte Kind, ulong Slot) key in _last.Keys.Where(key => key.Kind == (byte)kind && key.Slot <= throughSlot).ToList())
        {
            _last.Remove(key);
        }
    }

    /// <summary>Ends voting until restart: the journal failed, so nothing can be promised any more.</summary>
    public void Silence() => _silenced = true;

    /// <summary>
    /// Gives a replica that lost its records its vote back, for views above <paramref name="above"/> only. The caller has seen a block
    /// committed by a quorum without this replica in such a view.
    /// </summary>
    /// <returns>The record that must be durable before anything signed from now on leaves.</returns>
    public SafetyRecord Resume(View above)
    {
        _floor = View.Max(_floor, above);
        _mayVote = true;
        var writer = new CanonicalWriter(8);
        writer.UInt64(_floor.Value);
        return new SafetyRecord(new RecordKey(ResumedRecord), writer.ToArray());
    }

    /// <summary>Whether a statement may be signed after all that was: the views of one key never decrease, and one view has one statement.</summary>
    /// <param name="statement">What is to be signed.</param>
    /// <param name="rule">The rule of its kind; null when the protocol has none.</param>
    protected virtual SigningRefusal Check(Statement statement, SigningRule? rule)
    {
        if (!MayVote || statement.View <= _floor && _floor.Value > 0)
        {
            return SigningRefusal.MayNotVote;
        }

        if (rule is null)
        {
            return SigningRefusal.UnknownKind;
        }

        if (_last.TryGetValue(((byte)statement.Kind, rule.PerSlot ? statement.Slot.Value : 0), out Vote last))
        {
            if (last.Statement == statement)
            {
                return SigningRefusal.None;
            }

            if (statement.View <= last.Statement.View)
            {
                return statement.View < last.Statement.View ? SigningRefusal.OlderView : SigningRefusal.Contradiction;
            }
        }

        return IsFenced(rule.FencedBy, statement.View) || IsFenced(rule.FencedBelowBy, statement.View.Next()) ? SigningRefusal.Fenced : SigningRefusal.None;
    }

    private SigningRule? RuleOf(StatementKind kind)
    {
        foreach (SigningRule rule in _rules)
        {
            if (rule.Kind == kind)
            {
                return rule;
            }
        }

        return null;
    }

    private bool IsFenced(ImmutableArray<StatementKind> fences, View view)
    {
        foreach (StatementKind fence in fences.IsDefault ? [] : fences)
        {
            if (_last.TryGetValue(((byte)fence, 0), out Vote fencing) && view <= fencing.Statement.View)
            {
                return true;
            }
        }

        return false;
    }

    private byte[] SignatureOf(Statement statement)
    {
        if (_signer is null)
        {
            return [];
        }

        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        _chain.WriteSigned(statement, message);
        var signature = new byte[_signer.Scheme.SignatureBytes];
        _signer.Sign(message, signature);
        return signature;
    }
}
