using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Bft.Crypto;

namespace Bft.Engine;

/// <summary>Genesis as the JSON document that operators exchange. Keys are in hexadecimal; the arithmetic is there to be read and is checked on load.</summary>
public static class GenesisDocument
{
    /// <summary>The largest document that is parsed, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Writes the document.</summary>
    public static byte[] Write(Genesis genesis)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Indented);
        Committee committee = genesis.Committee;
        json.WriteStartObject();
        json.WriteNumber("format", Genesis.FormatVersion);
        json.WriteString("chainId", genesis.ChainId.ToString());
        json.WriteBoolean("development", genesis.Development);
        json.WriteNumber("createdAt", genesis.CreatedAt);
        json.WriteString("protocol", genesis.Protocol);
        json.WriteString("scheme", genesis.Scheme);
        json.WriteString("hash", genesis.Hash);
        json.WriteString("application", genesis.Application);
        json.WriteBoolean("acceptUnsigned", genesis.AcceptUnsigned);
        json.WriteString("faultModel", genesis.Model == FaultModel.Byzantine ? "byzantine" : "crash");
        json.WriteNumber("nodes", committee.Size);
        json.WriteNumber("faultBound", committee.FaultBound);
        json.WriteNumber("quorum", committee.QuorumSize);
        json.WriteStartObject("limits");
        json.WriteNumber("maxPayloadBytes", genesis.Limits.MaxPayloadBytes);
        json.WriteNumber("maxRunBytes", genesis.Limits.MaxRunBytes);
        json.WriteNumber("maxRunTransactions", genesis.Limits.MaxRunTransactions);
        json.WriteNumber("maxCommandBytes", genesis.Limits.MaxCommandBytes);
        json.WriteNumber("sessionIntervals", genesis.Limits.SessionIntervals);
        json.WriteNumber("maxProofHeaders", genesis.Limits.MaxProofHeaders);
        json.WriteEndObject();
        json.WriteStartArray("validators");
        for (int i = 0; i < genesis.Validators.Length; i++)
        {
            GenesisValidator validator = genesis.Validators[i];
            json.WriteStartObject();
            json.WriteNumber("id", i);
            json.WriteString("name", validator.Name);
            json.WriteString("consensusKey", Convert.ToHexStringLower(validator.ConsensusKey.AsSpan()));
            if (!validator.Possession.IsDefaultOrEmpty)
            {
                json.WriteString("possession", Convert.ToHexStringLower(validator.Possession.AsSpan()));
            }

            json.WriteString("identityKey", Convert.ToHexStringLower(validator.IdentityKey.AsSpan()));
            json.WriteString("tlsPin", validator.TlsPin.ToString());
            json.WriteString("peerAddress", validator.PeerAddress);
            json.WriteString("clientAddress", validator.ClientAddress);
            json.WriteString("httpAddress", validator.HttpAddress);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (!genesis.Commitments.IsEmpty)
        {
            json.WriteStartArray("commitments");
            foreach (ImmutableArray<byte> commitment in genesis.Commitments)
            {
                json.WriteStringValue(Convert.ToHexStringLower(commitment.AsSpan()));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>Reads and checks a document.</summary>
    /// <exception cref="GenesisException">Not JSON, a field missing or wrong, or arithmetic or chain id that do not follow from the rest.</exception>
    public static Genesis Read(ReadOnlyMemory<byte> document)
    {
        if (document.Length > MaxBytes)
        {
            throw new GenesisException($"The genesis document has {document.Length} bytes; at most {MaxBytes} are read.");
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(document, new JsonDocumentOptions { MaxDepth = 8 });
            return Read(json.RootElement);
        }
        catch (JsonException exception)
        {
            throw new GenesisException($"The genesis document is not valid JSON (line {exception.LineNumber + 1}): fetch it again from the ceremony.", exception);
        }
    }

    private static Genesis Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new GenesisException("The genesis document is not a JSON object.");
        }

        long format = Number(root, "format");
        if (format != Genesis.FormatVersion)
        {
            throw new GenesisException($"format: this build reads version {Genesis.FormatVersion}, the document has {format}.");
        }

        FaultModel model = Text(root, "faultModel") switch
        {
            "byzantine" => FaultModel.Byzantine,
            "crash" => FaultModel.Crash,
            string other => throw new GenesisException($"faultModel: \"{other}\" is neither \"byzantine\" nor \"crash\"."),
        };

        JsonElement list = Field(root, "validators", JsonValueKind.Array);
        if (list.GetArrayLength() is 0 or > ReplicaSet.Capacity)
        {
            throw new GenesisException($"validators: from 1 to {ReplicaSet.Capacity} are possible, there are {list.GetArrayLength()}.");
        }

        var genesis = new Genesis(
            Text(root, "protocol"),
            Text(root, "scheme"),
            Text(root, "hash"),
            model,
            Text(root, "application"),
            Flag(root, "acceptUnsigned"),
            Flag(root, "development"),
            (ulong)Number(root, "createdAt"),
            Limits(Field(root, "limits", JsonValueKind.Object)),
            [.. list.EnumerateArray().Select(Validator)])
        {
            Commitments = Commitments(root),
        };
        Check(root, genesis);
        return genesis;
    }

    private static void Check(JsonElement root, Genesis genesis)
    {
        Committee committee = genesis.Committee;
        foreach ((string name, int expected) in new[] { ("nodes", committee.Size), ("faultBound", committee.FaultBound), ("quorum", committee.QuorumSize) })
        {
            if (Number(root, name) != expected)
            {
                throw new GenesisException($"{name}: says {Number(root, name)}, but {expected} follows from {committee.Size} validators under {genesis.Model} faults.");
            }
        }

        for (int i = 0; i < genesis.Validators.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (genesis.Validators[i].ConsensusKey.AsSpan().SequenceEqual(genesis.Validators[j].ConsensusKey.AsSpan()) ||
                    genesis.Validators[i].IdentityKey.AsSpan().SequenceEqual(genesis.Validators[j].IdentityKey.AsSpan()) ||
                    genesis.Validators[i].TlsPin == genesis.Validators[j].TlsPin)
                {
                    throw new GenesisException($"validators: {j} and {i} share a key; each needs its own, or one of them could vote twice.");
                }
            }
        }

        if (Text(root, "chainId") != genesis.ChainId.ToString())
        {
            throw new GenesisException($"chainId: says {Text(root, "chainId")}, but the content's is {genesis.ChainId}: the document was changed after the ceremony.");
        }

        // Last, as it costs most: no key counts whose proof was not checked.
        _ = genesis.CreateScheme();
    }

    private static ChainLimits Limits(JsonElement limits) => new()
    {
        MaxPayloadBytes = Bounded(limits, "maxPayloadBytes", 1024, 64 << 20),
        MaxRunBytes = Bounded(limits, "maxRunBytes", 512, 16 << 20),
        MaxRunTransactions = Bounded(limits, "maxRunTransactions", 1, ushort.MaxValue),
        MaxCommandBytes = Bounded(limits, "maxCommandBytes", 64, 16 << 20),
        SessionIntervals = Bounded(limits, "sessionIntervals", 1, 4096),
        MaxProofHeaders = Bounded(limits, "maxProofHeaders", 16, ushort.MaxValue),
    };

    private static GenesisValidator Validator(JsonElement entry) => new(
        Text(entry, "name"),
        Hex(entry, "consensusKey"),
        Hex(entry, "identityKey"),
        Digest.TryParse(Text(entry, "tlsPin"), out Digest pin) ? pin : throw new GenesisException("tlsPin: 64 hexadecimal digits are needed."),
        Text(entry, "peerAddress"),
        Text(entry, "clientAddress"),
        Text(entry, "httpAddress"),
        entry.TryGetProperty("possession", out _) ? Hex(entry, "possession") : []);

    private static ImmutableArray<ImmutableArray<byte>> Commitments(JsonElement root)
    {
        if (!root.TryGetProperty("commitments", out _))
        {
            return [];
        }

        JsonElement list = Field(root, "commitments", JsonValueKind.Array);
        return list.GetArrayLength() <= ReplicaSet.Capacity
            ? [.. list.EnumerateArray().Select(one => Hex(one, "commitments"))]
            : throw new GenesisException($"commitments: at most {ReplicaSet.Capacity} are possible, there are {list.GetArrayLength()}.");
    }

    private static int Bounded(JsonElement parent, string name, int least, int most)
    {
        long value = Number(parent, name);
        return value >= least && value <= most
            ? (int)value
            : throw new GenesisException($"{name}: {value} is outside {least} … {most}.");
    }

    // Of an object its field, of an element of a list itself.
    private static ImmutableArray<byte> Hex(JsonElement element, string name)
    {
        try
        {
            return [.. Convert.FromHexString(element.ValueKind == JsonValueKind.String ? element.GetString()! : Text(element, name))];
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            throw new GenesisException($"{name}: not hexadecimal.", exception);
        }
    }

    private static JsonElement Field(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement field) && field.ValueKind == kind
            ? field
            : throw new GenesisException($"{name}: missing, or not {kind}.");

    private static string Text(JsonElement parent, string name)
    {
        try
        {
            return Field(parent, name, JsonValueKind.String).GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            // Valid JSON may still hold bytes that are no UTF-8 or half of a surrogate pair.
            throw new GenesisException($"{name}: not valid Unicode text.", exception);
        }
    }

    private static bool Flag(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement field) && field.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? field.GetBoolean()
            : throw new GenesisException($"{name}: missing, or neither true nor false.");

    private static long Number(JsonElement parent, string name) =>
        Field(parent, name, JsonValueKind.Number).TryGetInt64(out long value) && value >= 0
            ? value
            : throw new GenesisException($"{name}: a whole number of at least 0 is needed.");
}
