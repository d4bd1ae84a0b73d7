using System.CommandLine;
using System.Globalization;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary><c>adopt --home DIR --genesis FILE</c>.</summary>
internal static class AdoptCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("adopt", "Makes a validator's home in a chain of a generated key (\"bft init --shared-key\"), from its present home: the share becomes the consensus key, identity and TLS key stay. On the validator's own machine: no secret leaves it.");
        var home = new Option<string>("--home") { Description = "The validator's present home, which holds its share.", HelpName = "DIR", Required = true };
        var genesis = new Option<string>("--genesis") { Description = "The genesis document of the new chain.", HelpName = "FILE", Required = true };
        var output = new Option<string?>("--out") { Description = "The home to make, missing or empty; default node-I beside the genesis document.", HelpName = "DIR" };
        var passphraseFile = new Option<string?>("--passphrase-file") { Description = "The file with the passphrase of the new key store; default one generated in the new home.", HelpName = "FILE" };
        var passphraseVariable = new Option<string?>("--passphrase-env") { Description = "The environment variable with the passphrase of the new key store.", HelpName = "NAME" };
        foreach (Option option in new Option[] { home, genesis, output, passphraseFile, passphraseVariable })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            NodeSettings present = NodeSettings.Read(result.GetRequiredValue(home));
            PassphraseSource? source = PassphraseOptions.Source(result.GetValue(passphraseFile), result.GetValue(passphraseVariable));
            (HomeLayout made, int validator, Genesis chain) = HomeAdoption.Run(
                present, result.GetRequiredValue(genesis), result.GetValue(output), source, present.Genesis.Development ? KeyDerivationCost.Light : environment.Composition.CeremonyCost);
            var report = new AdoptReport(chain.ChainId.ToString(), validator, Convert.ToHexStringLower(chain.Commitments[0].AsSpan()), made.Root);
            environment.Replies(result).Answer(report, report.Describe);
            return Task.FromResult(ExitCodes.Success);
        });
        return (command, ["bft adopt --home data/testnet/node-0 --genesis next/genesis.json", "bft adopt --home node-2 --genesis genesis.json --out /srv/bft --passphrase-env BFT_PASSPHRASE"]);
    }

    private sealed record AdoptReport(string ChainId, int Validator, string GroupKey, string Home)
    {
        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
            validator {Validator} of chain {ChainId}
            group key {GroupKey}: the one this home's own chain made
            made {Home}; start it with "bft node --home {Home}", and nowhere else
            """);
    }
}
