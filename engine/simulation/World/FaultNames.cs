using System.Text;

namespace Bft.Simulation;

/// <summary>The names of faults in plans, reports and on the command line: <c>crash-torn</c> for <see cref="FaultKind.CrashTorn"/>.</summary>
public static class FaultNames
{
    private static readonly string[] Names = [.. Enum.GetNames<FaultKind>().Select(Kebab)];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>The name of a kind.</summary>
    public static string Of(FaultKind kind) => Names[(int)kind];

    /// <summary>The kind of that name; null for an unknown one.</summary>
    public static FaultKind? Find(string name) => Array.IndexOf(Names, name) is >= 0 and var at ? (FaultKind)at : null;

    private static string Kebab(string name)
    {
        var kebab = new StringBuilder();
        foreach (char letter in name)
        {
            if (char.IsUpper(letter) && kebab.Length > 0)
            {
                kebab.Append('-');
            }

            kebab.Append(char.ToLowerInvariant(letter));
        }

        return kebab.ToString();
    }
}
