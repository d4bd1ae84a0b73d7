namespace Bft.Simulation.Network;

/// <summary>Round-trip times between places, and who is where: replica i is at place i modulo their number.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Source">Where the figures are from.</param>
/// <param name="Places">The places' names.</param>
/// <param name="RoundTripMilliseconds">Round trips in milliseconds; a square table.</param>
public sealed record WideAreaProfile(string Name, string Source, IReadOnlyList<string> Places, double[][] RoundTripMilliseconds)
{
    /// <summary>
    /// Nine regions of one cloud provider. The figures are averages as published in April 2017 in "AWS Regions" on
    /// acomputerscientistlearnsaws.blogspot.com, which quotes "Latency Between AWS Global Regions"; above the diagonal, taken for both directions.
    /// They are old and of one network: good for the shape of a world, not for a promise about one.
    /// </summary>
    public static WideAreaProfile CloudRegions2017 { get; } = Symmetric(
        "cloud-regions-2017",
        "acomputerscientistlearnsaws.blogspot.com/2017/04/aws-regions.html, quoting \"Latency Between AWS Global Regions\"",
        ["N. Virginia", "Ireland", "Tokyo", "Oregon", "Frankfurt", "Sydney", "N. California", "Singapore", "Seoul"],
        [
            [80.55, 145.3, 86.98, 88.66, 230, 72.74, 216.7, 178.4],
            [212.4, 137, 19.56, 309.6, 153.2, 239, 242.4],
            [89.16, 236.6, 103.9, 102.5, 73.79, 31.44],
            [159.5, 162.2, 19.2, 161.4, 118.3],
            [323.5, 166.6, 325.9, 266.2],
            [157.8, 175.4, 134],
            [174, 131.5],
            [71.87],
        ]);

    /// <summary>Five places of <see cref="CloudRegions2017"/> that lie closer together: two coasts and Europe.</summary>
    public static WideAreaProfile Atlantic2017 { get; } = CloudRegions2017.Only("atlantic-2017", "N. Virginia", "Ireland", "Oregon", "Frankfurt", "N. California");

    /// <summary>All profiles.</summary>
    public static IReadOnlyList<WideAreaProfile> All { get; } = [Atlantic2017, CloudRegions2017];

    /// <summary>The time one way between the places of two replicas.</summary>
    public TimeSpan OneWay(int from, int to) =>
        TimeSpan.FromMilliseconds(RoundTripMilliseconds[from % Places.Count][to % Places.Count] / 2);

    /// <summary>The same figures for some of the places.</summary>
    public WideAreaProfile Only(string name, params string[] places)
    {
        int[] kept = [.. places.Select(place => Places.ToList().IndexOf(place))];
        return new WideAreaProfile(name, Source, places, [.. kept.Select(row => kept.Select(column => RoundTripMilliseconds[row][column]).ToArray())]);
    }

    private static WideAreaProfile Symmetric(string name, string source, string[] places, double[][] upper)
    {
        var table = new double[places.Length][];
        for (int i = 0; i < places.Length; i++)
        {
            table[i] = new double[places.Length];
        }

        for (int i = 0; i < upper.Length; i++)
        {
            for (int j = 0; j < upper[i].Length; j++)
            {
                table[i][i + 1 + j] = table[i + 1 + j][i] = upper[i][j];
            }
        }

        return new WideAreaProfile(name, source, places, table);
    }
}
