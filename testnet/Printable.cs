using System.Globalization;
using System.Text;

namespace Bft.Testnet;

/// <summary>
/// Text that others may have written (a validator's reason for a refusal, a stored value, a log line), made safe to show on a terminal: what would move the
/// cursor, change colours, reorder the line or hide is written as an escape, <c>\u001b</c>.
/// </summary>
internal static class Printable
{
    /// <summary>As one line: line ends become spaces.</summary>
    public static string Line(string text) =>
        Escape(string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));

    /// <summary>As it stands, with its line ends and tabs.</summary>
    public static string Text(string text) => Escape(text);

    private static string Escape(string text)
    {
        if (!text.Any(MustEscape))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (char character in text)
        {
            _ = MustEscape(character)
                ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : escaped.Append(character);
        }

        return escaped.ToString();
    }

    // Control: escape sequences, bells, backspaces, carriage returns. Format: marks that reverse the direction of what follows, or have no width.
    private static bool MustEscape(char character) => character is not ('\n' or '\t') &&
        char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
