using Bft.Applications.KeyValue;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Check 2: every committed command was signed by its client and is executed exactly once. Beside the replicas runs a model that is plainly right: a dictionary
/// of keys and a set of executed transactions. The receipts of the first replica to execute a height are compared with it; the others are bound to the
/// first by the state root, which <see cref="AgreementChecker"/> compares.
/// </summary>
/// <param name="runs">What clients signed.</param>
public sealed class ExecutionChecker(RegisteredRuns runs) : Checker
{
    private readonly Dictionary<TransactionId, (byte Code, ulong Height)> _executed = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private ulong _height;

    /// <inheritdoc/>
    public override string Name => "execution";

    /// <summary>Transactions that the model executed.</summary>
    public int Transactions => _executed.Count;

    /// <inheritdoc/>
    public override void Committed(int instance, CommittedBlock block)
    {
        foreach (Run run in block.Block.Payload.Runs)
        {
            if (!runs.IsSigned(run))
            {
                Violated($"instance {instance} committed at height {block.Block.Height} a run of client {run.Client.ToShortString()} from sequence {run.First} that this client never signed");
            }
        }
    }

    /// <inheritdoc/>
    public override void Executed(int instance, CommittedBlock block, StatePoint point, IReadOnlyList<Receipt> receipts)
    {
        ulong height = block.Block.Height.Value;
        if (height <= _height)
        {
            return;
        }

        if (height != _height + 1)
        {
            Violated($"height {height} was executed before height {_height + 1} by anybody");
        }

        _height = height;
        int next = 0;
        int within = 0;
        foreach (Run run in block.Block.Payload.Runs)
        {
            for (int i = 0; i < run.Count; i++)
            {
                (byte code, ulong at) = Expected(new TransactionId(run.Client, run.First + (ulong)i), run.Commands[i].Span);
                if (next >= receipts.Count)
                {
                    Violated($"height {height}: no receipt for client {run.Client.ToShortString()}, sequence {run.First + (ulong)i}");
                    return;
                }

                Receipt receipt = receipts[next];
                if (receipt.Client != run.Client || receipt.First + (ulong)within != run.First + (ulong)i || receipt.Height.Value != at || receipt.CodeAt(within) != code)
                {
                    Violated($"height {height}: instance {instance} gave sequence {receipt.First + (ulong)within} of client {receipt.Client.ToShortString()} code {receipt.CodeAt(within)} at height {receipt.Height}; " +
                        $"right is sequence {run.First + (ulong)i} of {run.Client.ToShortString()}, code {code} at height {at}");
                }

                if (++within == receipt.Count)
                {
                    (next, within) = (next + 1, 0);
                }
            }
        }
    }

    private (byte Code, ulong Height) Expected(TransactionId id, ReadOnlySpan<byte> command)
    {
        if (_executed.TryGetValue(id, out (byte Code, ulong Height) before))
        {
            return before;
        }

        (byte, ulong) result = (Apply(command), _height);
        _executed.Add(id, result);
        return result;
    }

    private byte Apply(ReadOnlySpan<byte> command)
    {
        if (!KeyValueCommand.TryParse(command, out KeyValueCommand parsed, out _))
        {
            return KeyValueCodes.Malformed;
        }

        string key = Convert.ToHexString(parsed.Key);
        switch (parsed.Operation)
        {
            case KeyValueOperation.Put:
                _keys.Add(key);
                return KeyValueCodes.Ok;
            case KeyValueOperation.Delete:
                return _keys.Remove(key) ? KeyValueCodes.Ok : KeyValueCodes.Absent;
            default:
                return KeyValueCodes.Ok;
        }
    }
}
