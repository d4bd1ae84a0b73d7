using System.Buffers;
using System.Text.Json;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Testnet.Homes;

/// <summary>Where a validator listens: host:port each; the host is an IP address of this machine, <c>0.0.0.0</c> or <c>[::]</c>.</summary>
/// <param name="Clients">The gRPC client API.</param>
/// <param name="Peers">The other validators.</param>
/// <param name="Http">HTTP: API, page, metrics.</param>
public sealed record ListenAddresses(string Clients, string Peers, string Http);

/// <summary>
/// What is local to one validator, as <c>config.json</c> in its home holds it. Nothing here changes what the chain is: that is
/// genesis, whose id is repeated so that a home and a foreign genesis are not mixed up.
/// </summary>
public sealed record NodeConfig
{
    /// <summary>The only format version there is.</summary>
    public const int FormatVersion = 1;

    /// <summary>The most bytes of a configuration file.</summary>
    public const int MostBytes = 64 << 10;

    /// <summary>Every validator checks each client signature.</summary>
    public const string AllVerifiers = "all";

    /// <summary>f+1 validators check each client signature.</summary>
    public const string FewVerifiers = "f+1";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>This validator's number in genesis.</summary>
    public required int Validator { get; init; }

    /// <summary>The chain this home belongs to.</summary>
    public required Digest ChainId { get; init; }

    /// <summary>Where it listens.</summary>
    public required ListenAddresses Listen { get; init; }

    /// <summary>Where the passphrase of the key store comes from.</summary>
    public required PassphraseSource Passphrase { get; init; }

    /// <summary>The genesis document. Default <c>../genesis.json</c>.</summary>
    public string Genesis { get; init; } = "../genesis.json";

    /// <summary>The key store. Default <c>keys.json</c>.</summary>
    public string Keys { get; init; } = "keys.json";

    /// <summary>The TLS certificate in PEM. Default <c>tls.pem</c>.</summary>
    public string Certificate { get; init; } = "tls.pem";

    /// <summary>The journal's directory. Default <c>journal</c>.</summary>
    public string Journal { get; init; } = "journal";

    /// <summary>The committed blocks' directory. Default <c>blocks</c>.</summary>
    public string Blocks { get; init; } = "blocks";

    /// <summary>The snapshots' directory. Default <c>snapshots</c>.</summary>
    public string Snapshots { get; init; } = "snapshots";

    /// <summary>Whether the client API and HTTP speak TLS with the validator's certificate. Default false: clear text, for loopback.</summary>
    public bool ClientTls { get; init; }

    /// <summary>With nothing pending, at most one empty block an interval; null for none. Default null.</summary>
    public TimeSpan? IdleInterval { get; init; }

    /// <summary>How long a view may take after one that made progress; null for the protocol's default.</summary>
    public TimeSpan? ViewTimeout { get; init; }

    /// <summary>
    /// Whether f+1 validators check the signatures of each client's transactions, in place of all: quicker, and as safe. Each validator decides for
    /// itself whom it believes. Default false.
    /// </summary>
    public bool SharedVerification { get; init; }

    /// <summary>
    /// Blocks a second by which this validator draws nearer at most when it is more than a thousand behind; null for as fast as it can. Default null:
    /// a validator with a machine of its own takes processor from nobody.
    /// </summary>
    public int? CatchUpBlocksPerSecond { get; init; }

    /// <summary>The protocol's local settings that follow.</summary>
    public ProtocolOptions ToProtocolOptions()
    {
        var defaults = new ProtocolOptions();
        return defaults with { IdleInterval = IdleInterval, ViewTimeout = ViewTimeout ?? defaults.ViewTimeout };
    }

    /// <summary>Reads the configuration of a home.</summary>
    /// <exception cref="HomeException">It is missing, not JSON, or a field is missing, unknown or wrong.</exception>
    public static NodeConfig Read(HomeLayout home)
    {
        byte[] content = HomeFile.Read(home.Config, MostBytes, "this is not a validator's home; \"bft init\" makes homes");
        try
        {
            using JsonDocument json = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return Parse(json.RootElement, home.Config);
        }
        catch (JsonException exception)
        {
            throw new HomeException($"this is not valid JSON: {exception.Message}", home.Config, "correct the file", exception);
        }
    }

