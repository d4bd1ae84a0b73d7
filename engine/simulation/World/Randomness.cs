namespace Bft.Simulation;

/// <summary>A small deterministic random source (SplitMix64, Steele, Lea, Flood 2014): the same on every machine and runtime version.</summary>
public sealed class Randomness(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>
    /// A source of its own for one concern, so that a draw more of one (a lost message) does not change those of another (what clients do):
    /// runs with one fault taken out stay alike, which is what shrinking lives on.
    /// </summary>
    public Randomness Fork(ulong concern) => new(Next() ^ (concern * 0xD1B54A32D192ED03));

    /// <summary>A number from 0 to <paramref name="bound"/>−1.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>A number from one bound to another, both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>True with that many chances in a million.</summary>
    public bool Chance(int inAMillion) => Below(1_000_000) < inAMillion;

    /// <summary>A time between two bounds.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromTicks(most > least ? (long)(Next() % (ulong)(most - least).Ticks) : 0);
}
