using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Network;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Runs;

/// <summary>One thing that will be done to a world.</summary>
/// <param name="At">When it begins.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">To which replica, or from which in a link.</param>
/// <param name="Lasts">How long it lasts, or how long what stops by it stays down.</param>
/// <param name="Detail">A drawn number: the other end of a link, the operation at which a machine stops, the sign of a jump.</param>
public sealed record PlannedFault(TimeSpan At, FaultKind Kind, int Target, TimeSpan Lasts, int Detail)
{
    /// <summary>The kinds of consensus messages that may be held are 1 to this.</summary>
    private const int HoldableKinds = 4;

    /// <summary>The end of a cut link that hears nothing.</summary>
    public int OtherEnd(int nodes) => (Target + 1 + (Detail % Math.Max(1, nodes - 1))) % nodes;

    /// <summary>On which side of a partition a replica is.</summary>
    public bool IsOnFirstSide(int replica) => (Detail >> replica % 16 & 1) == 0;

    /// <summary>Which kind of consensus message is held.</summary>
    public int HeldKind => 1 + (Detail % HoldableKinds);

    /// <summary>How many operations of its disks succeed before a machine stops.</summary>
    public int StopsAt => Detail % 40;

    /// <summary>Whether it stops before the next one or after it.</summary>
    public bool StopsBefore => Detail / 40 % 2 == 0;

    /// <summary>How many seconds of a clock pass in one.</summary>
    public double Rate => 0.5 + (Detail % 150 / 100.0);

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{At.TotalMilliseconds:F1} ms: {Kind} on {Target} for {Lasts.TotalMilliseconds:F1} ms ({Detail})");
}

/// <summary>A traitor of a plan.</summary>
/// <param name="Replica">Which replica.</param>
/// <param name="Strategy">The name of its strategy.</param>
public sealed record PlannedTraitor(int Replica, string Strategy);

/// <summary>
/// Everything that will be done to a world, before it begins: so a run can be repeated with one thing less. Traitors, rotten and wiped replicas together are
/// never more than the f that the protocol bears; crashes, cuts, clocks, full disks and failing flushes may meet anybody, any number at once.
/// </summary>
/// <param name="Conditions">What the network does to every message while faults last.</param>
/// <param name="Faults">What is done when.</param>
/// <param name="Traitors">Who betrays.</param>
public sealed record FaultPlan(NetworkConditions Conditions, IReadOnlyList<PlannedFault> Faults, IReadOnlyList<PlannedTraitor> Traitors)
{
    /// <summary>The kinds of the default mix that may meet anybody.</summary>
    public static IReadOnlyList<FaultKind> FreeKinds { get; } =
    [
        FaultKind.LinkCut, FaultKind.Partition, FaultKind.MessageHeld, FaultKind.CrashKept, FaultKind.CrashLost, FaultKind.CrashReordered, FaultKind.CrashTorn,
        FaultKind.CrashAtWrite, FaultKind.FlushFailed, FaultKind.DiskFull, FaultKind.ClockRate, FaultKind.ClockJump,
    ];

    /// <summary>The kinds, beside treason, whose victims count among the f.</summary>
    public static IReadOnlyList<FaultKind> CountedKinds { get; } = [FaultKind.DiskWiped, FaultKind.BitRot];

    /// <summary>Nothing is done.</summary>
    public static FaultPlan None { get; } = new(new NetworkConditions { Delay = Spread(2, 6) }, [], []);

    /// <summary>When the last fault is over.</summary>
    public TimeSpan Ends => Faults.Count == 0 ? TimeSpan.Zero : Faults.Max(fault => fault.At + fault.Lasts);

    /// <summary>Why a committee cannot bear this plan, with the arithmetic; null when it can.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="nodes">n.</param>
    public string? Refusal(ProtocolDescriptor protocol, int nodes)
    {
        int faulty = Traitors.Select(traitor => traitor.Replica).Concat(Faults.Where(fault => CountedKinds.Contains(fault.Kind)).Select(fault => fault.Target)).Distinct().Count();
        int bound = Committee.MaxFaults(nodes, protocol.Model);
        return faulty <= bound ? null : string.Create(
            CultureInfo.InvariantCulture, $"{faulty} replicas are faulty; {protocol.Name} bears {bound} of {nodes}, for {faulty} take n >= {Committee.SmallestFor(faulty, protocol.Model)}");
    }

