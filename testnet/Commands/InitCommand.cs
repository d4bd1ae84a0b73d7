using System.CommandLine;
using System.Globalization;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary><c>init --nodes N --out DIR</c>.</summary>
internal static class InitCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("init", "The ceremony for separate organisations: genesis.json, and a folder with keys, certificate and configuration for each validator.");
        var nodes = new Option<int>("--nodes") { Description = "How many validators.", HelpName = "N", Required = true, CustomParser = Values.Between(1, ReplicaSet.Capacity) };
        var output = new Option<string>("--out") { Description = "The directory to make; missing or empty.", HelpName = "DIR", Required = true };
        var faults = new Option<int?>("--faults") { Description = "How many faulty validators must be survived; default as many as N allows.", HelpName = "F", CustomParser = Values.OptionalBetween(0, ReplicaSet.Capacity) };
        var model = new Option<string?>("--fault-model") { Description = "What a faulty validator may do; default what the protocol is made for.", HelpName = "byzantine|crash" };
        model.AcceptOnlyFromAmong("byzantine", "crash");
        var protocol = new Option<string>("--protocol") { Description = "The protocol.", HelpName = "P", DefaultValueFactory = _ => Catalogue.DefaultProtocol };
        var scheme = new Option<string>("--scheme") { Description = "The certificate scheme.", HelpName = "S", DefaultValueFactory = _ => environment.Composition.Catalogue.Schemes[0] };
        var hosts = new Option<string[]?>("--hosts") { Description = "One host for each validator, or one for all, separated by commas; default 127.0.0.1.", HelpName = "H1,H2,…", CustomParser = Values.List };
        var port = new Option<int>("--port") { Description = "Validator i: clients at PORT+i, validators at PORT+100+i, HTTP at PORT+200+i.", HelpName = "PORT", DefaultValueFactory = _ => CeremonyPlan.DefaultPort, CustomParser = Values.Between(1, 65535) };
        var unsigned = new Option<bool>("--unsigned") { Description = "Admit unsigned transactions: for research runs." };
        Option<string?> verifiers = VerifiersOption.Build();
        var passphraseFile = new Option<string?>("--passphrase-file") { Description = "The file with the passphrase of all key stores; default one generated for each validator, in its folder.", HelpName = "FILE" };
        var passphraseVariable = new Option<string?>("--passphrase-env") { Description = "The environment variable with the passphrase of all key stores.", HelpName = "NAME" };
        foreach (Option option in new Option[] { nodes, output, faults, model, protocol, scheme, hosts, port, unsigned, verifiers, passphraseFile, passphraseVariable })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var plan = new CeremonyPlan
            {
                Nodes = result.GetRequiredValue(nodes),
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
            Genesis genesis = KeyCeremony.Run(plan, environment.Composition.Catalogue, directory, environment.Composition.Time.GetUtcNow());
            Committee committee = genesis.Committee;
            var report = new InitReport(
                genesis.ChainId.ToString(), committee.Size, committee.FaultBound, committee.QuorumSize, genesis.Model == FaultModel.Byzantine ? "byzantine" : "crash", genesis.Protocol, genesis.Scheme, Path.GetFullPath(directory));
            environment.Replies(result).Answer(report, () => report.Describe(plan.Passphrase is null));
            return Task.FromResult(ExitCodes.Success);
        });
        return (command, [
            "bft init --nodes 4 --out ceremony",
            "bft init --nodes 7 --faults 2 --hosts a.example,b.example,c.example,d.example,e.example,f.example,g.example --out ceremony",
            "bft init --nodes 4 --out ceremony --passphrase-env BFT_PASSPHRASE --json"]);
    }

    private sealed record InitReport(string ChainId, int Nodes, int FaultBound, int Quorum, string FaultModel, string Protocol, string Scheme, string Directory)
    {
        public string Describe(bool generated) => string.Create(CultureInfo.InvariantCulture, $"""
            chain {ChainId}
            {Nodes} validators, {Protocol} over {Scheme}; any {FaultBound} may be faulty ({FaultModel}), a quorum is {Quorum}
            made {Path.Combine(Directory, "genesis.json")} and the homes node-0 to node-{Nodes - 1}
            Give each organisation genesis.json and its own home, side by side, and start it with "bft node --home node-I".
            """) + (generated ? "\nEach home holds a generated passphrase: keep it apart from the key store (config.json says where it is read from)." : "");
    }
}
