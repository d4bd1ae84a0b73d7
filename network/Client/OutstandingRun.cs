using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;

namespace Bft.Client;

/// <summary>
/// A run that was sent and the receipts and rejections that came for it. It completes when f+1 distinct validators signed the same
/// receipt: one of them is honest, and honest validators give no receipt but the true one. Thread-safe.
/// </summary>
internal sealed class OutstandingRun
{
    private readonly Lock _gate = new();
    private readonly Committee _committee;
    private readonly Receipt?[] _receipts;
    private readonly string?[] _rejections;
    private readonly TaskCompletionSource<RunResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutstandingRun(Run run, Committee committee)
    {
        Run = run;
        _committee = committee;
        _receipts = new Receipt?[committee.Size];
        _rejections = new string?[committee.Size];
    }

    public Run Run { get; }

    public Task<RunResult> Result => _result.Task;

    /// <summary>When to send it again, by the client's clock; written by the sender alone.</summary>
    public long ResendAt { get; set; }

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
            return !_result.Task.IsCompleted && !(_receipts[validator.Value] is { } known && SignedReceipts.AreEqual(known, receipt));
        }
    }

    /// <summary>Counts a receipt whose signature was checked; true when it completed the run.</summary>
    /// <remarks>A validator has one voice: a later receipt replaces its earlier one, and can only hurt itself.</remarks>
    public bool Count(ReplicaId validator, in Receipt receipt)
    {
        if (!IsOfThisRun(validator, receipt))
        {
            return false;
        }

        lock (_gate)
        {
            _receipts[validator.Value] = receipt;
            _rejections[validator.Value] = null;
            ReplicaSet equal = ReplicaSet.Empty;
            for (int i = 0; i < _receipts.Length; i++)
            {
                if (_receipts[i] is { } other && SignedReceipts.AreEqual(other, receipt))
                {
                    equal = equal.With(new ReplicaId(i));
                }
            }

            return _committee.HasHonest(equal) && _result.TrySetResult(new RunResult(receipt, null));
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
            if (_receipts[validator.Value] is not null)
            {
                return false;
            }

            _rejections[validator.Value] = reason;
            return _rejections.Count(rejection => rejection is not null) >= _committee.HonestSize && _result.TrySetResult(new RunResult(null, reason));
        }
    }

    /// <summary>Ends the wait without an outcome.</summary>
    public void Abandon(Exception reason) => _result.TrySetException(reason);

    private bool IsOfThisRun(ReplicaId validator, in Receipt receipt) =>
        _committee.Contains(validator) && receipt.Client == Run.Client && receipt.First == Run.First && receipt.Count == Run.Count;
}
