using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Commands;

/// <summary><c>watch</c>.</summary>
internal static class WatchCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("watch", "Prints committed blocks as they come, one a line; Ctrl+C ends it. Goes on, and says so on standard error, while no validators answer.");
        var from = new Option<ulong?>("--from-height") { Description = "Begin with this height: what was missed comes first, without gaps.", HelpName = "H", CustomParser = ParseHeight };
        command.Options.Add(from);
        TargetOptions target = TargetOptions.ForReading(environment, command, timeout: false);
        command.SetAction(async (result, cancellation) =>
        {
            Replies replies = environment.Replies(result);
            await using IQueryClient client = environment.Composition.Clients.Queries(target.Target(result));
            try
            {
                await foreach (BlockAnswer block in client.WatchAsync(result.GetValue(from) is { } height ? new Height(height) : null, reason => replies.Notice($"waiting: {reason}"), cancellation))
                {
                    var report = BlockReport.Of(block);
                    replies.Answer(report, report.Line);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // A stream has no other end than this one.
                return ExitCodes.Success;
            }

            return ExitCodes.Success;
        });
        return (command, ["bft watch", "bft watch --from-height 1 --json"]);
    }

    private static ulong? ParseHeight(ArgumentResult result)
    {
        if (ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong height))
        {
            return height;
        }

        result.AddError($"--from-height: \"{result.Tokens[0].Value}\" is no height");
        return null;
    }
}
