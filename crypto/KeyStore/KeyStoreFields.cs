using System.Text.Json;

namespace Bft.Crypto.KeyStore;

/// <summary>The fields of one JSON object of a key store; whatever is not as it must be is a <see cref="KeyStoreError.Corrupted"/> that names the field.</summary>
internal readonly struct KeyStoreFields
{
    private readonly JsonElement _element;
    private readonly string _where;
    private readonly string _source;

    public KeyStoreFields(JsonElement element, string where, string source)
    {
        _element = element;
        _where = where;
        _source = source;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw KeyStoreDocument.Corrupted(source, $"{where} is not an object");
        }
    }

    /// <summary>Refuses fields that the checksum would not cover.</summary>
    public void RequireOnly(params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw KeyStoreDocument.Corrupted(_source, $"{_where} has an unknown field '{property.Name}'");
            }
        }
    }

    public int Number(string name) =>
        Field(name) is { ValueKind: JsonValueKind.Number } field && field.TryGetInt32(out int value)
            ? value
            : throw KeyStoreDocument.Corrupted(_source, $"'{name}' is not a whole number of 32 bits");

    public string Text(string name) =>
        Field(name) is { ValueKind: JsonValueKind.String } field
            ? field.GetString()!
            : throw KeyStoreDocument.Corrupted(_source, $"'{name}' is not a string");

    /// <summary>Bytes in lower-case hexadecimal, the one spelling that is accepted.</summary>
    public byte[] Bytes(string name, int least, int most)
    {
        string text = Text(name);
        if (text.Length % 2 != 0 || text.Length / 2 < least || text.Length / 2 > most)
        {
            throw KeyStoreDocument.Corrupted(_source, $"'{name}' has {text.Length} hexadecimal digits instead of {(least == most ? $"{2 * least}" : $"{2 * least} to {2 * most}")}");
        }

        foreach (char c in text)
        {
            if (c is not ((>= '0' and <= '9') or (>= 'a' and <= 'f')))
            {
                throw KeyStoreDocument.Corrupted(_source, $"'{name}' is not lower-case hexadecimal");
            }
        }

        return Convert.FromHexString(text);
    }

    public KeyStoreFields Object(string name) => new(Field(name), $"'{name}'", _source);

    public KeyStoreFields[] Objects(string name, int most)
    {
        JsonElement field = Field(name);
        if (field.ValueKind != JsonValueKind.Array || field.GetArrayLength() is var length && (length == 0 || length > most))
        {
            throw KeyStoreDocument.Corrupted(_source, $"'{name}' is not a list of 1 to {most} objects");
        }

        var objects = new List<KeyStoreFields>(most);
        foreach (JsonElement element in field.EnumerateArray())
        {
            objects.Add(new KeyStoreFields(element, $"'{name}[{objects.Count}]'", _source));
        }

        return [.. objects];
    }

    private JsonElement Field(string name) =>
        _element.TryGetProperty(name, out JsonElement field)
            ? field
            : throw KeyStoreDocument.Corrupted(_source, $"{_where} has no field '{name}'");
}
