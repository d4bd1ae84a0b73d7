using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Simulation;

/// <summary>
/// Replicas of one chain in virtual time on one thread: the same seed gives the same run. The global checks (agreement, no alarm of
/// divergence) are always on; <see cref="Violations"/> must stay empty.
/// </summary>
public sealed class SimulatedCluster : IClock
{
    private readonly PriorityQueue<Action, (TimeSpan At, ulong Order)> _events = new();
    private readonly HashSet<int> _woken = [];
    private readonly SortedDictionary<ulong, Digest> _agreed = [];
    private readonly Dictionary<int, TimeSpan> _deadlines = [];
    private ulong _order;

    /// <summary>Makes a world; nobody is started.</summary>
    /// <param name="size">n.</param>
    /// <param name="protocol">The protocol.</param>
    /// <param name="seed">All randomness follows from it.</param>
    /// <param name="create">Makes protocol instances; null for the descriptor's own. A test wraps traitors here.</param>
    /// <param name="options">Protocol settings.</param>
    /// <param name="committee">The committee, if not of the usual arithmetic.</param>
    public SimulatedCluster(
        int size, ProtocolDescriptor protocol, ulong seed, Func<ProtocolContext, IProtocol>? create = null, ProtocolOptions? options = null, Committee? committee = null)
    {
        Protocol = protocol;
        Random = new Randomness(seed);
        Scheme = new FastScheme(size, seed);
        Chain = new Chain(HashFunction.Sha256.Hash(BitConverter.GetBytes(seed)), protocol.Name, committee ?? new Committee(size, protocol.Model), HashFunction.Sha256, acceptUnsigned: true);
        Claims = new Claims(Chain, Scheme, new VerifiedCache());
        CreateProtocol = create ?? protocol.Create;
        ProtocolOptions = options ?? new ProtocolOptions { ViewTimeout = TimeSpan.FromMilliseconds(100) };
        Nodes = [.. Enumerable.Range(0, size).Select(id => new SimulatedNode(this, new ReplicaId(id)))];
    }

    /// <summary>The chain.</summary>
    public Chain Chain { get; }

    /// <summary>The protocol.</summary>
    public ProtocolDescriptor Protocol { get; }

    /// <summary>The keys of all replicas.</summary>
    public FastScheme Scheme { get; }

    /// <summary>Who is believed.</summary>
    public IClaims Claims { get; set; }

    /// <summary>The replicas.</summary>
    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>The one random source.</summary>
    public Randomness Random { get; }

    /// <summary>How messages fare; may be changed at any time.</summary>
    public NetworkProfile Network { get; set; } = new();

    /// <summary>How long executing a block takes.</summary>
    public TimeSpan ExecutionDelay { get; set; } = TimeSpan.FromMilliseconds(0.2);

    /// <summary>How long a turn of the loop takes.</summary>
    public TimeSpan TurnTime { get; set; } = TimeSpan.FromMicroseconds(20);

    /// <summary>How fast replicas that start from now on may catch up; null for no limit.</summary>
    public int? CatchUpBlocksPerSecond { get; set; }

    /// <summary>Protocol settings.</summary>
    public ProtocolOptions ProtocolOptions { get; }

    /// <summary>What went wrong that never may.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Receives a line an event; null for none.</summary>
    public Action<string>? TraceTo { get; set; }

    /// <summary>Messages put on the simulated wire.</summary>
    public long Messages { get; private set; }

    /// <inheritdoc/>
    public TimeSpan Now { get; private set; }

    /// <inheritdoc/>
    public ulong UnixMilliseconds => 1_700_000_000_000 + (ulong)Now.TotalMilliseconds;

    internal Func<ProtocolContext, IProtocol> CreateProtocol { get; }

    /// <summary>The lowest committed height among replicas that are up.</summary>
    public ulong LowestCommitted => Nodes.Where(node => node.Up).Min(node => node.Replica.CommittedHeight.Value);

    /// <summary>Starts all replicas, or those named.</summary>
    public void Start(params int[] ids)
    {
        foreach (SimulatedNode node in Nodes)
        {
            if (ids.Length == 0 || ids.Contains(node.Id.Value))
            {
                node.Start();
            }
        }
    }

