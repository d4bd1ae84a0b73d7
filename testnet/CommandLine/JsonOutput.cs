using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Bft.Testnet.CommandLine;

/// <summary>How answers are written as JSON: camelCase, one line, every field there even when it is null.</summary>
public static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },

        // The output is a terminal or a program, never the inside of an HTML page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A report as one line.</summary>
    public static string Line(object report) => JsonSerializer.Serialize(report, report.GetType(), Options);

    /// <summary>An event as one line: <c>event</c>, <c>id</c>, <c>time</c> (UTC, ISO 8601), then its own fields.</summary>
    public static string Event(string name, int validator, DateTimeOffset time, object? fields)
    {
        var line = new JsonObject { ["event"] = name, ["id"] = validator, ["time"] = time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) };
        if (fields is not null && JsonSerializer.SerializeToNode(fields, fields.GetType(), Options) is JsonObject own)
        {
            foreach ((string key, JsonNode? value) in own)
            {
                line[key] = value?.DeepClone();
            }
        }

        return line.ToJsonString(Options);
    }

    /// <summary>
    /// A failure as one line: <c>{"error":{"what","where","todo"}}</c>, with the fields of a report before the error. An error
    /// that the report holds already keeps its fields and gains the three.
    /// </summary>
    public static string Line(DiagnosedException failure, object? report = null)
    {
        JsonObject document = report is null
            ? []
            : JsonSerializer.SerializeToNode(report, report.GetType(), Options) as JsonObject ?? [];
        if (document["error"] is not JsonObject error)
        {
            document.Remove("error");
            error = [];
            document["error"] = error;
        }

        error["what"] = failure.What;
        error["where"] = failure.Where;
        error["todo"] = failure.Todo;
        return document.ToJsonString(Options);
    }
}
