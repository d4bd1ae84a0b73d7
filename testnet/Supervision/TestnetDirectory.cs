using System.Collections.Immutable;
using System.Globalization;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Supervision;

/// <summary>The flags of <c>up</c> that describe the chain; null or false for those that were not given.</summary>
public sealed record ChainFlags
{
    /// <summary><c>--nodes</c>.</summary>
    public int? Nodes { get; init; }

    /// <summary><c>--protocol</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary><c>--scheme</c>.</summary>
    public string? Scheme { get; init; }

    /// <summary><c>--port</c>.</summary>
    public int? Port { get; init; }

    /// <summary><c>--unsigned</c>.</summary>
    public bool Unsigned { get; init; }

    /// <summary><c>--verifiers</c>.</summary>
    public string? Verifiers { get; init; }
}

/// <summary>The data directory of a testnet: what is in it, checked.</summary>
/// <param name="Layout">Where things lie.</param>
/// <param name="Genesis">The chain.</param>
/// <param name="Nodes">Every validator's settings.</param>
/// <param name="Made">Whether it was made just now.</param>
public sealed record TestnetDirectory(DataLayout Layout, Genesis Genesis, ImmutableArray<NodeSettings> Nodes, bool Made)
{
    /// <summary>How fast a validator of a testnet that was made here may catch up, in blocks a second: it shares the processors with all others.</summary>
    public const int NeighbourlyCatchUp = 400;

    /// <summary>Makes a development testnet when the directory is missing or empty, else reads what is there.</summary>
    /// <exception cref="DiagnosedException">It can be neither made nor used, or a flag contradicts genesis.</exception>
    public static TestnetDirectory OpenOrMake(string directory, ChainFlags flags, Catalogue catalogue, DateTimeOffset now)
    {
        DataLayout layout = DataLayout.At(directory);
        bool made = KeyCeremony.IsEmpty(layout.Root);
        if (made)
        {
            var defaults = new CeremonyPlan();
            CeremonyPlan plan = defaults with
            {
                Nodes = flags.Nodes ?? defaults.Nodes,
                Protocol = flags.Protocol ?? defaults.Protocol,
                Scheme = flags.Scheme,
                Port = flags.Port ?? defaults.Port,
                AcceptUnsigned = flags.Unsigned,
                SharedVerification = flags.Verifiers == NodeConfig.FewVerifiers,
                CatchUpBlocksPerSecond = NeighbourlyCatchUp,
                Development = true,
                Cost = KeyDerivationCost.Light,
            };

            // Before anything is made: a chain is bound to its ports, and one made for ports in use would refuse other ones.
            plan.Check(catalogue);
            PortCheck.RequireFree([.. Enumerable.Range(0, plan.Nodes).Select(plan.BindingsOf)]);
            Directory.CreateDirectory(Path.GetDirectoryName(layout.Root)!);
            KeyCeremony.Run(plan, catalogue, layout.Root, now);
        }
        else if (!File.Exists(layout.Genesis))
        {
            throw new HomeException("the directory is not empty but holds no genesis.json", layout.Root, "name an empty or missing directory, or that of a testnet, with --data");
        }

        Genesis genesis = GenesisFile.Read(layout.Genesis);
        ImmutableArray<NodeSettings> nodes = [.. Enumerable.Range(0, genesis.Validators.Length).Select(i => NodeSettings.Read(layout.Home(i).Root))];
        Check(flags, genesis, layout);
        Same("--verifiers", flags.Verifiers, nodes[0].Config.SharedVerification ? NodeConfig.FewVerifiers : NodeConfig.AllVerifiers, layout.Home(0).Config, "configuration");
        return new TestnetDirectory(layout, genesis, nodes, made);
    }

    private static void Check(ChainFlags flags, Genesis genesis, DataLayout layout)
    {
        Same("--nodes", flags.Nodes, genesis.Validators.Length, layout.Genesis);
        Same("--protocol", flags.Protocol, genesis.Protocol, layout.Genesis);
        Same("--scheme", flags.Scheme, genesis.Scheme, layout.Genesis);
        Same("--unsigned", flags.Unsigned ? "true" : null, genesis.AcceptUnsigned ? "true" : "false", layout.Genesis);
        if (Address.TryParse(genesis.Validators[0].ClientAddress, out Address address))
        {
            Same("--port", flags.Port, address.Port, layout.Genesis);
        }
    }

    private static void Same(string flag, object? given, object held, string file, string what = "genesis")
    {
        if (given is not null && !given.Equals(held))
        {
            string says = Convert.ToString(held, CultureInfo.InvariantCulture)!, asked = Convert.ToString(given, CultureInfo.InvariantCulture)!;
            throw new TestnetException($"{flag} {asked} contradicts the testnet that is there: its {what} says {says}", file, $"leave {flag} out to go on with it, or name another directory with --data");
        }
    }
}
