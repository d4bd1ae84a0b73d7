using System.Globalization;
using System.Text;

namespace Bft.Testnet.Submission;

/// <summary>A set of line numbers that is mostly runs of neighbours, as text: <c>1-64,66,70-71</c>.</summary>
public static class LineSet
{
    /// <summary>Writes ascending line numbers.</summary>
    public static string Write(IReadOnlyList<long> lines)
    {
        var text = new StringBuilder();
        for (int i = 0; i < lines.Count;)
        {
            int last = i;
            while (last + 1 < lines.Count && lines[last + 1] == lines[last] + 1)
            {
                last++;
            }

            text.Append(text.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{lines[i]}");
            if (last > i)
            {
                text.Append(CultureInfo.InvariantCulture, $"-{lines[last]}");
            }

            i = last + 1;
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="Write"/> writes; null for anything else or more than <paramref name="most"/> lines.</summary>
    public static List<long>? Read(string text, int most)
    {
        var lines = new List<long>();
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length is 0 or > 2 || !Number(ends[0], out long first) || !Number(ends[^1], out long last) ||
                last < first || first <= (lines.Count == 0 ? 0 : lines[^1]) || last - first >= most - lines.Count)
            {
                return null;
            }

            for (long line = first; line <= last; line++)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    private static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
