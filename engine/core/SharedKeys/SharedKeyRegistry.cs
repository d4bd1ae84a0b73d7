using System.Buffers.Binary;
using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.SharedKeys;

/// <summary>
/// The generations of shared keys in the replicated state: commands of the ordered log go in, the consortium's key comes out. Driven by the executor's thread alone; <see cref="View"/> is for any.
/// </summary>
/// <remarks>
/// The state is what was said since the last generation ended, how the last ones ended, and what was dealt for the last key; its root is joined into the state root once anything was said. One generation runs at a time.
/// </remarks>
public sealed partial class SharedKeyRegistry
{
    /// <summary>How many different calls a validator may make until a generation ends.</summary>
    public const int MostCalls = 16;

    private readonly Chain _chain;
    private readonly ImmutableArray<ReadOnlyMemory<byte>> _identities;
    private readonly SortedDictionary<int, List<byte[]>> _calls = [];
    private readonly List<(Height Height, byte[] Command)> _events = [];
    private byte[]? _due;
    private Digest _dealtDigest;
    private Digest _baseLink;
    private Digest _link;
    private volatile SharedKeyView _view = SharedKeyView.Empty;

    /// <summary>Makes the registry of a chain on which nothing was said yet.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="identities">The Ed25519 identity keys of genesis.</param>
    public SharedKeyRegistry(Chain chain, ImmutableArray<ReadOnlyMemory<byte>> identities)
    {
        _chain = chain;
        _identities = identities;
    }

    /// <summary>The generation that runs, or the last one that ended since the process started; null when there is none.</summary>
    public Generation? Generation { get; private set; }

    /// <summary>What any thread may look at.</summary>
    public SharedKeyView View => _view;

    /// <summary>The digest of all this; <see cref="Digest.None"/> as long as nothing was ever said.</summary>
    public Digest Root { get; private set; }

    /// <summary>What was dealt for the last key, as long as it is the last one; null when there is none. For the executor's thread.</summary>
    public DealtShares? Dealt { get; private set; }

    private SharedKeyOutcome? Key { get; set; }

    private SharedKeyOutcome? Before { get; set; }

    private SharedKeyOutcome? Failure { get; set; }

    /// <summary>Whether a command, of a key generation or the application's, is well-formed; null or the reason. Looks at no state.</summary>
    public static string? Check(IApplication application, ReadOnlySpan<byte> command)
    {
        if (!SharedKeyMessage.IsOne(command))
        {
            return application.CheckTx(command);
        }

        _ = SharedKeyMessage.Decode(command.ToArray(), out string? reason);
        return reason;
    }

    /// <summary>Starts as on a chain on which nothing was said.</summary>
    public void Reset()
    {
        Generation = null;
        Key = Before = Failure = null;
        Dealt = null;
        _dealtDigest = Digest.None;
        _calls.Clear();
        _events.Clear();
        _due = null;
        _baseLink = _link = Root = Digest.None;
        Publish();
    }

    /// <summary>Executes a command.</summary>
    /// <returns>A code of <see cref="SharedKeyCodes"/>.</returns>
    public byte Execute(Height height, ReadOnlyMemory<byte> command)
    {
        if (SharedKeyMessage.Decode(command, out _) is not { } message)
        {
            return SharedKeyCodes.Malformed;
        }

        (byte code, bool changed) = message.Kind == SharedKeyMessageKind.Call ? Hear(message)
            : Generation is { IsRunning: true } running && running.Id == message.Generation ? running.Apply(message)
            : (SharedKeyCodes.OtherGeneration, false);
        if (changed)
        {
            Remember(height, command.ToArray());
        }

        return code;
    }

    /// <summary>Closes a height: what was called for starts, what is due ends.</summary>
    public void EndHeight(Height height)
    {
        bool running = Generation is { IsRunning: true };
        if (running)
        {
            Generation!.EndHeight(height);
            if (Generation.Outcome is { } outcome)
            {
                Take(outcome);
            }
        }
        else if (_due is { } content)
        {
            Start(content, height);
            running = true;
        }

        if (running)
        {
            Publish();
        }
    }

    private (byte Code, bool Changed) Hear(SharedKeyMessage message)
    {
        if (Generation is { IsRunning: true } || message.Generation != LastOf(Key, Failure))
        {
            return (SharedKeyCodes.OtherGeneration, false);
        }

        if (message.Sender >= _identities.Length)
        {
            return (SharedKeyCodes.NoMember, false);
        }

        // Different calls stand beside each other: said again by others, an earlier one takes nothing back.
        List<byte[]> earlier = _calls.TryGetValue(message.Sender, out List<byte[]>? calls) ? calls : [];
        if (earlier.Exists(one => message.Content.Span.SequenceEqual(one)))
        {
            return (SharedKeyCodes.AlreadySaid, false);
        }

        if (earlier.Count >= MostCalls || GenerationCall.Decode(message.Content) is not { } call || (call.IsResharing && call.Reshares != Key?.Generation))
        {
            return (SharedKeyCodes.Refused, false);
        }

        if (call.PhaseBlocks < GenerationCall.LeastPhaseBlocks(_chain.Committee))
        {
            return (SharedKeyCodes.PhaseTooShort, false);
        }

        if (!message.IsBy(_chain, _identities[message.Sender]))
        {
            return (SharedKeyCodes.WrongSignature, false);
        }

        byte[] content = message.Content.ToArray();
        earlier.Add(content);
        _calls[message.Sender] = earlier;
        ReplicaSet callers = ReplicaSet.Of([.. _calls.Where(other => other.Value.Exists(one => content.AsSpan().SequenceEqual(one))).Select(other => other.Key)]);
        if (_chain.Committee.HasHonest(callers))
        {
            // f+1 called: one of them is honest. The first for which that holds counts.
            _due ??= content;
        }

        return (SharedKeyCodes.Ok, true);
    }

