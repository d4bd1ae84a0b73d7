using System.CommandLine;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Commands;

/// <summary><c>put KEY VALUE</c>.</summary>
internal static class PutCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("put", "Sets a key and waits until that is committed.");
        var key = new Argument<string>("KEY") { Description = "The key." };
        var value = new Argument<string>("VALUE") { Description = "The value." };
        command.Arguments.Add(key);
        command.Arguments.Add(value);
        TargetOptions target = TargetOptions.ForWriting(environment, command);
        command.SetAction((result, cancellation) =>
            WriteReport.CommitAsync(environment, target, result, result.GetRequiredValue(key), result.GetRequiredValue(value), cancellation));
        return (command, ["bft put greeting hello", "bft put greeting hello --to http://127.0.0.1:7302 --json", "bft put -- -key-with-a-dash value"]);
    }
}
