using System.Globalization;
using System.Text;
using Bft.Engine;
using Bft.Simulation.Nodes;
using Bft.Simulation.Runs;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>Which runs were asked for, read and found possible.</summary>
internal sealed record SimulationRequest
{
    /// <summary>The name of the command in errors and replays.</summary>
    public const string Command = "bft simulate";

    /// <summary>The word for every protocol that the engine has registered.</summary>
    public const string AllProtocols = "all";

    /// <summary>The protocols.</summary>
    public required IReadOnlyList<ProtocolDescriptor> Protocols { get; init; }

    /// <summary>The smallest n.</summary>
    public required int LeastNodes { get; init; }

    /// <summary>The largest n.</summary>
    public required int MostNodes { get; init; }

    /// <summary>The first seed.</summary>
    public required ulong FirstSeed { get; init; }

    /// <summary>How many seeds.</summary>
    public required ulong Seeds { get; init; }

    /// <summary>Threads.</summary>
    public required int Jobs { get; init; }

    /// <summary>How each run is done.</summary>
    public required SimulationOptions Run { get; init; }

    /// <summary>The mutated part in place of an honest one, by its name; null for none.</summary>
    public string? Mutation { get; init; }

    /// <summary>The sizes as they are typed.</summary>
    public string NodesText => LeastNodes == MostNodes
        ? LeastNodes.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{LeastNodes}..{MostNodes}");

    /// <summary>The sweep that does it.</summary>
    public SweepOptions ToSweep() => new()
    {
        Protocols = Protocols,
        LeastNodes = LeastNodes,
        MostNodes = MostNodes,
        FirstSeed = FirstSeed,
        Seeds = Seeds,
        Jobs = Jobs,
        Run = Run,
    };

    /// <summary>The command that shows one of the runs again.</summary>
    public string Replay(string protocol, int nodes, ulong seed)
    {
        var defaults = new SimulationOptions();
        var command = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{Command} --protocol {protocol} --nodes {nodes} --seed {seed} --faults {Run.Mix.Name}"));
        void Add(string option, object value) => command.Append(CultureInfo.InvariantCulture, $" {option} {value}");
        if (Run.Faulty is { } faulty)
        {
            Add("--faulty", faulty);
        }

        if (Run.Blocks != defaults.Blocks)
        {
            Add("--blocks", Run.Blocks);
        }

        if (Run.Clients != defaults.Clients)
        {
            Add("--clients", Run.Clients);
        }

        if (Run.RealSignatures)
        {
            command.Append(" --real-signatures");
        }

        if (Run.Scheme is { } scheme)
        {
            Add("--scheme", scheme);
        }

        if (Mutation is not null)
        {
            Add("--mutation", Mutation);
        }

        return command.ToString();
    }

    /// <summary>The protocols of a name, or all.</summary>
    /// <exception cref="CommandException">There is none of that name.</exception>
    public static IReadOnlyList<ProtocolDescriptor> Find(string name)
    {
        if (name == AllProtocols)
        {
            return Engine.Protocols.All;
        }

        return Engine.Protocols.Find(name) is { } found ? [found] : throw Unknown("protocol", name, [AllProtocols, .. Engine.Protocols.All.Select(protocol => protocol.Name)]);
    }

    /// <summary>The certificate scheme of a name.</summary>
    /// <exception cref="CommandException">There is none of that name.</exception>
    public static string FindScheme(string name) => SimulatedKeys.Names.Contains(name) ? name : throw Unknown("scheme", name, SimulatedKeys.Names);

    /// <summary>The mix of those names.</summary>
    /// <exception cref="CommandException">One of them is unknown.</exception>
    public static FaultMix MixOf(string[] names) => FaultMix.Parse(names, out string? unknown) ?? throw Unknown("fault or mix of faults", unknown!, [.. FaultMix.Known], "faults");

    /// <summary>Of the protocols those that can bear the faults at every size asked for.</summary>
    /// <exception cref="CommandException">None can; the message has the arithmetic.</exception>
    public static IReadOnlyList<ProtocolDescriptor> Bearing(IReadOnlyList<ProtocolDescriptor> protocols, int leastNodes, FaultMix mix, int? faulty)
    {
        List<ProtocolDescriptor> bearing = [.. protocols.Where(protocol => mix.Refusal(protocol, leastNodes, faulty) is null)];
        return bearing.Count > 0 ? bearing : throw CommandException.Usage(
            mix.Refusal(protocols[0], leastNodes, faulty)!, Command, "take more --nodes, or --faults that make none faulty: none, network, crashes, clocks, wan");
    }

    /// <summary>Something that does not exist, with what does.</summary>
    public static CommandException Unknown(string kind, string name, IReadOnlyList<string> known, string? option = null) =>
        CommandException.Usage($"there is no {kind} \"{name}\"{Nearest.Question(name, known)}", $"{Command} --{option ?? kind}", $"choose one of: {string.Join(", ", known)}");
}
