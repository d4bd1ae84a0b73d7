using System.Text.Json;

namespace Bft.Testnet.Homes;

/// <summary>
/// Reads a JSON object of which every field is known: a misspelt setting that is silently ignored is worse than none.
/// </summary>
internal sealed class StrictObject
{
    private readonly JsonElement _element;
    private readonly string _file;
    private readonly string _path;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Wraps an element.</summary>
    /// <param name="element">The element; anything but an object is an error.</param>
    /// <param name="file">The file it came from.</param>
    /// <param name="path">Where in the file, for example <c>listen</c>; empty for the root.</param>
    public StrictObject(JsonElement element, string file, string path = "")
    {
        (_element, _file, _path) = (element, file, path);
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new HomeException($"expected a JSON object, found {element.ValueKind}", Place(null), "compare with the file of another validator");
        }
    }

    /// <summary>A text that must be there and not empty.</summary>
    public string Text(string name) => OptionalText(name) ?? throw Missing(name, "a text");

    /// <summary>A text that may be missing; when it is there it is not empty.</summary>
    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value when value.GetString() is { Length: > 0 } text => text,
        _ => throw Missing(name, "a text that is not empty"),
    };

    /// <summary>A whole number between two bounds, or null when the field is missing or null.</summary>
    public int? OptionalNumber(string name, int least, int most) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out int number) && number >= least && number <= most => number,
        _ => throw Missing(name, $"a whole number from {least} to {most}"),
    };

    /// <summary>A whole number that must be there.</summary>
    public int Number(string name, int least, int most) => OptionalNumber(name, least, most) ?? throw Missing(name, $"a whole number from {least} to {most}");

    /// <summary>A flag; false when it is missing.</summary>
    public bool Flag(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Missing(name, "true or false"),
    };

    /// <summary>An object that must be there.</summary>
    public StrictObject Object(string name) => new(Find(name) ?? throw Missing(name, "an object"), _file, _path.Length == 0 ? name : $"{_path}.{name}");

    /// <summary>A whole number of up to 64 bits that must be there.</summary>
    public ulong LongNumber(string name) => Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetUInt64(out ulong number) ? number : throw Missing(name, "a whole number");

    /// <summary>A list of objects that must be there: at least one, and not more than that.</summary>
    public IReadOnlyList<StrictObject> Objects(string name, int most) =>
        [.. List(name, most).Select((element, i) => new StrictObject(element, _file, $"{(_path.Length == 0 ? name : $"{_path}.{name}")}.{i}"))];

    /// <summary>A list of texts that must be there: at least one, and not more than that.</summary>
    public IReadOnlyList<string> Texts(string name, int most) =>
        [.. List(name, most).Select(element => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Missing(name, "a list of texts"))];

    /// <summary>Refuses every field that was not asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
            {
                string question = CommandLine.Nearest.Question(property.Name, _known);
                throw new HomeException($"unknown field \"{property.Name}\"{question}", Place(null), $"remove or correct it; known are {string.Join(", ", _known)}");
            }
        }
    }

    /// <summary>An error about one field.</summary>
    public HomeException Wrong(string name, string what, string todo) => new(what, Place(name), todo);

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) ? value : null;
    }

    private IEnumerable<JsonElement> List(string name, int most) => Find(name) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() >= 1 && list.GetArrayLength() <= most
        ? list.EnumerateArray()
        : throw Missing(name, $"a list of 1 to {most}");

    private HomeException Missing(string name, string needed) => new($"{needed} is needed", Place(name), "add or correct the field; compare with the file of another validator");

    private string Place(string? name)
    {
        string path = string.Join('.', new[] { _path, name }.Where(part => !string.IsNullOrEmpty(part)));
        return path.Length == 0 ? _file : $"{_file}, field {path}";
    }
}
