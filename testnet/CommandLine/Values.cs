using System.CommandLine.Parsing;
using System.Globalization;

namespace Bft.Testnet.CommandLine;

/// <summary>Reads the values of options that are more than a text, with an error that names the option and shows the right form.</summary>
internal static class Values
{
    private static readonly (string Suffix, double Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>A duration: <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1h</c>, or <c>00:00:30</c>.</summary>
    public static TimeSpan? Duration(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (TryDuration(text, out TimeSpan duration))
        {
            return duration;
        }

        result.AddError($"{NameOf(result)}: \"{text}\" is no duration above zero; write for example 500ms, 30s, 2m or 1h");
        return null;
    }

    /// <summary>Reads a duration of at least a millisecond and at most 30 days.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        foreach ((string suffix, double milliseconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal) &&
                double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count))
            {
                double total = count * milliseconds;
                duration = total is >= 1 and <= 30.0 * 24 * 3_600_000 ? TimeSpan.FromMilliseconds(total) : default;
                return duration > TimeSpan.Zero;
            }
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.FromMilliseconds(1) && duration <= TimeSpan.FromDays(30);
    }

    /// <summary>Parts between commas, none of them empty.</summary>
    public static string[]? List(ArgumentResult result)
    {
        string[] parts = [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries))];
        if (parts.Length > 0 && parts.All(part => part.Length > 0))
        {
            return parts;
        }

        result.AddError($"{NameOf(result)}: values are separated by single commas, without empty ones");
        return null;
    }

    /// <summary>A whole number between two bounds.</summary>
    public static Func<ArgumentResult, int> Between(int least, int most) => result =>
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
        {
            return value;
        }

        result.AddError($"{NameOf(result)}: \"{text}\" is no whole number from {least} to {most}");
        return least;
    };

    /// <summary>The same for an option whose absence means something.</summary>
    public static Func<ArgumentResult, int?> OptionalBetween(int least, int most)
    {
        Func<ArgumentResult, int> between = Between(least, most);
        return result => between(result);
    }

    /// <summary>A whole number between two bounds that may be as large as a seed; null where it is missing.</summary>
    public static Func<ArgumentResult, ulong?> OptionalLong(ulong least, ulong most) => result =>
    {
        string text = result.Tokens[0].Value;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value >= least && value <= most)
        {
            return value;
        }

        result.AddError($"{NameOf(result)}: \"{text}\" is no whole number from {least} to {most}");
        return null;
    };

    /// <summary>A number, or two with two dots in between: <c>4</c>, <c>4..10</c>.</summary>
    public static Func<ArgumentResult, (int Least, int Most)> Range(int least, int most) => result =>
    {
        string text = result.Tokens[0].Value;
        string[] ends = text.Split("..");
        if (ends.Length is 1 or 2 &&
            int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int from) &&
            int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int to) &&
            least <= from && from <= to && to <= most)
        {
            return (from, to);
        }

        result.AddError($"{NameOf(result)}: \"{text}\" is no number from {least} to {most} and no range of them; write for example {least} or {least}..{most}");
        return (least, least);
    };

    private static string NameOf(ArgumentResult result) => result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
