using System.Collections.Concurrent;
using System.Text.Json;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>The files under <c>vectors/bls/</c>; the README there names their sources. A missing file fails every test of its family.</summary>
internal static class BlsVectors
{
    private static readonly ConcurrentDictionary<string, JsonElement[]> Files = new();

    /// <summary>The array at <paramref name="path"/> (names, <c>*</c> for every element of an array) of a file.</summary>
    public static JsonElement[] Cases(string file, string path = "") => Files.GetOrAdd($"{file}|{path}", _ =>
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "bls", file + ".json")));
        return [.. Descend(document.RootElement.Clone(), path.Split('/', StringSplitOptions.RemoveEmptyEntries))];
    });

    /// <summary>One row a case, which the test looks up again by its number.</summary>
    public static TheoryData<int> Rows(string file, string path = "")
    {
        var rows = new TheoryData<int>();
        for (int i = 0; i < Cases(file, path).Length; i++)
        {
            rows.Add(i);
        }

        return rows;
    }

    public static JsonElement Root(string file) => JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "bls", file + ".json"))).RootElement;

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => FromHex(element.Text(name));

    public static byte[][] HexArray(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(one => FromHex(one.GetString()!))];

    public static byte[] FromHex(string digits) => Convert.FromHexString(digits.StartsWith("0x", StringComparison.Ordinal) ? digits[2..] : digits);

    private static IEnumerable<JsonElement> Descend(JsonElement element, string[] path) =>
        path.Length == 0
            ? element.EnumerateArray()
            : path[0] == "*"
                ? element.EnumerateArray().SelectMany(one => Descend(one, path[1..]))
                : Descend(element.GetProperty(path[0]), path[1..]);
}
