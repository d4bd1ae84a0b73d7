using System.CommandLine;
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
        RunResult committed = await target.WithinAsync(
            result,
            async limit =>
            {
                ulong first = await client.ReserveAsync(1, limit);
                return await client.SubmitAsync(first, [operation], limit);
            },
            cancellation);
        if (!ResultCodes.IsSuccess(committed.CodeAt(0)))
        {
            throw new CommandException($"it was ordered, but {ResultCodes.Describe(committed.CodeAt(0))}", committed.IdAt(0).ToString(), "nothing changed; correct the command and send it again");
        }

        var report = new WriteReport(committed.IdAt(0).ToString(), committed.Height.Value);
        environment.Replies(result).Answer(report, () => $"committed at height {report.Height} as {report.Id}");
        return ExitCodes.Success;
    }
}
