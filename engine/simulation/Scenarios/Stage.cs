using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Ledger.Disks;
using Bft.Simulation.Clients;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Scenarios;

/// <summary>What is done to a disk.</summary>
public enum DiskFault
{
    /// <summary>Writes find no room.</summary>
    Full,

    /// <summary>The next flush fails and takes its pages with it.</summary>
    FailedFlush,
}

/// <summary>
/// The hands of a script: it waits for things to happen in a world of production replicas, and does to them what it likes. What must hold is said by
/// <see cref="Expect"/>; what must happen before the script can go on, by <see cref="Until"/>.
/// </summary>
/// <remarks>The words of a protocol (who proposes, which certificate) are in a stage of its own, see <c>HotStuff/HotStuffStage</c>.</remarks>
public class Stage
{
    /// <summary>The longest sample of a message that is kept, in bytes.</summary>
    public const int MaxSampleBytes = 64 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly List<Actor> _actors = [];
    private readonly Dictionary<int, Puppet> _puppets;
    private readonly Signatures _signatures = new();
    private readonly Dictionary<(TrafficClass Traffic, byte Kind), byte[]> _samples = [];

    /// <summary>Sets the stage.</summary>
    /// <param name="world">The world; nobody is started.</param>
    /// <param name="setting">What the act asked for.</param>
    public Stage(SimulatedWorld world, Setting setting)
    {
        World = world;
        Setting = setting;
        foreach (Nodes.SimulatedReplica instance in world.Replicas)
        {
            _actors.Add(new Actor((char)('A' + instance.Id.Value), instance));
        }

        _puppets = world.Replicas.Where(instance => instance.Strategy is Puppet).ToDictionary(instance => instance.Index, instance => (Puppet)instance.Strategy!);
        world.Watch.Add(_signatures);
        world.Network.Seen = See;
    }

    /// <summary>The world.</summary>
    public SimulatedWorld World { get; }

    /// <summary>What the act asked for.</summary>
    public Setting Setting { get; }

    /// <summary>The chain.</summary>
    public Chain Chain => World.Chain;

    /// <summary>Replica 0.</summary>
    public Actor A => _actors[0];

    /// <summary>Replica 1.</summary>
    public Actor B => _actors[1];

    /// <summary>Replica 2.</summary>
    public Actor C => _actors[2];

    /// <summary>Replica 3.</summary>
    public Actor D => _actors[3];

    /// <summary>Replica 4.</summary>
    public Actor E => _actors[4];

    /// <summary>Replica 5.</summary>
    public Actor F => _actors[5];

    /// <summary>All instances, twins behind.</summary>
    public IReadOnlyList<Actor> Everyone => _actors;

    /// <summary>The honest ones.</summary>
    public IEnumerable<Actor> Honest => _actors.Where(actor => actor.Instance.Honest);

    /// <summary>The first client.</summary>
    public SimulatedClient Client => World.Clients[0];

    /// <summary>True after the script had the world healed and judged.</summary>
    public bool IsHealed { get; private set; }

    /// <summary>Why an act stopped before its end; null when it did not.</summary>
    internal string? Stopped { get; private set; }

    /// <summary>The script's hands of a traitor.</summary>
    public Puppet Puppet(Actor actor) =>
        _puppets.TryGetValue(actor.Index, out Puppet? puppet) ? puppet : throw new ArgumentException($"{actor} is honest: nobody speaks for it.", nameof(actor));

