using System.CommandLine;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Commands;

/// <summary><c>delete KEY</c>.</summary>
internal static class DeleteCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("delete", "Deletes a key and waits until that is committed; a key that is not there is no error.");
        var key = new Argument<string>("KEY") { Description = "The key." };
        command.Arguments.Add(key);
        TargetOptions target = TargetOptions.ForWriting(environment, command);
        command.SetAction((result, cancellation) => WriteReport.CommitAsync(environment, target, result, result.GetRequiredValue(key), null, cancellation));
        return (command, ["bft delete greeting", "bft delete greeting --json"]);
    }
}
