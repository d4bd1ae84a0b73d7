using System.CommandLine;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Commands;

/// <summary><c>node --home DIR</c>.</summary>
internal static class NodeCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("node", "Runs one validator in the foreground; its events go to standard output, one JSON object a line. Ctrl+C or SIGTERM stops it.");
        var home = new Option<string>("--home") { Description = "The validator's home.", HelpName = "DIR", Required = true };
        var parent = new Option<int?>("--parent")
        {
            Description = "Stop when this process, which holds the other end of standard input, is gone.",
            HelpName = "PID",
            Hidden = true,
            CustomParser = Values.OptionalBetween(1, int.MaxValue),
        };
        command.Options.Add(home);
        command.Options.Add(parent);
        command.SetAction((result, cancellation) => RunAsync(environment, result.GetRequiredValue(home), result.GetValue(parent), cancellation));
        return (command, ["bft node --home data/testnet/node-0"]);
    }

    private static async Task<int> RunAsync(CommandEnvironment environment, string home, int? parent, CancellationToken cancellation)
    {
        NodeSettings settings = NodeSettings.Read(home);
        using var held = HomeLock.Take(settings.Home);
        using var events = new JsonLineSink(environment.Terminal.Output, settings.Config.Validator, environment.Composition.Time);
        if (parent is not { } supervisor)
        {
            return await environment.Composition.Validator(settings, events, cancellation);
        }

        if (environment.Shutdown is { } shutdown)
        {
            shutdown.IgnoreInterrupt = true;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task watch = WatchAsync(supervisor, environment.Terminal.Input, stop);
        int code = await environment.Composition.Validator(settings, events, stop.Token);
        await stop.CancelAsync();
        await watch;
        return code;
    }

    private static async Task WatchAsync(int parent, Stream input, CancellationTokenSource stop)
    {
        await ParentWatch.WaitAsync(parent, input, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stop.CancelAsync();
    }
}
