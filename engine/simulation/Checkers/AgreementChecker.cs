using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Check 1: the committed logs of honest replicas are prefixes of one another, with the same state at the same height; and no replica takes back, repeats
/// or skips what it committed, also not over a restart.
/// </summary>
public sealed class AgreementChecker : Checker
{
    private readonly Dictionary<ulong, (Digest Block, int Instance)> _blocks = [];
    private readonly Dictionary<ulong, (StatePoint Point, int Instance)> _points = [];
    private readonly Dictionary<int, ulong> _executed = [];

    /// <inheritdoc/>
    public override string Name => "agreement";

    /// <summary>The highest height that anybody committed.</summary>
    public ulong Highest { get; private set; }

    /// <summary>The block that is committed at a height; null when nobody committed it.</summary>
    public Digest? BlockAt(ulong height) => _blocks.TryGetValue(height, out (Digest Block, int Instance) known) ? known.Block : null;

    /// <inheritdoc/>
    public override void Committed(int instance, CommittedBlock block)
    {
        ulong height = block.Block.Height.Value;
        Highest = Math.Max(Highest, height);
        if (!_blocks.TryGetValue(height, out (Digest Block, int Instance) first))
        {
            _blocks.Add(height, (block.Block.Digest, instance));
        }
        else if (first.Block != block.Block.Digest)
        {
            Violated($"at height {height} instance {instance} committed {block.Block.Digest.ToShortString()}, instance {first.Instance} {first.Block.ToShortString()}");
        }
    }

    /// <inheritdoc/>
    public override void Executed(int instance, CommittedBlock block, StatePoint point, IReadOnlyList<Receipt> receipts)
    {
        ulong height = point.Height.Value;
        if (height != block.Block.Height.Value)
        {
            Violated($"instance {instance} executed the block of height {block.Block.Height} as height {height}");
        }

        if (_executed.TryGetValue(instance, out ulong last) && height != last + 1)
        {
            Violated($"instance {instance} executed height {height} after height {last}");
        }

        _executed[instance] = height;
        if (!_points.TryGetValue(height, out (StatePoint Point, int Instance) first))
        {
            _points.Add(height, (point, instance));
        }
        else if (first.Point != point)
        {
            Violated($"at height {height} instance {instance} has the state {point}, instance {first.Instance} {first.Point}");
        }
    }

    /// <inheritdoc/>
    public override void Started(int instance, RestartState state)
    {
        // What its ledger holds was executed again before it started; whatever follows comes next.
        _executed[instance] = state.Ledger.Value;
    }
}
