using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Submission;

/// <summary>
/// Reads <c>{"op":"put","key":…,"value":…}</c> and <c>{"op":"delete","key":…}</c>, strictly: every field once, none besides, texts only.
/// </summary>
public static class OperationLine
{
    private static readonly string[] Operations = ["put", "delete"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="limits">What it may hold.</param>
    /// <param name="operation">What it asks for.</param>
    /// <param name="reason">What is wrong with it when false is returned.</param>
    public static bool TryRead(Line line, SubmissionLimits limits, out Operation operation, [NotNullWhen(false)] out string? reason)
    {
        operation = default;
        ReadOnlyMemory<byte> bytes = line.Bytes;
        if (line.Number == 1 && bytes.Span.StartsWith("\uFEFF"u8))
        {
            // A byte order mark, as some editors write it, is no part of the first line.
            bytes = bytes[3..];
        }

        if (line.TooLong)
        {
            reason = $"the line is longer than {limits.MostLineBytes} bytes";
            return false;
        }

        if (bytes.Span.IndexOfAnyExcept(" \t"u8) < 0)
        {
            reason = "the line is empty";
            return false;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes, Strict);
            reason = Read(json.RootElement, limits, out operation);
            return reason is null;
        }
        catch (JsonException exception)
        {
            reason = $"not valid JSON: {Plain(exception)}";
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as an escape: a text that has no UTF-8.
            reason = "a text in it is not valid Unicode";
        }

        return false;
    }

    private static string? Read(JsonElement root, SubmissionLimits limits, out Operation operation)
    {
        operation = default;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return "not a JSON object";
        }

        string? op = null, key = null, value = null;
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (field.Name is not ("op" or "key" or "value"))
            {
                return $"unknown field \"{field.Name}\"{Nearest.Question(field.Name, ["op", "key", "value"])}";
            }

            if (field.Value.ValueKind != JsonValueKind.String)
            {
                return $"\"{field.Name}\" must be a text";
            }

            string text = field.Value.GetString()!;
            _ = field.Name switch { "op" => op = text, "key" => key = text, _ => value = text };
        }

        if (op is null)
        {
            return "\"op\" is missing";
        }

        if (!Operations.Contains(op, StringComparer.Ordinal))
        {
            return $"unknown op \"{op}\"{Nearest.Question(op, Operations)}";
        }

        if (key is null)
        {
            return "\"key\" is missing";
        }

        if ((value is null) == (op == "put"))
        {
            return op == "put" ? "\"value\" is missing" : "\"delete\" takes no \"value\"";
        }

        return Check(key, value, limits, out operation);
    }

    /// <summary>Makes an operation of texts, or says why there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null to delete.</param>
    /// <param name="limits">What they may hold.</param>
    /// <param name="operation">The operation, when null is returned.</param>
    public static string? Check(string key, string? value, SubmissionLimits limits, out Operation operation)
    {
        operation = default;
        if (key.Length == 0)
        {
            return "the key is empty";
        }

        int keyBytes = Encoding.UTF8.GetByteCount(key), valueBytes = value is null ? 0 : Encoding.UTF8.GetByteCount(value);
        if (keyBytes > limits.MostKeyBytes)
        {
            return $"the key has {keyBytes} bytes, at most {limits.MostKeyBytes} are possible";
        }

        if (valueBytes > limits.MostValueBytes)
        {
            return $"the value has {valueBytes} bytes, at most {limits.MostValueBytes} are possible";
        }

        // Not "value is null ? null : …": a null array would become an empty memory, and a deletion the writing of nothing.
        ReadOnlyMemory<byte>? bytes = null;
        if (value is not null)
        {
            bytes = Encoding.UTF8.GetBytes(value);
        }

        operation = new Operation(Encoding.UTF8.GetBytes(key), bytes);
        return null;
    }

    // The line number of the exception is that inside the one line; only its column helps.
    private static string Plain(JsonException exception)
    {
        string message = exception.Message;
        int tail = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        message = (tail < 0 ? message : message[..tail]).TrimEnd('.', ' ');
        return exception.BytePositionInLine is { } column ? $"{message} (at byte {column + 1})" : message;
    }
}
