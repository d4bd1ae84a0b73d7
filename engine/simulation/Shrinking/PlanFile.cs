using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bft.Engine;
using Bft.Simulation.Mutations;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Shrinking;

/// <summary>A plan file that cannot be used.</summary>
/// <param name="what">What is wrong with it.</param>
/// <param name="where">Where in it.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="inner">What was caught, if anything.</param>
public sealed class PlanFileException(string what, string where, string todo, Exception? inner = null) : Exception($"{what} ({where}): {todo}", inner)
{
    /// <summary>What is wrong with it.</summary>
    public string What => what;

    /// <summary>Where in it.</summary>
    public string Where => where;

    /// <summary>What to do about it.</summary>
    public string Todo => todo;
}

/// <summary>
/// Cases as JSON documents, to be kept beside a bug report and run again. The document names its format and version; one of another version is refused, because
/// a run that only resembles the one that failed is worse than none.
/// </summary>
public static class PlanFile
{
    /// <summary>The version of this build.</summary>
    public const int Version = 1;

    /// <summary>The longest document that is read, in characters.</summary>
    public const int MaxCharacters = 4 << 20;

    /// <summary>The most faults of a plan, and the most clients.</summary>
    public const int MaxItems = 10_000;

    private const string Format = "bft simulation plan";
    private const decimal MaxMilliseconds = 3_600_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Writes a case.</summary>
    public static string Write(RunCase run)
    {
        NetworkConditions conditions = run.Plan.Conditions;
        return JsonSerializer.Serialize(
            new Document(
                Format,
                Version,
                run.Protocol,
                run.Nodes,
                run.Seed,
                run.Blocks,
                run.Clients,
                run.RealSignatures,
                run.Scheme,
                run.Mutation,
                run.Violates,
                new Wire(
                    Milliseconds(conditions.Delay.Least),
                    Milliseconds(conditions.Delay.Most),
                    conditions.Delay.TailPerMillion,
                    Milliseconds(conditions.Delay.Tail),
                    conditions.LossPerMillion,
                    conditions.DuplicatePerMillion,
                    conditions.WideArea?.Name),
                [.. run.Plan.Traitors.Select(traitor => new Traitor(traitor.Replica, traitor.Strategy))],
                [.. run.Plan.Faults.Select(fault => new Fault(Milliseconds(fault.At), FaultNames.Of(fault.Kind), fault.Target, Milliseconds(fault.Lasts), fault.Detail))]),
            Json) + "\n";
    }

    /// <summary>Reads a case.</summary>
    /// <exception cref="PlanFileException">It is no plan, of another version, or asks for what does not exist.</exception>
    public static RunCase Read(string text)
    {
        if (text.Length > MaxCharacters)
        {
            throw new PlanFileException("the document is too long", Text($"{text.Length} characters"), Text($"a plan has at most {MaxCharacters}"));
        }

        RequireVersion(text);
        Document document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(text, Json) ?? throw new JsonException("there is nothing in it");
        }
        catch (JsonException exception)
        {
            throw new PlanFileException(exception.Message.Split(" Path:")[0].TrimEnd('.'), exception.Path ?? "the document", "compare it with one that \"bft simulate --shrink SEED --plan FILE\" writes", exception);
        }

