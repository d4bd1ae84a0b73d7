using Bft.Engine.Transport;

namespace Bft.Simulation.Network;

/// <summary>How long messages take, on all links that have no round-trip table.</summary>
/// <param name="Least">The shortest delay.</param>
/// <param name="Most">The longest ordinary delay; between both it is uniform, and a spread reorders messages.</param>
/// <param name="TailPerMillion">Messages that take longer, in a million.</param>
/// <param name="Tail">How long these take at most; their delay is Pareto-like: half of the tail rarely, all of it very rarely.</param>
public readonly record struct DelayDistribution(TimeSpan Least, TimeSpan Most, int TailPerMillion = 0, TimeSpan Tail = default)
{
    /// <summary>A local network: 0.2 to 0.6 ms.</summary>
    public static DelayDistribution Local { get; } = new(TimeSpan.FromMilliseconds(0.2), TimeSpan.FromMilliseconds(0.6));

    /// <summary>Draws a delay; <paramref name="late"/> says that it came from the tail.</summary>
    public TimeSpan Draw(Randomness random, out bool late)
    {
        late = TailPerMillion > 0 && random.Chance(TailPerMillion);
        if (!late)
        {
            return random.Between(Least, Most);
        }

        // The product of two uniform numbers leans to the short side, as delays do.
        double part = random.Below(1 << 20) / (double)(1 << 20) * (random.Below(1 << 20) / (double)(1 << 20));
        return Most + TimeSpan.FromTicks((long)(Tail.Ticks * part));
    }
}

/// <summary>What the network does to every message.</summary>
public sealed record NetworkConditions
{
    /// <summary>Delays where no <see cref="WideArea"/> profile says otherwise; with one, what is added to half a round trip.</summary>
    public DelayDistribution Delay { get; init; } = DelayDistribution.Local;

    /// <summary>Where the replicas are; null for one place.</summary>
    public WideAreaProfile? WideArea { get; init; }

    /// <summary>Messages lost, in a million.</summary>
    public int LossPerMillion { get; init; }

    /// <summary>Messages delivered twice, in a million.</summary>
    public int DuplicatePerMillion { get; init; }
}

/// <summary>What becomes of a message that a rule matches.</summary>
public enum RuleAction
{
    /// <summary>It is lost.</summary>
    Drop,

    /// <summary>It waits until the rule is released.</summary>
    Hold,

    /// <summary>It takes longer.</summary>
    Delay,
}

/// <summary>A message as the network sees it.</summary>
/// <param name="From">The sending instance.</param>
/// <param name="To">The receiving instance.</param>
/// <param name="Traffic">What it is for.</param>
/// <param name="Kind">Its kind within that traffic: a protocol's own number, or a <see cref="Engine.Sync.RepairKind"/>.</param>
/// <param name="Bytes">All of it.</param>
public readonly record struct Parcel(int From, int To, TrafficClass Traffic, byte Kind, byte[] Bytes);

/// <summary>Something done to some messages, by link, kind or content, until it is taken back.</summary>
/// <param name="matches">Which messages.</param>
/// <param name="action">What is done.</param>
/// <param name="delay">How much longer they take.</param>
public sealed class NetworkRule(Func<Parcel, bool> matches, RuleAction action, TimeSpan delay = default)
{
    internal List<Parcel> Held { get; } = [];

    /// <summary>What is done.</summary>
    public RuleAction Action => action;

    /// <summary>How much longer the messages take.</summary>
    public TimeSpan Delay => delay;

    /// <summary>How many messages wait.</summary>
    public int Waiting => Held.Count;

    internal bool Matches(in Parcel parcel) => matches(parcel);
}