    /// <summary>
    /// A plan out of a seed. With a mix that goes in turn every kind is drawn with some probability, and in turn: of any 20 successive seeds each kind is in
    /// some, so that a sweep cannot miss one by chance.
    /// </summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="nodes">n.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="period">How long faults begin.</param>
    /// <param name="mix">Which kinds; null for the default mix.</param>
    /// <param name="faulty">How many replicas are betrayed, wiped or rotten; null for f.</param>
    public static FaultPlan Draw(ProtocolDescriptor protocol, int nodes, ulong seed, TimeSpan period, FaultMix? mix = null, int? faulty = null)
    {
        mix ??= FaultMix.Default;
        var random = new Randomness(seed ^ 0xA076_1D64_78BD_642F);
        int bound = Math.Min(faulty ?? int.MaxValue, Committee.MaxFaults(nodes, protocol.Model));
        List<PlannedFault> faults = [];
        List<PlannedTraitor> traitors = [];
        DrawCounted(mix, protocol, nodes, seed, period, bound, random, faults, traitors);
        for (int kind = 0; kind < FreeKinds.Count; kind++)
        {
            if (!mix.Kinds.Contains(FreeKinds[kind]))
            {
                continue;
            }

            // In turn one of four, and any of the others now and then.
            bool turn = !mix.InTurn || (seed + (ulong)kind) % 4 == 0;
            for (int i = (turn ? 1 : 0) + (random.Below(4) == 0 ? 1 : 0); i > 0; i--)
            {
                faults.Add(Fault(random, FreeKinds[kind], random.Below(nodes), period));
            }
        }

        faults.Sort((left, right) => left.At.CompareTo(right.At));
        return new FaultPlan(mix.DrawConditions(seed, random), faults, traitors);
    }

    private static void DrawCounted(
        FaultMix mix, ProtocolDescriptor protocol, int nodes, ulong seed, TimeSpan period, int bound, Randomness random, List<PlannedFault> faults, List<PlannedTraitor> traitors)
    {
        IReadOnlyList<NamedStrategy> strategies = mix.Strategies(protocol);
        FaultKind[] counted = [.. CountedKinds.Where(mix.Kinds.Contains)];
        int choices = strategies.Count + counted.Length;
        if (choices == 0)
        {
            return;
        }

        List<int> left = [.. Enumerable.Range(0, nodes)];
        int choice = (int)(seed % (ulong)choices);
        for (int i = 0; i < bound; i++)
        {
            int victim = left[random.Below(left.Count)];
            left.Remove(victim);
            if (choice < strategies.Count)
            {
                traitors.Add(new PlannedTraitor(victim, strategies[choice].Name));
            }
            else
            {
                faults.Add(Fault(random, counted[choice - strategies.Count], victim, period));
            }

            // Conspirators mostly play the same game.
            choice = random.Below(3) == 0 ? random.Below(choices) : choice;
        }
    }

    private static PlannedFault Fault(Randomness random, FaultKind kind, int target, TimeSpan period)
    {
        TimeSpan at = random.Between(TimeSpan.FromMilliseconds(20), period);
        TimeSpan lasts = kind switch
        {
            FaultKind.CrashKept or FaultKind.CrashLost or FaultKind.CrashReordered or FaultKind.CrashTorn => random.Between(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(700)),
            FaultKind.ClockJump or FaultKind.FlushFailed or FaultKind.CrashAtWrite => TimeSpan.Zero,
            _ => random.Between(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(900)),
        };
        return new PlannedFault(at, kind, target, lasts, random.Below(1 << 16));
    }

    internal static DelayDistribution Spread(int least, int most) => new(TimeSpan.FromMilliseconds(least), TimeSpan.FromMilliseconds(most));
}
