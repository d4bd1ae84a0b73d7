using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// Executes committed blocks one after the other: filters what is new through the sessions, hands it to the application in one call,
/// and gives the state point and the receipts. Synchronous and deterministic; one thread executes, any thread may ask for points.
/// </summary>
/// <remarks>
/// StateRoot = H(chain id, <see cref="Preimage.StateRoot"/>, application's root ‖ sessions' root); Chain_0 is the chain's id and
/// Chain_h = H(Chain_{h−1}, digest_h). After any exception out of an execution the state is in doubt and nothing further is executed.
/// </remarks>
public sealed partial class Executor
{
    private readonly Chain _chain;
    private readonly IApplication _application;
    private readonly RecentPoints _recent = new();
    private readonly BlockPlan _plan;
    private readonly ReceiptBuilder _receipts = new();
    private Exception? _fault;

    /// <summary>Makes an executor at height 0, with the application's initial state.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="application">The application; from now on driven by this executor alone.</param>
    /// <param name="lookupSeed">A secret of this process for the look-up tables (see <see cref="DigestComparer"/>).</param>
    public Executor(Chain chain, IApplication application, ulong lookupSeed = 0)
    {
        _chain = chain;
        _application = application;
        var comparer = new DigestComparer(lookupSeed);
        Sessions = new Sessions(chain, comparer);
        _plan = new BlockPlan(Sessions, comparer);
        StartFromGenesis();
    }

    /// <summary>The clients' sessions.</summary>
    public Sessions Sessions { get; }

    /// <summary>The last executed height and its state.</summary>
    public StatePoint Point => _recent.Last.Point;

    /// <summary>The state point of a height; null when it is not executed yet or not among the last 64.</summary>
    public StatePoint? PointAt(Height height) => _recent.At(height)?.Point;

    /// <summary>The root that joins the application's and the sessions'.</summary>
    public static Digest JoinRoots(Chain chain, Digest application, Digest sessions)
    {
        Span<byte> content = stackalloc byte[2 * Digest.Size];
        application.CopyTo(content);
        sessions.CopyTo(content[Digest.Size..]);
        return chain.DigestOf(Preimage.StateRoot, content);
    }

    /// <summary>Executes the block of the next height.</summary>
    /// <exception cref="InvalidOperationException">It is not the next height, the application broke its contract, or an earlier execution failed: a bug, the replica must stop.</exception>
    /// <exception cref="StateDivergedException">The block's header tells another result of an earlier height than this replica reached.</exception>
    public ExecutionResult Execute(CommittedBlock block)
    {
        if (_fault is not null)
        {
            throw new InvalidOperationException("An earlier execution failed and left the state in doubt: start again from a snapshot.", _fault);
        }

        try
        {
            return ExecuteNext(block.Block);
        }
        catch (Exception fault)
        {
            _fault = fault;
            throw;
        }
    }

    /// <summary>What is known of a height, with its two roots.</summary>
    internal ExecutedHeight? Recent(Height height) => _recent.At(height);

    private ExecutionResult ExecuteNext(Block block)
    {
        StatePoint before = Point;
        if (block.Height != before.Height.Next())
        {
            throw new InvalidOperationException($"Height {block.Height} cannot be executed after height {before.Height}.");
        }

        CheckExecuted(block.Header.Executed);
        foreach (Run run in block.Payload.Runs)
        {
            _plan.Add(run);
        }

        Digest applicationRoot = _application.FinalizeBlock(new BlockContext(block.Height, block.Header.Time), _plan.Commands, _plan.Codes);
        if (_plan.Codes.ContainsAnyInRange(ReceiptCodes.FirstReserved, byte.MaxValue))
        {
            throw new InvalidOperationException($"The application {_application.Name} gave a result that is reserved for the engine (0xF0 and above) at height {block.Height}.");
        }

        Digest sessionsRoot = Sessions.Apply(_plan, block.Height);
        _application.Commit(block.Height);
        int[]? starts = _plan.WriteReceipts(block.Payload.Runs, block.Height.Value, _receipts);
        var point = new StatePoint(block.Height, JoinRoots(_chain, applicationRoot, sessionsRoot), _chain.Link(before.Chain, block.Digest));
        var result = new ExecutionResult(point, [.. _receipts.Receipts], starts, _plan.Count);
        _recent.Add(new ExecutedHeight(point, applicationRoot, sessionsRoot));
        _receipts.Clear();
        _plan.Clear();
        return result;
    }

    /// <summary>A quorum stands behind what a committed header says of an earlier height: whoever got another result must stop.</summary>
    private void CheckExecuted(in StatePoint committed)
    {
        // The filler of an empty slot vouches for nothing.
        if (committed != default && PointAt(committed.Height) is { } ours && ours != committed)
        {
            throw new StateDivergedException(ours, committed);
        }
    }

    private void StartFromGenesis()
    {
        Digest applicationRoot = _application.InitChain(_chain);
        Sessions.Reset();
        var point = new StatePoint(default, JoinRoots(_chain, applicationRoot, Sessions.Root), _chain.Id);
        _recent.Reset(new ExecutedHeight(point, applicationRoot, Sessions.Root));
        _fault = null;
        _plan.Clear();
    }
}
