using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Testnet.CommandLine;

namespace Bft.Bench.Certificates;

/// <summary><c>certificates</c>.</summary>
internal static class CertificateCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "certificates";

    /// <summary>The option by which it starts itself.</summary>
    public const string ColdOption = "--cold";

    /// <summary>The command.</summary>
    /// <param name="json">The option that all commands share.</param>
    public static Command Build(Option<bool> json)
    {
        var command = new Command(Name, "Certificate schemes: bytes, and the time to sign, build and verify, without and with bad votes, by size of the committee; where one scheme becomes better than another; the first calls of a process.");
        var sizes = new Option<int[]>("--sizes") { DefaultValueFactory = _ => [.. new CertificateOptions().Sizes], Description = "Committees of so many replicas, with commas.", CustomParser = Sizes };
        var schemes = new Option<string[]?>("--schemes") { Description = $"Schemes, with commas; default all: {string.Join(", ", CertificateSchemes.Names)}.", CustomParser = Schemes };
        var each = new Option<int>("--milliseconds") { DefaultValueFactory = _ => (int)new CertificateOptions().Each.TotalMilliseconds, Description = "How long each figure is measured, at the least." };
        var starts = new Option<int>("--cold-starts") { DefaultValueFactory = _ => new CertificateOptions().ColdStarts, Description = "Processes for the cold start of each scheme; 0 for none." };
        var cold = new Option<string?>(ColdOption) { Hidden = true, Description = "The first calls of this process under that scheme, and nothing else." };
        foreach (Option option in new Option[] { sizes, schemes, each, starts, json, cold })
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, cancellation) =>
        {
            if (result.GetValue(cold) is { } scheme)
            {
                Console.WriteLine(JsonOutput.Line(ColdStart.Measure(scheme)));
                return 0;
            }

            var options = new CertificateOptions
            {
                Sizes = result.GetRequiredValue(sizes),
                Schemes = result.GetValue(schemes) is { Length: > 0 } some ? some : null,
                Each = TimeSpan.FromMilliseconds(Math.Clamp(result.GetValue(each), 1, 60_000)),
                ColdStarts = Math.Clamp(result.GetValue(starts), 0, 100),
            };
            CertificateReport report = await new CertificateRun(options, Console.Error).RunAsync(cancellation);
            Console.WriteLine(result.GetValue(json) ? JsonOutput.Line(report) : CertificateTable.Of(report));
            return 0;
        });
        return command;
    }

    private static int[] Sizes(ArgumentResult result)
    {
        int[] sizes = [.. Parts(result).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0).Order().Distinct()];
        if (sizes.Length == 0 || sizes[0] < 1 || sizes[^1] > ReplicaSet.Capacity)
        {
            result.AddError($"--sizes: whole numbers from 1 to {ReplicaSet.Capacity}, with commas: 4,10,31");
        }

        return sizes;
    }

    private static string[] Schemes(ArgumentResult result)
    {
        string[] schemes = [.. Parts(result).Distinct()];
        if (schemes.FirstOrDefault(scheme => !CertificateSchemes.IsKnown(scheme)) is { } unknown)
        {
            result.AddError($"--schemes: there is no certificate scheme \"{unknown}\"; known: {string.Join(", ", CertificateSchemes.Names)}");
        }

        return schemes;
    }

    private static IEnumerable<string> Parts(ArgumentResult result) => result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries));
}
