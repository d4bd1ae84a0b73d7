using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Checkers;
using Bft.Simulation.Clients;
using Bft.Simulation.Nodes;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Runs;

/// <summary>How one run is done.</summary>
public sealed record SimulationOptions
{
    /// <summary>Blocks that every honest replica has to commit while faults last.</summary>
    public ulong Blocks { get; init; } = 100;

    /// <summary>The longest virtual time for that; a run that does not get there is healed all the same, and judged.</summary>
    public TimeSpan MaxFaultTime { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long planned faults begin.</summary>
    public TimeSpan FaultPeriod { get; init; } = TimeSpan.FromSeconds(1.2);

    /// <summary>
    /// Views of the longest timeout that a healed world has to commit all that waits and to bring everybody up; null for 4n, as the scenarios say.
    /// </summary>
    public int? LivenessViews { get; init; }

    /// <summary>Clients.</summary>
    public int Clients { get; init; } = 5;

    /// <summary>How clients behave.</summary>
    public ClientOptions ClientOptions { get; init; } = new();

    /// <summary>Which faults a plan is drawn from.</summary>
    public FaultMix Mix { get; init; } = FaultMix.Default;

    /// <summary>How many replicas a drawn plan betrays, wipes or lets rot; null for f.</summary>
    public int? Faulty { get; init; }

    /// <summary>Whether the trace is kept.</summary>
    public bool KeepTrace { get; init; }

    /// <summary>Ends a run in the middle, with an <see cref="OperationCanceledException"/>: what was not run to its end is not judged.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Real Ed25519 keys instead of the fast ones.</summary>
    public bool RealSignatures { get; init; }

    /// <summary>The certificate scheme, as in <see cref="WorldOptions.Scheme"/>.</summary>
    public string? Scheme { get; init; }

    /// <summary>Changes the world's options before it is made: mutated parts come in here.</summary>
    public Func<WorldOptions, WorldOptions>? Configure { get; init; }

    /// <summary>Called with the world before it starts: checkers of one's own come in here.</summary>
    public Action<SimulatedWorld>? Prepare { get; init; }

    /// <summary>The plan that follows from a seed.</summary>
    public FaultPlan Draw(ProtocolDescriptor protocol, int nodes, ulong seed) => FaultPlan.Draw(protocol, nodes, seed, FaultPeriod, Mix, Faulty);
}

/// <summary>What became of a run.</summary>
/// <param name="Protocol">The protocol's name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Violations">What never may happen and did; empty for a good run.</param>
/// <param name="Blocks">Blocks committed.</param>
/// <param name="Operations">Operations of clients that were answered.</param>
/// <param name="Events">Events of the virtual time.</param>
/// <param name="Messages">Messages on the wire.</param>
/// <param name="VirtualTime">How long it lasted for those inside.</param>
/// <param name="HealedAfter">How long a healed world took to be well; the bound when it never was.</param>
/// <param name="Faults">What took effect, by kind.</param>
/// <param name="Proved">Double signs that honest replicas proved.</param>
/// <param name="Trace">What happened.</param>
public sealed record SimulationResult(
    string Protocol,
    int Nodes,
    ulong Seed,
    IReadOnlyList<Violation> Violations,
    ulong Blocks,
    int Operations,
    long Events,
    long Messages,
    TimeSpan VirtualTime,
    TimeSpan HealedAfter,
    FaultCounters Faults,
    int Proved,
    Trace Trace)
{
    /// <summary>True when nothing was violated.</summary>
    public bool Good => Violations.Count == 0;

    /// <summary>One line that says what happened and how to see it again.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Protocol} n={Nodes} seed={Seed}: {Blocks} blocks, {Operations} operations, {Events} events, {VirtualTime.TotalSeconds:F2} s, {(Good ? "good" : string.Join(" | ", Violations.Take(3)))}");
}

/// <summary>
/// One judged run: a world under a plan of faults until every honest replica has some blocks and the faults are over, then healed, then given a bounded time to
/// commit all that waits and to bring everybody up to where the others are.
/// </summary>
public static class SimulationRun
{
    /// <summary>Runs with the default mix of faults that follows from the seed.</summary>
    /// <param name="protocol">Any registered protocol.</param>
    /// <param name="nodes">n.</param>
    /// <param name="seed">Everything follows from it.</param>
    /// <param name="options">Null for the defaults.</param>
    public static SimulationResult Execute(ProtocolDescriptor protocol, int nodes, ulong seed, SimulationOptions? options = null)
    {
        options ??= new SimulationOptions();
        return Execute(protocol, nodes, seed, options.Draw(protocol, nodes, seed), options);
    }

