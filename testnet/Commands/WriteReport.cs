using System.CommandLine;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Submission;

namespace Bft.Testnet.Commands;

/// <summary>What <c>put</c>, <c>delete</c> and <c>tx</c> answer.</summary>
/// <param name="Id">The transaction.</param>
/// <param name="Height">The height that executed it.</param>
internal sealed record WriteReport(string Id, ulong Height)
{
    /// <summary>Commits one operation and answers.</summary>
    public static async Task<int> CommitAsync(CommandEnvironment environment, TargetOptions target, ParseResult result, string key, string? value, CancellationToken cancellation)
    {
        if (OperationLine.Check(key, value, environment.Composition.Limits, out Operation operation) is { } reason)
        {
            throw new CommandException(reason, value is null ? "KEY" : "KEY VALUE", "a key must not be empty, and neither key nor value too long");
        }

        ClientTarget whom = target.Target(result);
        using ClientIdentity identity = target.Identity(result, whom.Genesis);
        await using ITransactionClient client = environment.Composition.Clients.Transactions(whom, identity);
        RunResult committed = await SendAsync(target, result, client, operation, cancellation);
        if (!ResultCodes.IsSuccess(committed.CodeAt(0)))
        {
            throw new CommandException($"it was ordered, but {ResultCodes.Describe(committed.CodeAt(0))}", committed.IdAt(0).ToString(), "nothing changed; correct the command and send it again");
        }

        var report = new WriteReport(committed.IdAt(0).ToString(), committed.Height.Value);
        environment.Replies(result).Answer(report, () => $"committed at height {report.Height} as {report.Id}");
        return ExitCodes.Success;
    }

    // What left without an answer may be committed all the same: it has a name by which that can be asked.
    private static async Task<RunResult> SendAsync(TargetOptions target, ParseResult result, ITransactionClient client, Operation operation, CancellationToken cancellation)
    {
        TransactionId? sent = null;
        try
        {
            return await target.WithinAsync(
                result,
                async limit =>
                {
                    ulong first = await client.ReserveAsync(1, limit);
                    sent = new TransactionId(client.Client, first);
                    return await client.SubmitAsync(first, [operation], limit);
                },
                cancellation);
        }
        catch (DiagnosedException exception) when (sent is not null && exception is not RunRejectedException)
        {
            throw new CommandException($"{exception.What}; the transaction may be committed or not", exception.Where, $"ask with \"bft tx {sent}\" before you send it again; {exception.Todo}", exception);
        }
        catch (OperationCanceledException exception) when (sent is not null && cancellation.IsCancellationRequested)
        {
            throw new CommandException("stopped by a signal before the end; the transaction may be committed or not", $"bft {result.CommandResult.Command.Name}", $"ask with \"bft tx {sent}\" before you send it again", exception)
            {
                ExitCode = ExitCodes.Interrupted,
            };
        }
    }
}
