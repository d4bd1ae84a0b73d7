using System.Collections.Immutable;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;

namespace Bft.Client;

/// <summary>
/// A run that was sent and the receipts and rejections that came for it. It completes when f+1 distinct validators signed the same
/// height and code for each of its sequences: one of them is honest, and honest validators say nothing but the truth. Usually that is
/// one receipt; a run that repeats sequences of earlier runs has one for each height. Thread-safe.
/// </summary>
internal sealed class OutstandingRun
{
    private readonly Lock _gate = new();
    private readonly Committee _committee;
    private readonly Words[] _words;
    private readonly string?[] _rejections;
    private readonly TaskCompletionSource<RunResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Outcome?[]? _agreed;

    public OutstandingRun(Run run, Committee committee)
    {
        Run = run;
        _committee = committee;
        _words = new Words[committee.Size];
        _rejections = new string?[committee.Size];
    }

    public Run Run { get; }

    public Task<RunResult> Result => _result.Task;

    /// <summary>True once a validator signed a part of the run: more parts start at other sequences than the run.</summary>
    public bool IsSplit { get; private set; }

    /// <summary>True once a validator signed a receipt for it: it is ordered, and only others' receipts are missing.</summary>
    public bool IsOrdered { get; private set; }

    /// <summary>When to send it again, by the client's clock; written by the sender alone.</summary>
    public long ResendAt { get; set; } = long.MaxValue;

    /// <summary>How often it was sent again.</summary>
    public int Attempts { get; set; }

    /// <summary>How often a validator had no room for it.</summary>
    public int Refusals { get; set; }

    /// <summary>The link it was sent over last.</summary>
    public ValidatorLink? Target { get; set; }

    /// <summary>True when this receipt of that validator would say something new: worth checking its signature.</summary>
    public bool Wants(ReplicaId validator, in Receipt receipt)
    {
        if (!IsOfThisRun(validator, receipt))
        {
            return false;
        }

        lock (_gate)
        {
            // The first part is news by being one, whatever it says: from then on, parts are looked for.
            bool isFirstPart = !IsSplit && receipt.Count < Run.Count;
            return !_result.Task.IsCompleted && (isFirstPart || !_words[validator.Value].Say(receipt, Start(receipt)));
        }
    }

    /// <summary>Counts a receipt whose signature was checked; true when it completed the run.</summary>
    /// <remarks>A validator has one voice: what it says later of a sequence replaces what it said earlier, and can only hurt itself.</remarks>
    public bool Count(ReplicaId validator, in Receipt receipt)
    {
        if (!IsOfThisRun(validator, receipt))
        {
            return false;
        }

        lock (_gate)
        {
            IsOrdered = true;
            _rejections[validator.Value] = null;
            if (receipt.Count == Run.Count)
            {
                _words[validator.Value] = new Words { Whole = receipt };
                if (AgreeWithWhole(receipt))
                {
                    return _result.TrySetResult(new RunResult(receipt, null) { Parts = [receipt] });
                }
            }
            else
            {
                IsSplit = true;
                _words[validator.Value].Add(receipt, Start(receipt), Run.Count);
            }

            return AgreeOnEach(validator, Start(receipt), receipt.Count) && _result.TrySetResult(Assemble());
        }
    }

    /// <summary>Counts a rejection; true when f+1 validators have rejected the run.</summary>
    /// <param name="validator">The name of the link that it came over, which is the same for the link's life: f+1 names are f+1 links.</param>
    /// <param name="reason">Why.</param>
    /// <remarks>
    /// A signature is more than a word: once a validator's receipt was counted, rejections in its name are not, and an earlier one
    /// is taken back. Other validators' receipts, short of f+1, do not hold up f+1 rejections, or one liar could let the call hang.
    /// </remarks>
    public bool Reject(ReplicaId validator, string reason)
    {
        if (!_committee.Contains(validator))
        {
            return false;
        }

        lock (_gate)
        {
            if (!_words[validator.Value].IsNone)
            {
                return false;
            }

            _rejections[validator.Value] = reason;
            return _rejections.Count(rejection => rejection is not null) >= _committee.HonestSize && _result.TrySetResult(new RunResult(null, reason));
        }
    }

