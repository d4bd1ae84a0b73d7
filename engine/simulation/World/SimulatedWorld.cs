using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Ledger.Disks;
using Bft.Simulation.Clients;
using Bft.Simulation.Network;
using Bft.Simulation.Nodes;
using Bft.Simulation.Traitors;

namespace Bft.Simulation;

/// <summary>
/// A deterministic world: production replicas of one chain, their clients and traitors, over virtual time, a simulated network and simulated disks, on one
/// thread. The same options give the same run, event by event, on every machine. The checkers watch from the first event on.
/// </summary>
/// <example>
/// <code>
/// var world = new SimulatedWorld(new WorldOptions { Protocol = Protocols.Find("hotstuff")!, Seed = 42 });
/// world.AddClients(4);
/// world.Start();
/// world.Time.Run(TimeSpan.FromSeconds(5));
/// world.Replicas[1].Crash(CrashLoss.Torn);
/// world.Replicas[1].RestartAfter(TimeSpan.FromSeconds(1));
/// …
/// Assert.Empty(world.Watch.Violations);
/// </code>
/// </example>
public sealed class SimulatedWorld
{
    private readonly List<SimulatedReplica> _replicas = [];
    private readonly List<SimulatedReplica>[] _instancesOf;
    private readonly List<SimulatedClient> _clients = [];
    private readonly Dictionary<Digest, SimulatedClient> _clientOf = [];
    private readonly Randomness _machines;
    private readonly Randomness _people;
    private readonly Randomness _losses;

    /// <summary>Makes a world; nobody is started.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="strategies">How each replica betrays, by its number; missing or null for honest.</param>
    public SimulatedWorld(WorldOptions options, IReadOnlyDictionary<int, Strategy>? strategies = null)
    {
        Options = options;
        Protocol = options.Protocol;
        var random = new Randomness(options.Seed);
        _machines = random.Fork(1);
        _people = random.Fork(2);
        _losses = random.Fork(3);
        Committee committee = options.Committee ?? new Committee(options.Nodes, Protocol.Model);
        Keys = new SimulatedKeys(options.Nodes, committee.QuorumSize, options.Seed, options.Scheme ?? (options.RealSignatures ? CertificateSchemes.Default : SimulatedKeys.Fast));
        Chain = new Chain(
            HashFunction.Sha256.Hash(BitConverter.GetBytes(options.Seed)),
            Protocol.Name,
            committee,
            options.RealSignatures ? HashFunction.Sha256 : SimulatedHash.Instance,
            acceptUnsigned: !options.RealSignatures);
        Trace = new Trace(Chain, Protocol, options.KeepTrace);
        Network = new SimulatedNetwork(Time, random.Fork(4), Inject, Deliver);
        foreach (int traitor in strategies?.Keys ?? [])
        {
            Traitors = Traitors.With(new ReplicaId(traitor));
        }

        Watch = new WorldWatch(this);
        _instancesOf = new List<SimulatedReplica>[options.Nodes];
        for (int id = 0; id < options.Nodes; id++)
        {
            _instancesOf[id] = [];
            AddInstance(new ReplicaId(id), strategies?.GetValueOrDefault(id));
        }
    }

    /// <summary>What it is made of.</summary>
    public WorldOptions Options { get; }

    /// <summary>The protocol.</summary>
    public ProtocolDescriptor Protocol { get; }

    /// <summary>The chain.</summary>
    public Chain Chain { get; }

    /// <summary>All keys of replicas.</summary>
    public SimulatedKeys Keys { get; }

    /// <summary>The clock and the queue of events.</summary>
    public VirtualTime Time { get; } = new();

    /// <summary>The network.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>The checkers.</summary>
    public WorldWatch Watch { get; }

    /// <summary>What happened.</summary>
    public Trace Trace { get; }

    /// <summary>What the world did to its replicas.</summary>
    public FaultCounters Faults { get; } = new();

    /// <summary>What consensus cost.</summary>
    public WorldMeter Meter { get; } = new();

    /// <summary>What clients signed.</summary>
    public RegisteredRuns Runs { get; } = new();

    /// <summary>What clients asked and were answered.</summary>
    public History History { get; } = new();

    /// <summary>All instances: replica i is at i, twins come behind.</summary>
    public IReadOnlyList<SimulatedReplica> Replicas => _replicas;

    /// <summary>The clients.</summary>
    public IReadOnlyList<SimulatedClient> Clients => _clients;

    /// <summary>The replicas that are not honest.</summary>
    public ReplicaSet Traitors { get; private set; } = ReplicaSet.Empty;

    /// <summary>The lowest committed height of honest replicas, those that are down included.</summary>
    public ulong LowestCommitted
    {
        get
        {
            ulong lowest = ulong.MaxValue;
            foreach (SimulatedReplica replica in _replicas)
            {
                if (replica.Honest)
                {
                    lowest = Math.Min(lowest, replica.Committed.Value);
                }
            }

            return lowest;
        }
    }

