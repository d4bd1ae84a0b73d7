using Bft.Engine.Transport;

namespace Bft.Simulation.Network;

/// <summary>
/// Carries bytes between the instances of a world: delays, loses, duplicates, holds, and parts them. Links are directed and numbered by instance, not by
/// replica, so that two instances with one identity can be shown to different peers.
/// </summary>
public sealed class SimulatedNetwork : IActor
{
    private readonly VirtualTime _time;
    private readonly Randomness _random;
    private readonly Action<FaultKind, int> _injected;
    private readonly Action<Parcel> _deliver;
    private readonly List<NetworkRule> _rules = [];
    private int[][] _cuts = [];
    private TimeSpan[][] _lastArrival = [];

    internal SimulatedNetwork(VirtualTime time, Randomness random, Action<FaultKind, int> injected, Action<Parcel> deliver)
    {
        _time = time;
        _random = random;
        _injected = injected;
        _deliver = deliver;
    }

    /// <summary>What it does to every message; may be changed at any time.</summary>
    public NetworkConditions Conditions { get; set; } = new();

    /// <summary>Shown every message that is put on the wire, whatever becomes of it; null for nobody.</summary>
    public Action<Parcel>? Seen { get; set; }

    /// <summary>Messages put on the wire.</summary>
    public long Messages { get; private set; }

    /// <summary>Bytes put on the wire.</summary>
    public long Bytes { get; private set; }

    /// <summary>The rules in force.</summary>
    public IReadOnlyList<NetworkRule> Rules => _rules;

    /// <summary>Cuts one direction of a link; counted, so that two cuts need two mends.</summary>
    public void Cut(int from, int to)
    {
        _cuts[from][to]++;
        _injected(FaultKind.LinkCut, from);
    }

    /// <summary>Takes a cut back.</summary>
    public void Mend(int from, int to) => _cuts[from][to] = Math.Max(0, _cuts[from][to] - 1);

    /// <summary>Whether a direction of a link is cut.</summary>
    public bool IsCut(int from, int to) => _cuts[from][to] > 0;

    /// <summary>Parts the instances into groups; an instance in no group hears nobody. The answer takes the partition back.</summary>
    public Action Part(params int[][] groups)
    {
        List<(int From, int To)> cut = [];
        for (int from = 0; from < _cuts.Length; from++)
        {
            for (int to = 0; to < _cuts.Length; to++)
            {
                if (from != to && !groups.Any(group => group.Contains(from) && group.Contains(to)))
                {
                    _cuts[from][to]++;
                    cut.Add((from, to));
                }
            }
        }

        _injected(FaultKind.Partition, -1);
        return () => cut.ForEach(link => Mend(link.From, link.To));
    }

    /// <summary>Puts a rule in force.</summary>
    public NetworkRule Add(NetworkRule rule)
    {
        _rules.Add(rule);
        return rule;
    }

    /// <summary>Ends a rule; what it held goes on its way.</summary>
    public void Release(NetworkRule rule)
    {
        if (_rules.Remove(rule))
        {
            foreach (Parcel parcel in rule.Held)
            {
                Forward(parcel, TimeSpan.Zero);
            }

            rule.Held.Clear();
        }
    }

    /// <summary>Ends all cuts, rules and conditions.</summary>
    public void Heal()
    {
        foreach (int[] row in _cuts)
        {
            Array.Clear(row);
        }

        while (_rules.Count > 0)
        {
            Release(_rules[^1]);
        }

        Conditions = new NetworkConditions { Delay = Conditions.WideArea is null ? DelayDistribution.Local : Conditions.Delay with { TailPerMillion = 0 }, WideArea = Conditions.WideArea };
    }

    /// <summary>Puts a message on the wire.</summary>
    public void Carry(int from, int to, byte[] bytes, TimeSpan departure)
    {
        Messages++;
        Bytes += bytes.Length;
        var parcel = new Parcel(from, to, (TrafficClass)(bytes.Length > 0 ? bytes[0] : 0), bytes.Length > 1 ? bytes[1] : (byte)0, bytes);
        Seen?.Invoke(parcel);
        foreach (NetworkRule rule in _rules)
        {
            if (!rule.Matches(parcel))
            {
                continue;
            }

            switch (rule.Action)
            {
                case RuleAction.Drop:
                    _injected(FaultKind.MessageLost, from);
                    return;
                case RuleAction.Hold:
                    _injected(FaultKind.MessageHeld, from);
                    rule.Held.Add(parcel);
                    return;
                default:
                    _injected(FaultKind.MessageDelayed, from);
                    departure += rule.Delay;
                    break;
            }
        }

        if (Conditions.LossPerMillion > 0 && _random.Chance(Conditions.LossPerMillion))
        {
            _injected(FaultKind.MessageLost, from);
            return;
        }

        Forward(parcel, departure);
        if (Conditions.DuplicatePerMillion > 0 && _random.Chance(Conditions.DuplicatePerMillion))
        {
            _injected(FaultKind.MessageDuplicated, from);
            Forward(parcel, departure);
        }
    }

    void IActor.Act(int code, long argument, object? payload)
    {
        int from = (int)(argument >> 32), to = (int)(argument & 0xFFFFFFFF);
        // A cut that came while it was under way loses it too: connections break with what is in them.
        if (_cuts[from][to] > 0)
        {
            return;
        }

        var bytes = (byte[])payload!;
        _deliver(new Parcel(from, to, (TrafficClass)(bytes.Length > 0 ? bytes[0] : 0), bytes.Length > 1 ? bytes[1] : (byte)0, bytes));
    }

    internal void Resize(int instances)
    {
        Array.Resize(ref _cuts, instances);
        Array.Resize(ref _lastArrival, instances);
        for (int i = 0; i < instances; i++)
        {
            Array.Resize(ref _cuts[i], instances);
            Array.Resize(ref _lastArrival[i], instances);
        }
    }

    /// <summary>Draws the delay between two places, without a message.</summary>
    internal TimeSpan DrawDelay(int from, int to)
    {
        TimeSpan delay = Conditions.Delay.Draw(_random, out bool late);
        if (late)
        {
            _injected(FaultKind.MessageDelayed, from);
        }

        return Conditions.WideArea is { } wide ? delay + wide.OneWay(from, to) : delay;
    }

    private void Forward(in Parcel parcel, TimeSpan departure)
    {
        if (_cuts[parcel.From][parcel.To] > 0)
        {
            return;
        }

        TimeSpan delay = departure + DrawDelay(parcel.From, parcel.To);
        TimeSpan arrival = _time.Now + delay;
        ref TimeSpan last = ref _lastArrival[parcel.From][parcel.To];
        if (arrival < last)
        {
            _injected(FaultKind.MessageReordered, parcel.From);
        }
        else
        {
            last = arrival;
        }

        _time.Schedule(delay, this, 0, ((long)parcel.From << 32) | (uint)parcel.To, parcel.Bytes);
    }
}