    /// <summary>Runs with a plan.</summary>
    /// <param name="protocol">Any registered protocol.</param>
    /// <param name="nodes">n.</param>
    /// <param name="seed">Everything beside the plan follows from it.</param>
    /// <param name="plan">What is done to the world.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The plan names a strategy that does not exist, or a replica that does not.</exception>
    public static SimulationResult Execute(ProtocolDescriptor protocol, int nodes, ulong seed, FaultPlan plan, SimulationOptions? options = null)
    {
        options ??= new SimulationOptions();
        SimulatedWorld world = MakeWorld(protocol, nodes, seed, plan, options);
        options.Prepare?.Invoke(world);
        world.AddClients(options.Clients, options.ClientOptions);
        world.Network.Conditions = plan.Conditions;
        var driver = new FaultDriver(world, new Randomness(seed ^ 0x8EBC_6AF0_9C88_C6E3));
        driver.Schedule(plan);
        world.Start();
        TimeSpan ends = plan.Ends;
        world.Time.RunUntil(() => Goes(options) && world.Time.Now >= ends && world.HaveCommitted(options.Blocks), options.MaxFaultTime);

        driver.Stop();
        world.Heal();
        int views = options.LivenessViews ?? 4 * nodes;
        TimeSpan bound = (world.Options.ProtocolOptions.MaxViewTimeout + TimeSpan.FromMilliseconds(200)) * views;
        TimeSpan healed = Recover(world, bound, options);
        world.Watch.Linearizability.Judge(world.History);
        return new SimulationResult(
            protocol.Name,
            nodes,
            seed,
            world.Watch.Violations,
            world.Watch.Agreement.Highest,
            world.Clients.Sum(client => client.Done),
            world.Time.Events,
            world.Network.Messages,
            world.Time.Now,
            healed,
            world.Faults,
            world.Watch.Evidence.Proved,
            world.Trace);
    }

    private static SimulatedWorld MakeWorld(ProtocolDescriptor protocol, int nodes, ulong seed, FaultPlan plan, SimulationOptions options)
    {
        var random = new Randomness(seed ^ 0x5899_65CC_7537_4CC3);
        var faces = new TwoFacedStrategy.Faces();
        Dictionary<int, Strategy> strategies = [];
        List<(int Replica, Strategy Strategy)> twins = [];
        foreach (PlannedTraitor traitor in plan.Traitors)
        {
            if ((uint)traitor.Replica >= (uint)nodes)
            {
                throw new ArgumentException($"The plan makes replica {traitor.Replica} a traitor; there are {nodes}.", nameof(plan));
            }

            NamedStrategy strategy = StrategyCatalogue.Find(protocol, traitor.Strategy) ?? throw new ArgumentException(
                $"There is no strategy \"{traitor.Strategy}\" against {protocol.Name}; known: {string.Join(", ", StrategyCatalogue.For(protocol).Select(known => known.Name))}.", nameof(plan));
            Strategy[] made = strategy.Create(faces, random);
            strategies.Add(traitor.Replica, made[0]);
            twins.AddRange(made.Skip(1).Select(twin => (traitor.Replica, twin)));
        }

        var worldOptions = new WorldOptions { Protocol = protocol, Nodes = nodes, Seed = seed, KeepTrace = options.KeepTrace, RealSignatures = options.RealSignatures, Scheme = options.Scheme };
        var world = new SimulatedWorld(options.Configure?.Invoke(worldOptions) ?? worldOptions, strategies);
        twins.ForEach(twin => world.AddTwin(new ReplicaId(twin.Replica), twin.Strategy));
        return world;
    }

    private static bool Goes(SimulationOptions? options)
    {
        options?.Cancellation.ThrowIfCancellationRequested();
        return true;
    }

    // Asked after every event.
    private static bool IsAnswered(SimulatedWorld world)
    {
        IReadOnlyList<SimulatedClient> clients = world.Clients;
        for (int i = 0; i < clients.Count; i++)
        {
            if (clients[i].Waiting)
            {
                return false;
            }
        }

        return true;
    }

    // Nobody asks for anything new, except one last write by each client: it shows that the chain still takes commands.
    internal static TimeSpan Recover(SimulatedWorld world, TimeSpan bound, SimulationOptions? options = null)
    {
        TimeSpan from = world.Time.Now;
        ulong target = world.Watch.Agreement.Highest;
        foreach (SimulatedClient client in world.Clients)
        {
            client.Resting = true;
        }

        bool answered = world.Time.RunUntil(() => Goes(options) && IsAnswered(world), bound);
        if (answered)
        {
            world.Clients[0].Probe();
        }

        world.Time.RunUntil(() => Goes(options) && IsAnswered(world) && world.HaveCommitted(target), from + bound - world.Time.Now);
        int pending = world.Clients.Count(static client => client.Waiting);
        List<(int, ulong)> behind = [];
        foreach (SimulatedReplica replica in world.Replicas)
        {
            if (replica.Honest && replica.Committed.Value < target)
            {
                behind.Add((replica.Index, replica.Committed.Value));
            }
        }

        world.Watch.Liveness.Judge(bound, pending, behind, target);
        return world.Time.Now - from;
    }
}