    /// <summary>Writes the configuration into a home whose directory exists.</summary>
    /// <exception cref="HomeException">It cannot be written.</exception>
    public void Write(HomeLayout home)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("format", FormatVersion);
            json.WriteNumber("validator", Validator);
            json.WriteString("chainId", ChainId.ToString());
            json.WriteString("genesis", Genesis);
            json.WriteString("keys", Keys);
            WritePassphrase(json);
            json.WriteString("certificate", Certificate);
            json.WriteStartObject("listen");
            json.WriteString("clients", Listen.Clients);
            json.WriteString("peers", Listen.Peers);
            json.WriteString("http", Listen.Http);
            json.WriteEndObject();
            json.WriteBoolean("clientTls", ClientTls);
            json.WriteString("journal", Journal);
            json.WriteString("blocks", Blocks);
            json.WriteString("snapshots", Snapshots);
            WriteMilliseconds(json, "idleIntervalMilliseconds", IdleInterval);
            WriteMilliseconds(json, "viewTimeoutMilliseconds", ViewTimeout);
            json.WriteString("verifiers", SharedVerification ? FewVerifiers : AllVerifiers);
            WriteNumber(json, "catchUpBlocksPerSecond", CatchUpBlocksPerSecond);
            json.WriteEndObject();
        }

        HomeFile.Write(home.Config, [.. buffer.WrittenSpan, (byte)'\n']);
    }

    private static NodeConfig Parse(JsonElement root, string file)
    {
        var fields = new StrictObject(root, file);
        int format = fields.Number("format", 1, int.MaxValue);
        if (format != FormatVersion)
        {
            throw fields.Wrong("format", $"version {format} is unknown, this build reads {FormatVersion}", "use the build that made the home");
        }

        StrictObject listen = fields.Object("listen");
        var config = new NodeConfig
        {
            Validator = fields.Number("validator", 0, ReplicaSet.Capacity - 1),
            ChainId = Digest.TryParse(fields.Text("chainId"), out Digest chain)
                ? chain
                : throw fields.Wrong("chainId", "64 hexadecimal digits are needed", "copy them from genesis.json"),
            Listen = new ListenAddresses(Address(listen, "clients"), Address(listen, "peers"), Address(listen, "http")),
            Passphrase = ReadPassphrase(fields.Object("passphrase")),
            ClientTls = fields.Flag("clientTls"),
            IdleInterval = Milliseconds(fields, "idleIntervalMilliseconds"),
            ViewTimeout = Milliseconds(fields, "viewTimeoutMilliseconds"),
            SharedVerification = fields.OptionalText("verifiers") switch
            {
                null or AllVerifiers => false,
                FewVerifiers => true,
                { } other => throw fields.Wrong("verifiers", $"\"{other}\" is none of {AllVerifiers}, {FewVerifiers}", "write one of them"),
            },
            CatchUpBlocksPerSecond = fields.OptionalNumber("catchUpBlocksPerSecond", ReplicaPorts.LeastCatchUpBlocksPerSecond, 1_000_000),
        };
        config = config with
        {
            Genesis = fields.OptionalText("genesis") ?? config.Genesis,
            Keys = fields.OptionalText("keys") ?? config.Keys,
            Certificate = fields.OptionalText("certificate") ?? config.Certificate,
            Journal = fields.OptionalText("journal") ?? config.Journal,
            Blocks = fields.OptionalText("blocks") ?? config.Blocks,
            Snapshots = fields.OptionalText("snapshots") ?? config.Snapshots,
        };
        listen.RefuseUnknown();
        fields.RefuseUnknown();
        return config;
    }

    private static string Address(StrictObject listen, string name)
    {
        string text = listen.Text(name);
        return Homes.Address.TryParse(text, out _) ? text : throw listen.Wrong(name, $"\"{text}\" is not host:port", "write for example 0.0.0.0:7300");
    }

    private static PassphraseSource ReadPassphrase(StrictObject passphrase)
    {
        string? file = passphrase.OptionalText("file"), environment = passphrase.OptionalText("environment");
        passphrase.RefuseUnknown();
        return (file, environment) switch
        {
            ({ } path, null) => new PassphraseSource.FromFile(path),
            (null, { } name) => new PassphraseSource.FromEnvironment(name),
            _ => throw passphrase.Wrong("file", "one of \"file\" and \"environment\" is needed, not both", "keep the one that holds the passphrase"),
        };
    }

    private static TimeSpan? Milliseconds(StrictObject fields, string name) =>
        fields.OptionalNumber(name, 1, 24 * 3_600_000) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    private static void WriteMilliseconds(Utf8JsonWriter json, string name, TimeSpan? value) =>
        WriteNumber(json, name, value is { } duration ? (long)duration.TotalMilliseconds : null);

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private void WritePassphrase(Utf8JsonWriter json)
    {
        json.WriteStartObject("passphrase");
        switch (Passphrase)
        {
            case PassphraseSource.FromFile file:
                json.WriteString("file", file.Path);
                break;
            case PassphraseSource.FromEnvironment variable:
                json.WriteString("environment", variable.Name);
                break;
        }

        json.WriteEndObject();
    }
}
