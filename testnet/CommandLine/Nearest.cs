namespace Bft.Testnet.CommandLine;

/// <summary>Finds what somebody meant who typed something that does not exist.</summary>
public static class Nearest
{
    /// <summary>The candidate with the least edits from <paramref name="typed"/>, or null when none is near enough to be meant.</summary>
    public static string? Of(string typed, IEnumerable<string> candidates)
    {
        string? nearest = null;
        int least = Math.Max(1, typed.Length / 2) + 1;
        foreach (string candidate in candidates)
        {
            int edits = candidate.StartsWith(typed, StringComparison.OrdinalIgnoreCase) && typed.Length >= 2 ? 1 : Edits(typed, candidate);
            if (edits < least)
            {
                (nearest, least) = (candidate, edits);
            }
        }

        return nearest;
    }

    /// <summary>" Did you mean …?", or nothing.</summary>
    public static string Question(string typed, IEnumerable<string> candidates) => Of(typed, candidates) is { } nearest ? $"; did you mean \"{nearest}\"?" : "";

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one text into the other, ignoring case.</summary>
    public static int Edits(string from, string to)
    {
        // Optimal string alignment (Damerau's distance without moving a swapped pair again), three rows of it.
        int[] beforeLast = new int[to.Length + 1], last = new int[to.Length + 1], row = new int[to.Length + 1];
        for (int j = 0; j <= to.Length; j++)
        {
            last[j] = j;
        }

        for (int i = 1; i <= from.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = last[j - 1] + (Same(from[i - 1], to[j - 1]) ? 0 : 1);
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, replaced);
                if (i > 1 && j > 1 && Same(from[i - 1], to[j - 2]) && Same(from[i - 2], to[j - 1]))
                {
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, row) = (last, row, beforeLast);
        }

        return last[to.Length];
    }

    private static bool Same(char one, char other) => char.ToLowerInvariant(one) == char.ToLowerInvariant(other);
}
