using System.Collections.Immutable;
using System.Numerics;
using Bft.Engine;

namespace Bft.Simulation.Twins;

/// <summary>One round of a schedule.</summary>
/// <param name="Leader">The replica that leads it.</param>
/// <param name="Sides">
/// Who hears whom, one bitmap a phase: bit i is the side of instance i, and messages cross no sides. One bitmap holds for every phase of the round.
/// </param>
public sealed record TwinsRound(int Leader, ImmutableArray<uint> Sides)
{
    /// <summary>Whether two instances are on different sides.</summary>
    public bool Apart(int from, int to, int phase)
    {
        uint sides = Sides[phase % Sides.Length];
        return ((sides >> from ^ sides >> to) & 1) != 0;
    }
}

/// <summary>A schedule: who leads and who hears whom in the first views; afterwards everybody hears everybody, and the honest lead in turn.</summary>
/// <param name="Number">Its number in its space, or the seed it was drawn from.</param>
/// <param name="Nodes">n.</param>
/// <param name="Twins">How many replicas have two instances: the last ones; the second instances are numbered from n on, in the same order.</param>
/// <param name="Rounds">The rounds.</param>
public sealed record TwinsScenario(ulong Number, int Nodes, int Twins, ImmutableArray<TwinsRound> Rounds);

/// <summary>
/// The schedules of Twins (Bano, Sonnino, Chursin, Perelman, Li, Ching, Malkhi: "Twins: BFT Systems Made Robust", OPODIS 2021): unmodified instances two of which share
/// one identity and key, and a network that decides for each round who hears whom. So a replica equivocates, votes twice and forgets, in every way in which
/// its own code does.
/// </summary>
/// <param name="Nodes">n.</param>
/// <param name="Rounds">Rounds of a schedule.</param>
public sealed record TwinsSpace(int Nodes, int Rounds)
{
    /// <summary>The most rounds.</summary>
    public const int MaxRounds = 12;

    /// <summary>The most schedules that are enumerated; beyond, they are drawn.</summary>
    public const ulong MaxEnumerated = 10_000_000;

    /// <summary>The phases of a round that are told apart in drawn schedules: by the number of a message's kind.</summary>
    public const int Phases = 4;

    /// <summary>Replicas with two instances: f.</summary>
    public int Twins => Committee.MaxFaults(Nodes, FaultModel.Byzantine);

    /// <summary>All instances.</summary>
    public int Instances => Nodes + Twins;

    /// <summary>Ways to part the instances into exactly two sets: S(n+t, 2) = 2^(n+t−1) − 1.</summary>
    public ulong Partitions => (1UL << (Instances - 1)) - 1;

    /// <summary>
    /// How many schedules there are with one of the twins as the leader of each round and one partition a round: (S(n+t, 2) · t)^R. Known in advance, so that a
    /// generator that silently drops some is found out.
    /// </summary>
    public BigInteger Count => BigInteger.Pow(Partitions * (ulong)Twins, Rounds);

    /// <summary>Every partition, as a bitmap of one of its sets; instance 0 is always in the other.</summary>
    public IEnumerable<uint> EveryPartition()
    {
        for (ulong sides = 1; sides <= Partitions; sides++)
        {
            yield return (uint)(sides << 1);
        }
    }

    /// <summary>Every schedule, in the order of their numbers.</summary>
    public IEnumerable<TwinsScenario> Every()
    {
        for (ulong number = 0; number < Count; number++)
        {
            yield return At(number);
        }
    }

    /// <summary>The schedule of a number below <see cref="Count"/>.</summary>
    public TwinsScenario At(ulong number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual<BigInteger>(number, Count);
        ulong rest = number;
        ulong choices = Partitions * (ulong)Twins;
        var rounds = ImmutableArray.CreateBuilder<TwinsRound>(Rounds);
        for (int round = 0; round < Rounds; round++)
        {
            (rest, ulong choice) = Math.DivRem(rest, choices);
            rounds.Add(new TwinsRound(Nodes - Twins + (int)(choice / Partitions), [(uint)((choice % Partitions) + 1) << 1]));
        }

        return new TwinsScenario(number, Nodes, Twins, rounds.MoveToImmutable());
    }

    /// <summary>
    /// A schedule out of a seed: any leaders, twins half of the time, and the partition drawn anew for every round and phase, which a partition a round misses
    /// ("the vote reaches one side, the certificate the other").
    /// </summary>
    public TwinsScenario Draw(ulong seed)
    {
        var random = new Randomness(seed ^ 0x2545_F491_4F6C_DD1D);
        var rounds = ImmutableArray.CreateBuilder<TwinsRound>(Rounds);
        for (int round = 0; round < Rounds; round++)
        {
            int leader = random.Below(2) == 0 ? Nodes - 1 - random.Below(Twins) : random.Below(Nodes);
            rounds.Add(new TwinsRound(leader, [.. Enumerable.Range(0, Phases).Select(_ => (uint)(1 + (random.Next() % Partitions)) << 1)]));
        }

        return new TwinsScenario(seed, Nodes, Twins, rounds.MoveToImmutable());
    }
}
