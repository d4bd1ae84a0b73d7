using System.CommandLine;
using System.Globalization;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;

namespace Bft.Testnet.Commands;

/// <summary><c>init --nodes N --out DIR</c>.</summary>
internal static class InitCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("init", "The ceremony for separate organisations: genesis.json, and a folder with keys, certificate and configuration for each validator.");
        var nodes = new Option<int?>("--nodes") { Description = "How many validators.", HelpName = "N", CustomParser = Values.OptionalBetween(1, ReplicaSet.Capacity) };
        var output = new Option<string>("--out") { Description = "The directory to make; missing or empty.", HelpName = "DIR", Required = true };
        var faults = new Option<int?>("--faults") { Description = "How many faulty validators must be survived; default as many as N allows.", HelpName = "F", CustomParser = Values.OptionalBetween(0, ReplicaSet.Capacity) };
        var model = new Option<string?>("--fault-model") { Description = "What a faulty validator may do; default what the protocol is made for.", HelpName = "byzantine|crash" };
        model.AcceptOnlyFromAmong("byzantine", "crash");
        var protocol = new Option<string>("--protocol") { Description = "The protocol.", HelpName = "P", DefaultValueFactory = _ => Catalogue.DefaultProtocol };
        var scheme = new Option<string>("--scheme") { Description = "The certificate scheme.", HelpName = "S", DefaultValueFactory = _ => environment.Composition.Catalogue.Schemes[0] };
        var hosts = new Option<string[]?>("--hosts") { Description = "One host for each validator, or one for all, separated by commas; default 127.0.0.1, with --shared-key the present ones.", HelpName = "H1,H2,…", CustomParser = Values.List };
        var port = new Option<int>("--port") { Description = "Validator i: clients at PORT+i, validators at PORT+100+i, HTTP at PORT+200+i.", HelpName = "PORT", DefaultValueFactory = _ => CeremonyPlan.DefaultPort, CustomParser = Values.Between(1, 65535) };
        var unsigned = new Option<bool>("--unsigned") { Description = "Admit unsigned transactions: for research runs." };
        Option<string?> verifiers = VerifiersOption.Build();
        var passphraseFile = new Option<string?>("--passphrase-file") { Description = "The file with the passphrase of all key stores; default one generated for each validator, in its folder.", HelpName = "FILE" };
        var passphraseVariable = new Option<string?>("--passphrase-env") { Description = "The environment variable with the passphrase of all key stores.", HelpName = "NAME" };
        var sharedKey = new Option<string?>("--shared-key") { Description = "With --scheme bls-threshold: the shared-key.public.json of a key that a running consortium generated. Makes genesis.json alone, from public things; each validator brings its keys with \"bft adopt\".", HelpName = "FILE" };
        var present = new Option<string?>("--genesis") { Description = "With --shared-key: the genesis document of the chain on which the key was generated.", HelpName = "FILE" };
        foreach (Option option in new Option[] { sharedKey, present, nodes, output, faults, model, protocol, scheme, hosts, port, unsigned, verifiers, passphraseFile, passphraseVariable })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var plan = new CeremonyPlan
            {
                Nodes = result.GetValue(nodes) ?? new CeremonyPlan().Nodes,
                Faults = result.GetValue(faults),
                Model = result.GetValue(model) switch { "crash" => FaultModel.Crash, "byzantine" => FaultModel.Byzantine, _ => null },
                Protocol = result.GetRequiredValue(protocol),
                Scheme = result.GetRequiredValue(scheme),
                Hosts = [.. result.GetValue(hosts) ?? []],
                Port = result.GetRequiredValue(port),
                AcceptUnsigned = result.GetValue(unsigned),
                SharedVerification = result.GetValue(verifiers) == NodeConfig.FewVerifiers,
                Cost = environment.Composition.CeremonyCost,
                Passphrase = PassphraseOptions.Source(result.GetValue(passphraseFile), result.GetValue(passphraseVariable)),
            };
            string directory = result.GetRequiredValue(output);
            PublishedKey? key = KeyOf(result.GetValue(sharedKey), result.GetValue(present), result.GetValue(nodes), plan);
            Genesis genesis = key is not null
                ? SharedKeyCeremony.Run(plan, environment.Composition.Catalogue, key, GenesisFile.Read(result.GetValue(present)!), directory, environment.Composition.Time.GetUtcNow())
                : KeyCeremony.Run(plan, environment.Composition.Catalogue, directory, environment.Composition.Time.GetUtcNow());
            Committee committee = genesis.Committee;
            var report = new InitReport(
                genesis.ChainId.ToString(), committee.Size, committee.FaultBound, committee.QuorumSize, genesis.Model == FaultModel.Byzantine ? "byzantine" : "crash", genesis.Protocol, genesis.Scheme, Path.GetFullPath(directory));
            environment.Replies(result).Answer(report, () => key is null ? report.Describe(plan.Passphrase is null) : report.DescribePublic());
            return Task.FromResult(ExitCodes.Success);
        });
        return (command, [
            "bft init --nodes 4 --out ceremony",
            "bft init --nodes 7 --faults 2 --hosts a.example,b.example,c.example,d.example,e.example,f.example,g.example --out ceremony",
            "bft init --nodes 4 --out ceremony --passphrase-env BFT_PASSPHRASE --json",
            "bft init --scheme bls-threshold --shared-key node-0/shared-key.public.json --genesis genesis.json --out next"]);
    }

    private static PublishedKey? KeyOf(string? file, string? present, int? nodes, CeremonyPlan plan)
    {
        if (file is null && present is null && nodes is not null)
        {
            return null;
        }

        if (file is null)
        {
            throw present is null
                ? CommandException.Usage("how many validators is not said", "bft init", "name it with --nodes")
                : CommandException.Usage("--genesis goes with --shared-key", "bft init");
        }

        if (present is null || plan.Scheme != SharedKeyCeremony.Scheme)
        {
            throw CommandException.Usage($"--shared-key goes with --scheme {SharedKeyCeremony.Scheme} and --genesis", "bft init");
        }

        if (plan.Passphrase is not null)
        {
            throw CommandException.Usage("with --shared-key no key store is made, so there is no passphrase", "bft init", "give it to \"bft adopt\", at each validator");
        }

        PublishedKey key = PublishedKey.Read(file);
        return nodes is null || nodes == key.Members.Length ? key
            : throw CommandException.Usage($"the key is shared among {key.Members.Length} validators, not {nodes}", "bft init", "leave --nodes out");
    }

    private sealed record InitReport(string ChainId, int Nodes, int FaultBound, int Quorum, string FaultModel, string Protocol, string Scheme, string Directory)
    {
        public string DescribePublic() => string.Create(CultureInfo.InvariantCulture, $"""
            chain {ChainId}
            {Nodes} validators, {Protocol} over {Scheme}, by a generated key; any {FaultBound} may be faulty ({FaultModel}), a quorum is {Quorum}
            made {Path.Combine(Directory, "genesis.json")}, which holds nothing secret
            Give it to each validator, which makes its home of it on its own machine: "bft adopt --home PRESENT-HOME --genesis genesis.json".
            """);

        public string Describe(bool generated) => string.Create(CultureInfo.InvariantCulture, $"""
            chain {ChainId}
            {Nodes} validators, {Protocol} over {Scheme}; any {FaultBound} may be faulty ({FaultModel}), a quorum is {Quorum}
            made {Path.Combine(Directory, "genesis.json")} and the homes node-0 to node-{Nodes - 1}
            Give each organisation genesis.json and its own home, side by side, and start it with "bft node --home node-I".
            """) + (generated ? "\nEach home holds a generated passphrase: keep it apart from the key store (config.json says where it is read from)." : "");
    }
}
