using System.CommandLine;
using System.Globalization;
using Bft.Crypto;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Commands;

/// <summary><c>block HEIGHT|DIGEST</c>.</summary>
internal static class BlockCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("block", "Shows a committed block.");
        var which = new Argument<string>("HEIGHT|DIGEST") { Description = "A height in decimal or a digest of 64 hexadecimal digits." };
        command.Arguments.Add(which);
        TargetOptions target = TargetOptions.ForReading(environment, command);
        command.SetAction(async (result, cancellation) =>
        {
            string text = result.GetRequiredValue(which);
            Height? height = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? new Height(number) : null;
            Digest digest = default;
            if (height is null && !Digest.TryParse(text, out digest))
            {
                throw CommandException.Usage($"\"{text}\" is neither a height nor a digest of 64 hexadecimal digits", "bft block");
            }

            await using IQueryClient client = environment.Composition.Clients.Queries(target.Target(result));
            BlockAnswer block = await target.WithinAsync(result, limit => height is { } wanted ? client.BlockAsync(wanted, limit) : client.BlockAsync(digest, limit), cancellation)
                ?? throw new CommandException("there is no such committed block", text, "see the height with \"bft status\"");
            var report = BlockReport.Of(block);
            environment.Replies(result).Answer(report, () => string.Join('\n', report.Transactions.Select(id => "  " + id).Prepend(report.Line())));
            return ExitCodes.Success;
        });
        return (command, ["bft block 42", "bft block 42 --json"]);
    }
}
