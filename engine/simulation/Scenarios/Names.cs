namespace Bft.Simulation.Scenarios;

/// <summary>Which known name somebody may have meant.</summary>
public static class Names
{
    private const int Kept = 3;

    /// <summary>The known names with the least edit distance (Levenshtein) to <paramref name="name"/>, the nearest first; equals in their own order.</summary>
    public static IReadOnlyList<string> Nearest(string name, IEnumerable<string> known) =>
        [.. known.OrderBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())).Take(Kept)];

    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[right.Length];
    }
}