    /// <summary>Ends the wait without an outcome.</summary>
    public void Abandon(Exception reason) => _result.TrySetException(reason);

    // Receipts of longer runs are not looked at: a validator that is asked for this run answers with parts of it.
    private bool IsOfThisRun(ReplicaId validator, in Receipt receipt) =>
        _committee.Contains(validator) && receipt.Client == Run.Client && receipt.First >= Run.First && receipt.First <= Run.Last &&
        receipt.Count >= 1 && (ulong)receipt.Count <= Run.Last - receipt.First + 1;

    private int Start(in Receipt receipt) => (int)(receipt.First - Run.First);

    private bool AgreeWithWhole(in Receipt receipt)
    {
        ReplicaSet equal = ReplicaSet.Empty;
        for (int i = 0; i < _words.Length; i++)
        {
            if (_words[i].Whole is { } other && SignedReceipts.AreEqual(other, receipt))
            {
                equal = equal.With(new ReplicaId(i));
            }
        }

        return _committee.HasHonest(equal);
    }

    // Only what the validator just said can be newly agreed on: a receipt costs its length times the committee's size.
    private bool AgreeOnEach(ReplicaId validator, int start, int count)
    {
        if (_words.Count(words => !words.IsNone) < _committee.HonestSize)
        {
            return false;
        }

        _agreed ??= new Outcome?[Run.Count];
        for (int i = start; i < start + count; i++)
        {
            if (_agreed[i] is not null)
            {
                continue;
            }

            Outcome said = _words[validator.Value].At(i)!.Value;
            ReplicaSet equal = ReplicaSet.Empty;
            for (int other = 0; other < _words.Length; other++)
            {
                if (_words[other].At(i) == said)
                {
                    equal = equal.With(new ReplicaId(other));
                }
            }

            if (_committee.HasHonest(equal))
            {
                _agreed[i] = said;
            }
        }

        return !_agreed.Contains(null);
    }

    private RunResult Assemble()
    {
        ImmutableArray<Receipt>.Builder parts = ImmutableArray.CreateBuilder<Receipt>();
        var codes = new byte[_agreed!.Length];
        ulong height = 0;
        for (int start = 0; start < codes.Length;)
        {
            Height ofPart = _agreed[start]!.Value.Height;
            int end = start;
            for (; end < codes.Length && _agreed[end]!.Value.Height == ofPart; end++)
            {
                codes[end] = _agreed[end]!.Value.Code;
            }

            parts.Add(new Receipt(Run.Client, Run.First + (ulong)start, end - start, ofPart, codes.AsMemory(start..end)));
            height = Math.Max(height, ofPart.Value);
            start = end;
        }

        return new RunResult(new Receipt(Run.Client, Run.First, Run.Count, new Height(height), codes), null) { Parts = parts.ToImmutable() };
    }

    private readonly record struct Outcome(Height Height, byte Code);

    // What one validator said last of each sequence: one receipt of the whole run (nearly always), or an outcome for each sequence.
    private struct Words
    {
        private Outcome?[]? _each;

        public Receipt? Whole { get; init; }

        public readonly bool IsNone => Whole is null && _each is null;

        public readonly Outcome? At(int index) => Whole is { } whole ? new Outcome(whole.Height, whole.CodeAt(index)) : _each?[index];

        public readonly bool Say(in Receipt receipt, int start)
        {
            for (int i = 0; i < receipt.Count; i++)
            {
                if (At(start + i) != new Outcome(receipt.Height, receipt.CodeAt(i)))
                {
                    return false;
                }
            }

            return true;
        }

        public void Add(in Receipt part, int start, int count)
        {
            if (_each is null)
            {
                var each = new Outcome?[count];
                for (int i = 0; i < count; i++)
                {
                    each[i] = At(i);
                }

                this = new Words { _each = each };
            }

            for (int i = 0; i < part.Count; i++)
            {
                _each![start + i] = new Outcome(part.Height, part.CodeAt(i));
            }
        }
    }
}