    /// <summary>Lets time pass until something holds. If it never does the act ends here, and says what did not happen.</summary>
    /// <param name="what">In words: "A forms the certificate of X".</param>
    /// <param name="holds">What must come to hold.</param>
    /// <param name="atMost">How long it may take; null for a time that is long for everything.</param>
    public void Until(string what, Func<bool> holds, TimeSpan? atMost = null)
    {
        if (!World.Time.RunUntil(holds, atMost ?? Patience))
        {
            Stopped = what;
            World.Watch.Unexpected($"never happened: {what}");
            throw new StageStoppedException();
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Wait(double milliseconds) => World.Time.Run(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>Lets time pass, and demands that something holds all the while.</summary>
    public void WhileWaiting(double milliseconds, string what, Func<bool> holds)
    {
        bool broken = World.Time.RunUntil(() => !holds(), TimeSpan.FromMilliseconds(milliseconds));
        Expect(what, !broken);
    }

    /// <summary>Demands that something holds now; the act goes on whether it does or not.</summary>
    public void Expect(string what, bool holds)
    {
        if (!holds)
        {
            World.Watch.Unexpected($"does not hold: {what}");
        }
    }

    /// <summary>Parts the instances into groups; whoever is in none hears nobody. The answer takes it back.</summary>
    public Action Cut(params Actor[][] groups) => World.Network.Part([.. groups.Select(group => group.Select(actor => actor.Index).ToArray())]);

    /// <summary>Cuts the links between a replica and all others. The answer takes it back.</summary>
    public Action Isolate(Actor actor) => Cut([actor], [.. _actors.Where(other => other != actor)]);

    /// <summary>Cuts one direction of a link. The answer takes it back.</summary>
    public Action OneWay(Actor from, Actor to)
    {
        World.Network.Cut(from.Index, to.Index);
        return () => World.Network.Mend(from.Index, to.Index);
    }

    /// <summary>Keeps messages back until <see cref="Release"/>.</summary>
    public NetworkRule Hold(Func<Parcel, bool> which) => World.Network.Add(new NetworkRule(which, RuleAction.Hold));

    /// <summary>Loses messages until <see cref="Release"/>.</summary>
    public NetworkRule Drop(Func<Parcel, bool> which) => World.Network.Add(new NetworkRule(which, RuleAction.Drop));

    /// <summary>Delays messages until <see cref="Release"/>.</summary>
    public NetworkRule Delay(Func<Parcel, bool> which, TimeSpan by) => World.Network.Add(new NetworkRule(which, RuleAction.Delay, by));

    /// <summary>Ends a rule; what it held goes on its way.</summary>
    public void Release(NetworkRule rule) => World.Network.Release(rule);

    /// <summary>A replica stands still.</summary>
    public void Crash(Actor actor) => actor.Instance.Halt();

    /// <summary>It starts again.</summary>
    /// <param name="actor">Which.</param>
    /// <param name="loss">What became of what it had not flushed: kept, lost, torn or reordered.</param>
    public void Restart(Actor actor, CrashLoss loss = CrashLoss.None)
    {
        actor.Instance.Settle(loss);
        actor.Instance.Start();
    }

    /// <summary>A replica's disks are lost, and it starts with empty ones. It knows that it may have signed.</summary>
    public void Wipe(Actor actor)
    {
        actor.Instance.Wipe();
        actor.Instance.Start();
    }

    /// <summary>Something happens to the disk of a replica's journal.</summary>
    public void Disk(Actor actor, DiskFault fault)
    {
        if (fault == DiskFault.Full)
        {
            actor.Instance.JournalDisk.Full = true;
        }
        else
        {
            actor.Instance.JournalDisk.FailFlushes(1);
        }
    }

    /// <summary>There is room again on the disk of a replica's journal.</summary>
    public void MakeRoom(Actor actor) => actor.Instance.JournalDisk.Full = false;

    /// <summary>How many of its seconds pass in one of the world's.</summary>
    public void Clock(Actor actor, double rate)
    {
        World.Inject(FaultKind.ClockRate, actor.Index);
        actor.Instance.Clock.Rate = rate;
    }

    /// <summary>Starts a second instance with the key of a doubled replica and a state of its own.</summary>
    public Actor Twin(Actor actor)
    {
        Nodes.SimulatedReplica instance = World.AddTwin(actor.Id, new TwinStrategy());
        var twin = new Actor(actor.Letter, instance);
        _actors.Add(twin);
        instance.Start();
        return twin;
    }

    /// <summary>Ends all that was done to the world and starts whoever is down.</summary>
    public void Heal() => World.Heal();

    /// <summary>
    /// Heals the world and gives it so many views of the longest timeout: in that time whatever clients wait for is answered, and every honest replica is where
    /// the others were.
    /// </summary>
    public void RunFaultFree(int views)
    {
        IsHealed = true;
        World.Heal();
        SimulationRun.Recover(World, (World.Options.ProtocolOptions.MaxViewTimeout + TimeSpan.FromMilliseconds(200)) * views);
    }

    /// <summary>Whether a replica made a signature, sent or not.</summary>
    public bool Signed(Actor actor, Statement statement) => _signatures.Made.Contains((actor.Index, statement));

    /// <summary>The different statements of a kind and view that a replica signed.</summary>
    public IEnumerable<Statement> SignedIn(Actor actor, StatementKind kind, ulong view) => _signatures.Made
        .Where(made => made.Instance == actor.Index && made.Statement.Kind == kind && made.Statement.View.Value == view).Select(made => made.Statement);

    /// <summary>Signs for a traitor.</summary>
    public Vote Sign(Actor traitor, Statement statement) => Puppet(traitor).Hands.Sign(statement);

    /// <summary>Sends bytes as a traitor.</summary>
    public void Send(Actor traitor, Actor to, byte[] bytes)
    {
        Puppet(traitor).Hands.Count();
        Puppet(traitor).Hands.Pass(to.Id, bytes);
    }

    /// <summary>
    /// The signatures of members over a statement put together, as something that happened before the script begins: another epoch, another chain.
    /// </summary>
    /// <param name="chain">The chain whose context is signed.</param>
    /// <param name="statement">What was signed.</param>
    /// <param name="signers">By whom, ascending.</param>
    public QuorumCertificate FromThePast(Chain chain, Statement statement, params Actor[] signers)
    {
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        chain.WriteSigned(statement, message);
        List<ReadOnlyMemory<byte>> signatures = [];
        foreach (Actor signer in signers)
        {
            var signature = new byte[World.Keys.Scheme.VoteSignatureBytes];
            World.Keys.SignerOf(signer.Id.Value).Sign(message, signature);
            signatures.Add(signature);
        }

        int[] ids = [.. signers.Select(signer => signer.Id.Value)];
        return new QuorumCertificate(statement, ReplicaSet.Of(ids), World.Keys.Scheme.Combine(ids, signatures));
    }

    /// <summary>A replica of the production engine is shown bytes, at once and without a network; what its edge made of them.</summary>
    public EdgeVerdict Show(Actor to, ReplicaId from, ReadOnlyMemory<byte> bytes) => to.Instance.Show(from, bytes);

    /// <summary>Shown every message that goes on the wire; null for nobody.</summary>
    public Action<Parcel>? Watch { get; set; }

    /// <summary>The longest message of each kind that went on the wire, up to <see cref="MaxSampleBytes"/>.</summary>
    public IReadOnlyDictionary<(TrafficClass Traffic, byte Kind), byte[]> Samples => _samples;

    /// <summary>Whether a promise of a replica left it.</summary>
    public bool HasPromised(Actor actor) => World.Watch.Signing.HighestOf(actor.Id).Any();

    /// <summary>A bit of the newest file of a replica's journal flips while it stands still; from now on it is not judged as honest.</summary>
    public void Damage(Actor actor, long at)
    {
        Ledger.Disks.MemoryDisk medium = actor.Instance.JournalDisk.Medium;
        medium.Flip(medium.List()[^1], at);
        actor.Instance.Spoilt = true;
        World.Inject(FaultKind.BitRot, actor.Index);
    }

    /// <summary>A message goes on the wire.</summary>
    protected virtual void See(Parcel parcel)
    {
        Watch?.Invoke(parcel);
        (TrafficClass, byte) kind = (parcel.Traffic, parcel.Kind);
        if (parcel.Bytes.Length is > 1 and <= MaxSampleBytes && (!_samples.TryGetValue(kind, out byte[]? longest) || parcel.Bytes.Length > longest.Length))
        {
            _samples[kind] = parcel.Bytes;
        }
    }

    /// <summary>Decodes a consensus message; null for anything else.</summary>
    protected ProtocolMessage? Decode(in Parcel parcel) =>
        parcel.Traffic == TrafficClass.Consensus ? WireMessage.Decode(Chain, World.Protocol, parcel.Bytes) : null;

    private sealed class Signatures : Checkers.Checker
    {
        public override string Name => "script";

        public HashSet<(int Instance, Statement Statement)> Made { get; } = [];

        public override void Signed(int instance, ReplicaId id, bool honest, byte[] message, byte[] signature)
        {
            if (Checkers.SigningChecker.Parse(message) is { } statement)
            {
                Made.Add((instance, statement));
            }
        }
    }
}

/// <summary>The act cannot go on; why is among the violations.</summary>
internal sealed class StageStoppedException() : Exception("The act stopped.");