        return ToCase(document);
    }

    // The version comes first: everything else may have another shape there.
    private static void RequireVersion(string text)
    {
        const string Make = "make it with \"bft simulate --shrink SEED --plan FILE\"";
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out JsonElement format) || format.ValueKind != JsonValueKind.String || format.GetString() != Format)
            {
                throw new PlanFileException("this is no plan", "format", Make);
            }

            if (!root.TryGetProperty("version", out JsonElement version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number))
            {
                throw new PlanFileException("the plan has no version", "version", Make);
            }

            if (number != Version)
            {
                throw new PlanFileException(Text($"the plan is of version {number}, this build reads version {Version}"), "version", "run it with the build that wrote it, or shrink the seed again");
            }
        }
        catch (JsonException exception)
        {
            throw new PlanFileException("this is no JSON document", Text($"line {(exception.LineNumber ?? 0) + 1}"), Make, exception);
        }
    }

    private static RunCase ToCase(Document document)
    {
        ProtocolDescriptor protocol = Protocols.Find(document.Protocol) ?? throw Unknown("protocol", document.Protocol, Protocols.All.Select(known => known.Name));
        Within("nodes", document.Nodes, 1, ReplicaSet.Capacity);
        Within("clients", document.Clients, 1, MaxItems);
        Within("faults", document.Faults.Length, 0, MaxItems);
        if (document.Blocks > 1_000_000)
        {
            throw new PlanFileException(Text($"{document.Blocks} is no number of blocks from 0 to 1000000"), "blocks", "write one of them");
        }

        var plan = new FaultPlan(
            ConditionsOf(document.Network),
            [.. document.Faults.Select((fault, i) => FaultOf(fault, Text($"faults[{i}]"), document.Nodes))],
            [.. document.Traitors.Select((traitor, i) => TraitorOf(protocol, traitor, Text($"traitors[{i}]"), document.Nodes))]);
        if (plan.Traitors.Select(traitor => traitor.Replica).Distinct().Count() != plan.Traitors.Count)
        {
            throw new PlanFileException("a replica betrays twice", "traitors", "name each replica once");
        }

        return plan.Refusal(protocol, document.Nodes) is { } refusal
            ? throw new PlanFileException(refusal, "traitors and faults", "take one away, or take more nodes")
            : new RunCase
            {
                Protocol = document.Protocol,
                Nodes = document.Nodes,
                Seed = document.Seed,
                Plan = plan,
                Blocks = document.Blocks,
                Clients = document.Clients,
                RealSignatures = document.RealSignatures,
                Scheme = document.Scheme is null || Nodes.SimulatedKeys.Names.Contains(document.Scheme) ? document.Scheme : throw Unknown("scheme", document.Scheme, Nodes.SimulatedKeys.Names),
                Mutation = document.Mutation is null || MutationCatalogue.TryFind(document.Mutation) is not null ? document.Mutation : throw UnknownMutation(document.Mutation),
                Violates = document.Violates,
            };
    }

    private static NetworkConditions ConditionsOf(Wire network)
    {
        Within("network.tailPerMillion", network.TailPerMillion, 0, 1_000_000);
        Within("network.lossPerMillion", network.LossPerMillion, 0, 1_000_000);
        Within("network.duplicatePerMillion", network.DuplicatePerMillion, 0, 1_000_000);
        return new NetworkConditions
        {
            Delay = new DelayDistribution(
                Time("network.leastMs", network.LeastMs), Time("network.mostMs", network.MostMs), network.TailPerMillion, Time("network.tailMs", network.TailMs)),
            LossPerMillion = network.LossPerMillion,
            DuplicatePerMillion = network.DuplicatePerMillion,
            WideArea = network.WideArea is null
                ? null
                : WideAreaProfile.All.FirstOrDefault(profile => profile.Name == network.WideArea) ?? throw Unknown("network.wideArea", network.WideArea, WideAreaProfile.All.Select(profile => profile.Name)),
        };
    }

    private static PlannedFault FaultOf(Fault fault, string where, int nodes)
    {
        IEnumerable<FaultKind> known = FaultPlan.FreeKinds.Concat(FaultPlan.CountedKinds);
        FaultKind kind = FaultNames.Find(fault.Kind) is { } found && known.Contains(found) ? found : throw Unknown($"{where}.kind", fault.Kind, known.Select(FaultNames.Of));
        Within($"{where}.replica", fault.Replica, 0, nodes - 1);
        Within($"{where}.detail", fault.Detail, 0, int.MaxValue);
        return new PlannedFault(Time($"{where}.atMs", fault.AtMs), kind, fault.Replica, Time($"{where}.lastsMs", fault.LastsMs), fault.Detail);
    }

    private static PlannedTraitor TraitorOf(ProtocolDescriptor protocol, Traitor traitor, string where, int nodes)
    {
        Within($"{where}.replica", traitor.Replica, 0, nodes - 1);
        return StrategyCatalogue.Find(protocol, traitor.Strategy) is null
            ? throw Unknown($"{where}.strategy", traitor.Strategy, StrategyCatalogue.For(protocol).Select(known => known.Name))
            : new PlannedTraitor(traitor.Replica, traitor.Strategy);
    }

    private static void Within(string where, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new PlanFileException(Text($"{value} is no number from {least} to {most}"), where, "write one of them");
        }
    }

    private static TimeSpan Time(string where, decimal milliseconds) => milliseconds is >= 0 and <= MaxMilliseconds
        ? TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond))
        : throw new PlanFileException(Text($"{milliseconds} is no time from 0 to {MaxMilliseconds} ms"), where, "write one in between");

    private static decimal Milliseconds(TimeSpan time) => (decimal)time.Ticks / TimeSpan.TicksPerMillisecond;

    private static PlanFileException Unknown(string where, string name, IEnumerable<string> known) =>
        new($"\"{name}\" is unknown", where, $"choose one of: {string.Join(", ", known)}");

    private static PlanFileException UnknownMutation(string name) => new(
        $"\"{name}\" is unknown", "mutation", $"choose one that is known, the nearest are: {string.Join(", ", MutationCatalogue.Nearest(name))}; without it the run would be another");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Document(
        [property: JsonRequired] string Format,
        [property: JsonRequired] int Version,
        [property: JsonRequired] string Protocol,
        [property: JsonRequired] int Nodes,
        [property: JsonRequired] ulong Seed,
        [property: JsonRequired] ulong Blocks,
        [property: JsonRequired] int Clients,
        bool RealSignatures,
        string? Scheme,
        string? Mutation,
        string? Violates,
        [property: JsonRequired] Wire Network,
        [property: JsonRequired] Traitor[] Traitors,
        [property: JsonRequired] Fault[] Faults);

    private sealed record Wire(decimal LeastMs, decimal MostMs, int TailPerMillion, decimal TailMs, int LossPerMillion, int DuplicatePerMillion, string? WideArea);

    private sealed record Traitor([property: JsonRequired] int Replica, [property: JsonRequired] string Strategy);

    private sealed record Fault(
        [property: JsonRequired] decimal AtMs, [property: JsonRequired] string Kind, [property: JsonRequired] int Replica, [property: JsonRequired] decimal LastsMs, int Detail);
}
