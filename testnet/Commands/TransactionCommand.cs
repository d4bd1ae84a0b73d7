using System.CommandLine;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Commands;

/// <summary><c>tx ID</c>.</summary>
internal static class TransactionCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("tx", "Says which height executed a transaction.");
        var id = new Argument<string>("ID") { Description = "What \"bft put\" answered: the client's 64 hexadecimal digits, a colon, a number." };
        command.Arguments.Add(id);
        TargetOptions target = TargetOptions.ForReading(environment, command);
        command.SetAction(async (result, cancellation) =>
        {
            string text = result.GetRequiredValue(id);
            if (!TransactionId.TryParse(text, out TransactionId transaction))
            {
                throw CommandException.Usage($"\"{text}\" is no transaction id", "bft tx", "write the client's 64 hexadecimal digits, a colon and the sequence");
            }

            await using IQueryClient client = environment.Composition.Clients.Queries(target.Target(result));
            Height height = await target.WithinAsync(result, limit => client.TransactionAsync(transaction, limit), cancellation)
                ?? throw new CommandException("there is no such committed transaction", text, "check the id; what was not acknowledged may still be committed later");
            var report = new WriteReport(transaction.ToString(), height.Value);
            environment.Replies(result).Answer(report, () => $"committed at height {report.Height}");
            return ExitCodes.Success;
        });
        return (command, [$"bft tx {new string('0', 63)}1:7", $"bft tx {new string('0', 63)}1:7 --json"]);
    }
}