    /// <summary>Runs until the virtual time has passed or the condition holds. Returns whether it holds.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        TimeSpan end = Now + atMost;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out (TimeSpan At, ulong Order) next) || next.At > end)
            {
                Now = end;
                return condition();
            }

            Action action = _events.Dequeue();
            Now = next.At;
            action();
        }

        return true;
    }

    /// <summary>Runs for that much virtual time.</summary>
    public void Run(TimeSpan time) => RunUntil(() => false, time);

    /// <summary>Makes an unsigned run of one command for the chain.</summary>
    public Run MakeRun(int client, ulong sequence, string command = "x")
    {
        Span<byte> name = stackalloc byte[32];
        name.Clear();
        name[0] = (byte)client;
        name[1] = (byte)(client >> 8);
        return Bft.Engine.Run.WithoutSignature(Chain, name, sequence, [System.Text.Encoding.UTF8.GetBytes(command)]);
    }

    /// <summary>Hands a run to every replica that is up, as gossip would.</summary>
    public void SubmitEverywhere(Run run)
    {
        foreach (SimulatedNode node in Nodes.Where(node => node.Up))
        {
            node.Submit(run);
        }
    }

    /// <summary>Does something later in virtual time.</summary>
    public void At(TimeSpan delay, Action action) => _events.Enqueue(action, (Now + delay, _order++));

    internal void After(TimeSpan delay, SimulatedNode node, Action action)
    {
        Replica incarnation = node.Replica;
        At(delay, () =>
        {
            if (node.Up && ReferenceEquals(node.Replica, incarnation))
            {
                action();
            }
        });
    }

    internal void Wake(SimulatedNode node)
    {
        if (node.Up && _woken.Add(node.Id.Value))
        {
            At(TimeSpan.Zero, () => Turn(node));
        }
    }

    internal void Carry(ReplicaId from, ReplicaId to, ReadOnlyMemory<byte> message)
    {
        Messages++;
        ProtocolMessage? decoded = Network.Filter is null && Network.ExtraDelay is null ? null : WireMessage.Decode(Chain, Protocol, message);
        if (Network.Filter?.Invoke(from, to, decoded) == false || (Network.LossPerMillion > 0 && Random.Chance(Network.LossPerMillion)))
        {
            return;
        }

        TimeSpan extra = Network.ExtraDelay?.Invoke(from, to, decoded) ?? TimeSpan.Zero;
        Deliver(from, to, message, extra);
        if (Network.DuplicatePerMillion > 0 && Random.Chance(Network.DuplicatePerMillion))
        {
            Deliver(from, to, message, extra);
        }
    }

    internal void CheckAgreement(SimulatedNode node, Block block)
    {
        Trace(node, $"commit {block}");
        if (_agreed.TryGetValue(block.Height.Value, out Digest agreed))
        {
            if (agreed != block.Digest)
            {
                Violated($"agreement: at height {block.Height} replica {node.Id} committed {block.Digest.ToShortString()}, another {agreed.ToShortString()}");
            }
        }
        else
        {
            _agreed.Add(block.Height.Value, block.Digest);
        }
    }

    internal void Violated(string what) => Violations.Add($"{Now.TotalMilliseconds:F1} ms: {what}");

    internal void Trace(SimulatedNode node, string what) => TraceTo?.Invoke($"{Now.TotalMilliseconds,10:F2} {new string(' ', node.Id.Value * 4)}{node.Id} {what}");

    private void Deliver(ReplicaId from, ReplicaId to, ReadOnlyMemory<byte> message, TimeSpan extra) =>
        At(extra + Random.Between(Network.MinDelay, Network.MaxDelay), () => Nodes[to.Value].Deliver(from, message));

    private void Turn(SimulatedNode node)
    {
        _woken.Remove(node.Id.Value);
        if (!node.Up)
        {
            return;
        }

        if (node.Replica.Turn())
        {
            // A turn takes time, or a committee of one would decide for ever within one instant.
            _woken.Add(node.Id.Value);
            At(TurnTime, () => Turn(node));
        }
        else if (node.Replica.NextDeadline is { } deadline && (!_deadlines.TryGetValue(node.Id.Value, out TimeSpan known) || known <= Now || deadline < known))
        {
            _deadlines[node.Id.Value] = deadline;
            At(deadline > Now ? deadline - Now : TimeSpan.Zero, () => Turn(node));
        }
    }
}
