using System.Collections.Immutable;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Simulation.Checkers;
using Bft.Simulation.Nodes;

namespace Bft.Simulation;

/// <summary>The checkers of a world, always on: passes on to them what honest replicas do, and keeps what they find.</summary>
public sealed class WorldWatch
{
    /// <summary>Violations kept; one defect may show at every height.</summary>
    public const int MaxKept = 100;

    private readonly SimulatedWorld _world;
    private readonly List<Checker> _checkers;
    private readonly List<Checker> _added = [];
    private readonly List<Violation> _violations = [];

    internal WorldWatch(SimulatedWorld world)
    {
        _world = world;
        Agreement = new AgreementChecker();
        Execution = new ExecutionChecker(world.Runs);
        // By the registered rules: those of a world may be broken on purpose.
        ImmutableArray<SigningRule> rules = (Protocols.Find(world.Protocol.Name) ?? world.Protocol).Signing;
        Signing = new SigningChecker(rules);
        Recovery = new RecoveryChecker(Signing, rules);
        Evidence = new EvidenceChecker(id => !world.Traitors.Contains(id) && !world.IsSpoilt(id), world.NewClaims());
        Bounds = new BoundsChecker();
        Exceptions = new ExceptionChecker();
        Linearizability = new LinearizabilityChecker();
        Liveness = new LivenessChecker();
        Order = new OrderChecker();
        Expectations = new ExpectationChecker();
        _checkers = [Agreement, Execution, Signing, Recovery, Evidence, Bounds, Exceptions, Linearizability, Liveness, Order, Expectations];
        _checkers.ForEach(checker => checker.Report = Report);
    }

    /// <summary>Check 1.</summary>
    public AgreementChecker Agreement { get; }

    /// <summary>Check 2.</summary>
    public ExecutionChecker Execution { get; }

    /// <summary>Check 3.</summary>
    public SigningChecker Signing { get; }

    /// <summary>Check 4.</summary>
    public LinearizabilityChecker Linearizability { get; }

    /// <summary>Check 5.</summary>
    public LivenessChecker Liveness { get; }

    /// <summary>Check 6.</summary>
    public BoundsChecker Bounds { get; }

    /// <summary>Check 7.</summary>
    public ExceptionChecker Exceptions { get; }

    /// <summary>Check 8.</summary>
    public RecoveryChecker Recovery { get; }

    /// <summary>Evidence is sound.</summary>
    public EvidenceChecker Evidence { get; }

    /// <summary>The order of the loop.</summary>
    public OrderChecker Order { get; }

    /// <summary>What a script expects.</summary>
    public ExpectationChecker Expectations { get; }

    /// <summary>The names of all that watch.</summary>
    public IEnumerable<string> Checkers => _checkers.Select(checker => checker.Name);

    /// <summary>What was found; must be empty.</summary>
    public IReadOnlyList<Violation> Violations => _violations;

    /// <summary>Adds a checker of one's own.</summary>
    public void Add(Checker checker)
    {
        checker.Report = Report;
        _checkers.Add(checker);
        _added.Add(checker);
    }

    internal void Signed(SimulatedReplica replica, byte[] message, byte[] signature)
    {
        Signing.Signed(replica.Index, replica.Id, replica.Honest, message, signature);
        _added.ForEach(checker => checker.Signed(replica.Index, replica.Id, replica.Honest, message, signature));
    }

    /// <summary>What a script expects did not come.</summary>
    internal void Unexpected(string what) => Report(Expectations, what);

    internal void OutOfOrder(SimulatedReplica replica, string what)
    {
        if (replica.Honest)
        {
            Order.Broken(replica.Index, what);
        }
    }

    internal void Unproved(SimulatedReplica replica, string what)
    {
        if (replica.Honest)
        {
            Evidence.Unproved(replica.Index, what);
        }
    }

    internal void Sent(SimulatedReplica replica, byte[] bytes)
    {
        if (replica.Honest)
        {
            Signing.Sent(replica.Index, replica.Id, bytes);
        }
    }

    internal void Committed(SimulatedReplica replica, CommittedBlock block)
    {
        if (replica.Honest)
        {
            _checkers.ForEach(checker => checker.Committed(replica.Index, block));
        }
    }

    internal void Executed(SimulatedReplica replica, CommittedBlock block, ExecutionResult result)
    {
        if (replica.Honest)
        {
            _checkers.ForEach(checker => checker.Executed(replica.Index, block, result.Point, result.Receipts));
        }
    }

    internal void Accused(SimulatedReplica replica, Evidence evidence)
    {
        if (replica.Honest)
        {
            _checkers.ForEach(checker => checker.Accused(replica.Index, evidence));
        }
    }

    internal void Started(SimulatedReplica replica, RestartState state)
    {
        if (replica.Honest)
        {
            _checkers.ForEach(checker => checker.Started(replica.Index, state));
        }
    }

    internal void Threw(SimulatedReplica replica, string where, Exception exception)
    {
        if (replica.Honest)
        {
            _checkers.ForEach(checker => checker.Threw(replica.Index, where, exception));
        }
    }

    internal void Sampled(SimulatedReplica replica, ResourceSample sample)
    {
        foreach (Checker checker in _checkers)
        {
            checker.Sampled(replica.Index, sample);
        }
    }

    // An honest replica whose state differs from a quorum's is a disagreement that it found by itself.
    internal void Alarmed(SimulatedReplica replica, ReplicaAlarm alarm, string detail)
    {
        if (replica.Honest && alarm == ReplicaAlarm.Diverged)
        {
            Report(Agreement, $"instance {replica.Index}: {detail}");
        }
    }

    private void Report(Checker checker, string what)
    {
        if (_violations.Count < MaxKept)
        {
            var violation = new Violation(_world.Time.Now, checker.Name, what);
            _violations.Add(violation);
            _world.Trace.Add(violation.At, -1, TraceKind.Violation, what: violation);
        }
    }
}

/// <summary>What consensus cost, at the boundary where it was put on the wire.</summary>
public sealed class WorldMeter
{
    private readonly long[] _messages = new long[3];

    /// <summary>Signatures made by replicas.</summary>
    public long Signed { get; internal set; }

    /// <summary>Signatures verified by replicas, without those that the cache knew.</summary>
    public long Verified { get; internal set; }

    /// <summary>Bytes of consensus messages.</summary>
    public long Bytes { get; private set; }

    /// <summary>Signature units carried by consensus messages.</summary>
    public long Carried { get; private set; }

    /// <summary>Consensus messages of a phase.</summary>
    public long Messages(Phase phase) => _messages[(int)phase];

    internal void Sent(Phase phase, int bytes, int authenticators)
    {
        _messages[(int)phase]++;
        Bytes += bytes;
        Carried += authenticators;
    }
}