    private void Start(byte[] content, Height height)
    {
        GenerationCall call = GenerationCall.Decode(content)!;
        ImmutableArray<ReadOnlyMemory<byte>> dealers = call.IsResharing ? Key!.Receivers : _identities;
        ImmutableArray<ReadOnlyMemory<byte>> receivers = call.Receivers.IsEmpty ? _identities : call.Receivers;
        Generation = new Generation(_chain, _chain.DigestOf(Preimage.SharedKeyState, [.. _link.ToArray(), .. content]), call, dealers, receivers, call.IsResharing ? Key!.Commitments : null, call.IsResharing ? Key!.Holders : null, height);
        _calls.Clear();
        _due = null;
    }

    private void Remember(Height height, byte[] command)
    {
        _events.Add((height, command));
        var content = new byte[Digest.Size + sizeof(ulong) + Digest.Size];
        _link.CopyTo(content);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(Digest.Size), height.Value);
        _chain.DigestOf(Preimage.SharedKeyMessage, command).CopyTo(content.AsSpan(Digest.Size + sizeof(ulong)));
        _link = _chain.DigestOf(Preimage.SharedKeyState, content);
        SetRoot();
    }

    // The end of a generation: what was said is forgotten, what came of it stays.
    private void Take(SharedKeyOutcome outcome)
    {
        if (outcome.Failure is null)
        {
            // What is the consortium's key now stays that until the new one takes effect; one that waits for its effect height never gets there.
            Before = new SharedKeyView(null, Before, Key, null).ActiveAt(outcome.FinishedAt);
            Key = outcome;
            Keep(Generation!.Dealt());
        }
        else
        {
            Failure = outcome;
        }

        _events.Clear();
        _calls.Clear();
        _due = null;
        _baseLink = _link;
        SetRoot();
    }

    private void SetRoot()
    {
        Digest[] parts = [_baseLink, _link, _dealtDigest, .. Outcomes().Select(outcome => outcome is null ? Digest.None : _chain.DigestOf(Preimage.SharedKeyState, outcome.Encode()))];
        var content = new byte[parts.Length * Digest.Size];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(content.AsSpan(i * Digest.Size));
        }

        Root = _chain.DigestOf(Preimage.SharedKeyState, content);
    }

    private void Keep(DealtShares dealt)
    {
        Dealt = dealt;
        _dealtDigest = _chain.DigestOf(Preimage.SharedKeyState, dealt.Encode());
    }

    internal static Digest LastOf(SharedKeyOutcome? key, SharedKeyOutcome? failure) =>
        key is null || failure?.FinishedAt > key.FinishedAt ? failure?.Generation ?? Digest.None : key.Generation;

    private SharedKeyOutcome?[] Outcomes() => [Before, Key, Failure];

    private void Publish() => _view = new SharedKeyView(
        Generation is { IsRunning: true } running ? new RunningGeneration(running.Id, running.Phase, running.Deadline) : null, Before, Key, Failure);
}

/// <summary>The state of shared keys at a glance; immutable.</summary>
/// <param name="Running">The generation that runs; null when none does.</param>
/// <param name="Before">The key before the last one; null when there was none.</param>
/// <param name="Key">The last key that was generated; null when there is none.</param>
/// <param name="Failure">The last generation that made none; null when each made one.</param>
public sealed record SharedKeyView(RunningGeneration? Running, SharedKeyOutcome? Before, SharedKeyOutcome? Key, SharedKeyOutcome? Failure)
{
    /// <summary>Nothing was ever said.</summary>
    public static SharedKeyView Empty { get; } = new(null, null, null, null);

    /// <summary>The generation that ended last, to which a call must refer; none when none did.</summary>
    public Digest Last => SharedKeyRegistry.LastOf(Key, Failure);

    /// <summary>The consortium's key at a height; null when none took effect.</summary>
    public SharedKeyOutcome? ActiveAt(Height height) => Key is { } key && height >= key.EffectHeight ? key : Before is { } before && height >= before.EffectHeight ? before : null;
}

/// <summary>A generation that runs.</summary>
/// <param name="Id">Which.</param>
/// <param name="Phase">Where it is.</param>
/// <param name="Deadline">The last height of the phase.</param>
public sealed record RunningGeneration(Digest Id, GenerationPhase Phase, Height Deadline);
