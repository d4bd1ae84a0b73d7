using System.CommandLine;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Load;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Commands;

/// <summary><c>up</c>, the default command.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);

    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("up", "Runs a testnet on this machine, each validator a process of its own; made on first use, continued afterwards. Ctrl+C or SIGTERM stops it cleanly.");
        var nodes = new Option<int?>("--nodes") { Description = "How many validators; default 4.", HelpName = "N", CustomParser = Values.OptionalBetween(1, ReplicaSet.Capacity) };
        var protocol = new Option<string?>("--protocol") { Description = $"The protocol; default {Catalogue.DefaultProtocol}.", HelpName = "P" };
        var scheme = new Option<string?>("--scheme") { Description = $"The certificate scheme; default {environment.Composition.Catalogue.Schemes[0]}.", HelpName = "S" };
        var data = new Option<string>("--data") { Description = "The data directory.", HelpName = "DIR", DefaultValueFactory = _ => DataLayout.DefaultDirectory };
        var port = new Option<int?>("--port") { Description = $"Validator i: clients at PORT+i, validators at PORT+100+i, HTTP at PORT+200+i; default {CeremonyPlan.DefaultPort}.", HelpName = "PORT", CustomParser = Values.OptionalBetween(1, 65535) };
        var load = new Option<int?>("--load") { Description = "Offer that many transactions a second, whatever the answers (open loop).", HelpName = "TPS", CustomParser = Values.OptionalBetween(1, 1_000_000) };
        var valueBytes = new Option<int>("--value-bytes") { Description = "The length of each value of the load.", HelpName = "BYTES", DefaultValueFactory = _ => 128, CustomParser = Values.Between(0, environment.Composition.Limits.MostValueBytes) };
        var duration = new Option<TimeSpan?>("--duration") { Description = "Stop after that time, counted from the moment all are ready: 30s, 5m, …", HelpName = "TIME", CustomParser = Values.Duration };
        var unsigned = new Option<bool>("--unsigned") { Description = "Make a chain that admits unsigned transactions, and send the load unsigned: for research runs." };
        Option<string?> verifiers = VerifiersOption.Build();
        var restart = new Option<bool>("--restart") { Description = "Bring back a validator that died." };
        foreach (Option option in new Option[] { nodes, protocol, scheme, data, port, load, valueBytes, duration, unsigned, verifiers, restart })
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancellation) =>
        {
            var flags = new ChainFlags
            {
                Nodes = result.GetValue(nodes),
                Protocol = result.GetValue(protocol),
                Scheme = result.GetValue(scheme),
                Port = result.GetValue(port),
                Unsigned = result.GetValue(unsigned),
                Verifiers = result.GetValue(verifiers),
            };
            var options = new TestnetOptions
            {
                Load = result.GetValue(load) is { } rate ? new LoadOptions(rate, result.GetValue(valueBytes)) : null,
                Duration = result.GetValue(duration),
                Supervision = environment.Composition.Supervision with { Restart = result.GetValue(restart) },
            };
            return RunAsync(environment, environment.Replies(result), result.GetRequiredValue(data), flags, options, cancellation);
        });
        return (command, ["bft up", "bft up --nodes 7 --data data/seven --port 8300", "bft up --duration 20s --load 500 --json", "bft up --restart"]);
    }

    private static async Task<int> RunAsync(CommandEnvironment environment, Replies replies, string directory, ChainFlags flags, TestnetOptions options, CancellationToken cancellation)
    {
        Composition composition = environment.Composition;
        TestnetDirectory testnet = TestnetDirectory.OpenOrMake(directory, flags, composition.Catalogue, composition.Time.GetUtcNow());
        using var held = HomeLock.Take(testnet.Layout);
        ITestnetDisplay display = replies.MayDraw
            ? new LiveDisplay(Terminal.Drawing(environment.Terminal.Output, isTerminal: true), composition.Time)
            : new PlainDisplay(replies.Json ? null : replies.Say, replies.Notice, composition.Time, PlainEvery);
        TestnetSummary? summary = await new TestnetRun(testnet, composition, options, display).RunAsync(cancellation);
        if (summary is null)
        {
            throw new CommandException("stopped before all validators were ready", testnet.Layout.Root, "start it again and wait for the endpoints") { ExitCode = ExitCodes.Interrupted };
        }

        replies.Answer(summary, summary.Describe);
        return ExitCodes.Success;
    }
}
