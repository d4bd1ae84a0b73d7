using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Network;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Runs;

/// <summary>
/// Which kinds of faults a run is drawn from. The named mixes are one line each; a list of names, mixes and single kinds, makes a mix of one's own.
/// </summary>
/// <param name="Name">The name, or the list it was made from.</param>
/// <param name="Kinds">The kinds.</param>
/// <param name="InTurn">True: each kind in some runs, in turn, so that any 20 successive seeds meet them all; false: every kind in every run.</param>
/// <param name="WideArea">True: the replicas lie in regions, with a table of round trips. (The default mix has them now and then.)</param>
public sealed record FaultMix(string Name, IReadOnlySet<FaultKind> Kinds, bool InTurn = false, bool WideArea = false)
{
    /// <summary>Nothing is done to the world; its network takes 2 to 6 ms, which reorders.</summary>
    public static FaultMix None { get; } = new("none", new HashSet<FaultKind>());

    /// <summary>Everything, in turn.</summary>
    public static FaultMix Default { get; } = new("default", Enum.GetValues<FaultKind>().ToHashSet(), InTurn: true);

    /// <summary>The named mixes.</summary>
    public static IReadOnlyList<FaultMix> Named { get; } =
    [
        None,
        Default,
        Range("network", FaultKind.MessageLost, FaultKind.Partition),
        Range("crashes", FaultKind.CrashKept, FaultKind.CrashAtWrite),
        Range("disks", FaultKind.FlushFailed, FaultKind.DiskWiped),
        Range("clocks", FaultKind.ClockRate, FaultKind.ClockJump),
        Range("traitors", FaultKind.Silence, FaultKind.Amnesia),
        new("wan", new HashSet<FaultKind> { FaultKind.MessageDelayed }, WideArea: true),
    ];

    /// <summary>Every name that <see cref="Parse"/> knows: mixes, then kinds.</summary>
    public static IEnumerable<string> Known => Named.Select(mix => mix.Name).Concat(FaultNames.All);

    /// <summary>Reads a list of names.</summary>
    /// <param name="names">Mixes and kinds.</param>
    /// <param name="unknown">The first name that is neither; null when all are known.</param>
    /// <returns>The mix, or null when a name is unknown.</returns>
    public static FaultMix? Parse(IReadOnlyList<string> names, out string? unknown)
    {
        unknown = null;
        if (names.Count == 1 && Named.FirstOrDefault(mix => mix.Name == names[0]) is { } whole)
        {
            return whole;
        }

        HashSet<FaultKind> kinds = [];
        bool wide = false;
        foreach (string name in names)
        {
            if (Named.FirstOrDefault(mix => mix.Name == name) is { } mix)
            {
                kinds.UnionWith(mix.Kinds);
                wide |= mix.WideArea;
            }
            else if (FaultNames.Find(name) is { } kind)
            {
                kinds.Add(kind);
            }
            else
            {
                unknown = name;
                return null;
            }
        }

        return new FaultMix(string.Join(',', names), kinds, WideArea: wide);
    }

    /// <summary>The kinds of this mix whose victims count among the f: treason, and what no replica can keep its promises through.</summary>
    public IEnumerable<FaultKind> Counted => Kinds.Where(kind => kind >= FaultKind.Silence || FaultPlan.CountedKinds.Contains(kind)).Order();

    /// <summary>Why a committee cannot bear this mix, with the arithmetic; null when it can.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="nodes">n.</param>
    /// <param name="faulty">How many replicas are to be faulty; null for as many as can be.</param>
    public string? Refusal(ProtocolDescriptor protocol, int nodes, int? faulty)
    {
        int bound = Committee.MaxFaults(nodes, protocol.Model);
        int per = protocol.Model == FaultModel.Byzantine ? 3 : 2;
        string arithmetic = string.Create(CultureInfo.InvariantCulture, $"{protocol.Name} bears f = ({nodes}-1)/{per} = {bound} faulty of {nodes}");
        if (faulty > bound)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{arithmetic}; {faulty} faulty need n >= {per}*{faulty}+1 = {(per * faulty) + 1}");
        }

        if (!Counted.Any())
        {
            return faulty > 0 ? $"the faults {Name} make no replica faulty, though {faulty} are asked for" : null;
        }

        if (bound == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{arithmetic}; {FaultNames.Of(Counted.First())} makes one faulty and needs n >= {per}*1+1 = {per + 1}");
        }

        if (protocol.Model != FaultModel.Byzantine && !InTurn && Counted.FirstOrDefault(kind => kind >= FaultKind.Silence) is var treason and not default(FaultKind))
        {
            return $"{protocol.Name} is made for crashes, not for traitors: {FaultNames.Of(treason)} cannot be asked of it";
        }

        return null;
    }

    /// <summary>What the network does to every message while faults last.</summary>
    internal NetworkConditions DrawConditions(ulong seed, Randomness random)
    {
        if (Kinds.Count == 0)
        {
            return FaultPlan.None.Conditions;
        }

        bool wide = WideArea || (InTurn && seed % 10 == 7);
        bool Meets(FaultKind kind, ulong turn) => InTurn ? seed % 3 == turn : Kinds.Contains(kind);
        int most = random.Between(4, 18);
        return new NetworkConditions
        {
            WideArea = wide ? (random.Below(2) == 0 ? WideAreaProfile.Atlantic2017 : WideAreaProfile.CloudRegions2017) : null,
            Delay = (wide ? FaultPlan.Spread(0, 3) : FaultPlan.Spread(1, most)) with
            {
                TailPerMillion = Meets(FaultKind.MessageDelayed, 1) ? 20_000 : 0,
                Tail = TimeSpan.FromMilliseconds(random.Between(50, 400)),
            },
            LossPerMillion = Meets(FaultKind.MessageLost, 0) ? random.Between(1_000, 60_000) : 0,
            DuplicatePerMillion = Meets(FaultKind.MessageDuplicated, 2) ? random.Between(1_000, 100_000) : 0,
        };
    }

    /// <summary>The strategies that traitors of this mix play against a protocol.</summary>
    internal IReadOnlyList<NamedStrategy> Strategies(ProtocolDescriptor protocol) =>
        [.. StrategyCatalogue.For(protocol).Where(strategy => Kinds.Contains(strategy.Fault))];

    private static FaultMix Range(string name, FaultKind first, FaultKind last) =>
        new(name, Enum.GetValues<FaultKind>().Where(kind => kind >= first && kind <= last).ToHashSet());
}