    /// <summary>Whether every honest replica committed that height, those that are down included. Cheap enough to be asked after every event.</summary>
    public bool HaveCommitted(ulong height)
    {
        foreach (SimulatedReplica replica in _replicas)
        {
            if (replica.Committed.Value < height && replica.Honest)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Starts every replica and every client.</summary>
    public void Start()
    {
        foreach (SimulatedReplica replica in _replicas)
        {
            if (!replica.Up)
            {
                replica.Start();
            }
        }

        _clients.ForEach(client => client.Begin());
    }

    /// <summary>Adds an instance with the identity of a replica that is a traitor: a twin. It has its own state and disks.</summary>
    public SimulatedReplica AddTwin(ReplicaId id, Strategy strategy)
    {
        Traitors = Traitors.With(id);
        return AddInstance(id, strategy);
    }

    /// <summary>Adds clients; they begin with <see cref="Start"/>.</summary>
    public void AddClients(int count, ClientOptions? options = null)
    {
        for (int i = 0; i < count; i++)
        {
            int number = _clients.Count;
            ISigner? signer = Options.RealSignatures ? SimulatedKeys.RealKey(Options.Seed, "client"u8, number) : null;
            var client = new SimulatedClient(this, number, signer, options ?? new ClientOptions(), _people.Fork((ulong)number));
            _clients.Add(client);
            _clientOf.Add(client.Identity, client);
        }
    }

    /// <summary>Ends all that is done to the world: the network is whole, the disks are good, the clocks run right, and whoever is down starts.</summary>
    public void Heal()
    {
        Network.Heal();
        foreach (SimulatedReplica replica in _replicas)
        {
            replica.JournalDisk.Heal();
            replica.BlocksDisk.Heal();
            replica.SnapshotsDisk.Heal();
            replica.Clock.Heal();
            replica.RestartsItself = true;
            if (!replica.Up)
            {
                replica.Start();
            }
        }
    }

    /// <summary>Counts a fault that took effect.</summary>
    public void Inject(FaultKind kind, int instance)
    {
        Faults.Add(kind);
        if (kind > FaultKind.MessageHeld && kind < FaultKind.Silence)
        {
            Trace.Add(Time.Now, instance, TraceKind.Fault, number: (ulong)kind);
        }
    }

    internal void Carry(SimulatedReplica from, ReplicaId to, byte[] bytes, TimeSpan departure)
    {
        Watch.Sent(from, bytes);
        foreach (SimulatedReplica receiver in _instancesOf[to.Value])
        {
            if (receiver.Index != from.Index)
            {
                Trace.Add(Time.Now, from.Index, TraceKind.Sent, receiver.Index, (ulong)bytes.Length, bytes);
                Network.Carry(from.Index, receiver.Index, bytes, departure);
            }
        }
    }

    internal IClaims NewClaims()
    {
        var production = new Claims(Chain, Keys.Scheme, new VerifiedCache(Options.VerifiedEntries, Chain.Hash));
        IClaims claims = Options.RealSignatures ? production : new RegisteredClaims(production, Runs);
        return Options.WrapClaims?.Invoke(claims, Keys.Scheme) ?? claims;
    }

    // From the moment its media rotted, not only once it is seen: a last frame that rotted looks like one that a crash tore, and its promise is forgotten.
    internal bool IsSpoilt(ReplicaId id) => _instancesOf[id.Value].Exists(static instance => instance.Spoilt);

    internal void RecordsLost(SimulatedReplica replica) => Watch.Signing.Forget(replica.Id);

    internal CrashLoss DrawLoss() => (CrashLoss)_losses.Between((int)CrashLoss.All, (int)CrashLoss.Reordered);

    internal int DrawSeed() => _losses.Below(1 << 30);

    // Clients reach replicas over links like the others', to the replica's own instance; what they say to one that is down is lost.
    internal void Ask(Run run, int instance)
    {
        if (!Lost(instance))
        {
            Time.After(Network.DrawDelay(instance, instance), () =>
            {
                if (_replicas[instance].Up)
                {
                    _replicas[instance].Submit(run);
                }
            });
        }
    }

    internal void Ask(int client, ulong nonce, byte[] key, Height? atLeast, int instance)
    {
        if (!Lost(instance))
        {
            Time.After(Network.DrawDelay(instance, instance), () =>
            {
                if (_replicas[instance].Up)
                {
                    _replicas[instance].Read(client, nonce, key, atLeast);
                }
            });
        }
    }

    /// <summary>How much longer an instance's answers to clients take; null for no time.</summary>
    public Func<SimulatedReplica, TimeSpan>? SlowAnswers { get; set; }

    private TimeSpan AnswerDelay(SimulatedReplica from) => Network.DrawDelay(from.Index, from.Index) + (SlowAnswers?.Invoke(from) ?? TimeSpan.Zero);

    internal void Reply(SimulatedReplica from, Receipt receipt)
    {
        if (_clientOf.TryGetValue(receipt.Client, out SimulatedClient? client) && client.Waits(receipt) && !Lost(from.Index))
        {
            Time.After(AnswerDelay(from), () => client.Take(from.Id, receipt));
        }
    }

    internal void Reply(SimulatedReplica from, int client, ulong nonce, bool found, byte[] value, Height height)
    {
        if (!Lost(from.Index))
        {
            Time.After(AnswerDelay(from), () => _clients[client].Take(from.Id, nonce, found, value, height));
        }
    }

    private bool Lost(int instance)
    {
        if (Network.Conditions.LossPerMillion == 0 || !_losses.Chance(Network.Conditions.LossPerMillion))
        {
            return false;
        }

        Inject(FaultKind.MessageLost, instance);
        return true;
    }

    private void Deliver(Parcel parcel)
    {
        SimulatedReplica receiver = _replicas[parcel.To];
        if (receiver.Up)
        {
            Trace.Add(Time.Now, parcel.To, TraceKind.Delivered, parcel.From, (ulong)parcel.Bytes.Length, parcel.Bytes);
            receiver.Deliver(_replicas[parcel.From].Id, parcel.From, parcel.Bytes);
        }
    }

    private SimulatedReplica AddInstance(ReplicaId id, Strategy? strategy)
    {
        var replica = new SimulatedReplica(this, _replicas.Count, id, strategy, _machines.Fork((ulong)_replicas.Count));
        _replicas.Add(replica);
        _instancesOf[id.Value].Add(replica);
        Network.Resize(_replicas.Count);
        return replica;
    }
}
