using System.Text.Json;

namespace Bft.Testnet.Supervision;

/// <summary>Counters of one validator process, from its start on.</summary>
/// <param name="Consensus">What the protocol sent to other validators.</param>
/// <param name="Gossip">What spreading transactions sent.</param>
/// <param name="Repair">What catching up sent, questions for the others' heads included.</param>
public sealed record ValidatorCost(TrafficCost Consensus, TrafficCost Gossip, TrafficCost Repair);

/// <summary>What was sent for one purpose.</summary>
/// <param name="Messages">Messages, one for each receiver.</param>
/// <param name="Bytes">Their bytes, before framing and TLS.</param>
public readonly record struct TrafficCost(ulong Messages, ulong Bytes)
{
    /// <summary>Both together.</summary>
    public static TrafficCost operator +(TrafficCost left, TrafficCost right) => new(left.Messages + right.Messages, left.Bytes + right.Bytes);
}

/// <summary>
/// What a supervisor understands of the lines its children write: <c>{"event":"ready",…}</c> once clients and peers may come, and
/// <c>{"event":"cost","consensusMessages":…,"consensusBytes":…}</c> (and the same of gossip and repair) about once a second. Every other line goes to the log alone.
/// </summary>
/// <param name="Ready">It is ready.</param>
/// <param name="Cost">What it spent so far, or null.</param>
public readonly record struct ChildEvent(bool Ready, ValidatorCost? Cost)
{
    /// <summary>The event's name when a validator is ready.</summary>
    public const string ReadyName = "ready";

    /// <summary>The event's name when a validator tells its counters.</summary>
    public const string CostName = "cost";

    /// <summary>Reads a line; the default for everything that is no such event.</summary>
    public static ChildEvent Read(ReadOnlyMemory<byte> line)
    {
        // Parsing every line of a talkative child would cost more than running it.
        if (line.Span.IndexOf("\"ready\""u8) < 0 && line.Span.IndexOf("\"cost\""u8) < 0)
        {
            return default;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("event", out JsonElement name) || name.ValueKind != JsonValueKind.String)
            {
                return default;
            }

            return name.GetString() switch
            {
                ReadyName => new ChildEvent(true, null),
                CostName when Spent(root, "consensus") is { } consensus =>
                    new ChildEvent(false, new ValidatorCost(consensus, Spent(root, "gossip") ?? default, Spent(root, "repair") ?? default)),
                _ => default,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Words that only look like an event.
            return default;
        }
    }

    private static TrafficCost? Spent(JsonElement root, string traffic) =>
        Number(root, traffic + "Messages") is { } messages && Number(root, traffic + "Bytes") is { } bytes ? new TrafficCost(messages, bytes) : null;

    private static ulong? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number) ? number : null;
}
