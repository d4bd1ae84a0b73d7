using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Execution;

/// <summary>
/// Executes committed blocks one after the other: filters what is new through the sessions, hands it to the application in one call,
/// and gives the state point and the receipts. Synchronous and deterministic; one thread executes, any thread may ask for points.
/// </summary>
/// <remarks>
/// StateRoot = H(chain id, <see cref="Preimage.StateRoot"/>, application's root ‖ sessions' root ‖ transactions), and ‖ the root of the shared keys once a validator called for one; Chain_0 is the chain's id and
/// Chain_h = H(Chain_{h−1}, digest_h). After any exception out of an execution the state is in doubt and nothing further is executed.
/// </remarks>
public sealed partial class Executor
{
    private readonly Chain _chain;
    private readonly IApplication _application;
    private readonly RecentPoints _recent = new();
    private readonly BlockPlan _plan;
    private readonly ReceiptBuilder _receipts = new();
    private readonly SharedKeyCommands? _sharedKeys;
    private Exception? _fault;

    /// <summary>Makes an executor at height 0, with the application's initial state.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="application">The application; from now on driven by this executor alone.</param>
    /// <param name="lookupSeed">A secret of this process for the look-up tables (see <see cref="DigestComparer"/>).</param>
    /// <param name="rules">What sessions execute and remember; null for <see cref="SessionRules.ExactlyOnce"/>.</param>
    /// <param name="sharedKeys">The generations of shared keys, whose commands do not reach the application; null on a chain that has none.</param>
    public Executor(Chain chain, IApplication application, ulong lookupSeed = 0, SessionRules? rules = null, SharedKeyRegistry? sharedKeys = null)
    {
        _chain = chain;
        _application = application;
        _sharedKeys = sharedKeys is null ? null : new SharedKeyCommands(sharedKeys);
        var comparer = new DigestComparer(lookupSeed);
        Sessions = new Sessions(chain, comparer, rules ?? SessionRules.ExactlyOnce);
        _plan = new BlockPlan(Sessions, comparer);
        StartFromGenesis();
    }

    /// <summary>The clients' sessions.</summary>
    public Sessions Sessions { get; }

    /// <summary>The last executed height and its state.</summary>
    public StatePoint Point => _recent.Last.Point;

    /// <summary>The state point of a height; null when it is not executed yet or not among the last 64.</summary>
    public StatePoint? PointAt(Height height) => _recent.At(height)?.Point;

    /// <summary>Transactions executed since genesis up to <see cref="Point"/>; a repeat is not one. Part of the state: every replica has the same.</summary>
    public ulong Transactions => _recent.Last.Transactions;

    /// <summary>
    /// The state root: it joins the application's root, the sessions', the number of transactions executed since genesis, and the root of the shared keys where there is one.
    /// </summary>
    public static Digest JoinRoots(Chain chain, Digest application, Digest sessions, ulong transactions, Digest sharedKeys = default)
    {
        const int withoutKeys = (2 * Digest.Size) + sizeof(ulong);
        Span<byte> content = stackalloc byte[withoutKeys + Digest.Size];
        application.CopyTo(content);
        sessions.CopyTo(content[Digest.Size..]);
        BinaryPrimitives.WriteUInt64LittleEndian(content[(2 * Digest.Size)..], transactions);
        sharedKeys.CopyTo(content[withoutKeys..]);
        return chain.DigestOf(Preimage.StateRoot, sharedKeys == Digest.None ? content[..withoutKeys] : content);
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

    /// <summary>What is known of a height, with what its state root joins.</summary>
    internal ExecutedHeight? Recent(Height height) => _recent.At(height);

    private ExecutionResult ExecuteNext(Block block)
    {
        ExecutedHeight last = _recent.Last;
        StatePoint before = last.Point;
        if (block.Height != before.Height.Next())
        {
            throw new InvalidOperationException($"Height {block.Height} cannot be executed after height {before.Height}.");
        }

        CheckExecuted(block.Header.Executed);
        foreach (Run run in block.Payload.Runs)
        {
            _plan.Add(run);
        }

        var context = new BlockContext(block.Height, block.Header.Time);
        Digest applicationRoot = _sharedKeys is null
            ? _application.FinalizeBlock(context, _plan.Commands, _plan.Codes)
            : _sharedKeys.Execute(_application, context, _plan.Commands, _plan.Codes);
        Digest keysRoot = _sharedKeys?.Registry.Root ?? Digest.None;
        if (_plan.Codes.ContainsAnyInRange(ReceiptCodes.FirstReserved, byte.MaxValue))
        {
            throw new InvalidOperationException($"The application {_application.Name} gave a result that is reserved for the engine (0xF0 and above) at height {block.Height}.");
        }

        Digest sessionsRoot = Sessions.Apply(_plan, block.Height);
        _application.Commit(block.Height);
        int[]? starts = _plan.WriteReceipts(block.Payload.Runs, block.Height.Value, _receipts);
        ulong transactions = last.Transactions + (ulong)_plan.Count;
        var point = new StatePoint(block.Height, JoinRoots(_chain, applicationRoot, sessionsRoot, transactions, keysRoot), _chain.Link(before.Chain, block.Digest));
        var result = new ExecutionResult(point, [.. _receipts.Receipts], starts, _plan.Count);
        _recent.Add(new ExecutedHeight(point, applicationRoot, sessionsRoot, transactions, keysRoot));
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
        _sharedKeys?.Registry.Reset();
        var point = new StatePoint(default, JoinRoots(_chain, applicationRoot, Sessions.Root, 0), _chain.Id);
        _recent.Reset(new ExecutedHeight(point, applicationRoot, Sessions.Root, 0, Digest.None));
        _fault = null;
        _plan.Clear();
    }
}
