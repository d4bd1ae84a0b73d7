using System.CommandLine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary><c>verify --home DIR</c>.</summary>
internal static class VerifyCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("verify", "Audits a stopped validator's ledger offline: checksums, hash chain, certificates, signatures, and every state root by executing everything again.");
        var home = new Option<string>("--home") { Description = "The validator's home.", HelpName = "DIR", Required = true };
        var genesis = new Option<string?>("--genesis") { Description = "The genesis document to check against; default the one its config.json names.", HelpName = "FILE" };
        command.Options.Add(home);
        command.Options.Add(genesis);
        command.SetAction(async (result, cancellation) =>
        {
            string directory = result.GetRequiredValue(home);
            AuditReport report = await AuditAsync(environment.Composition.Audit, directory, result.GetValue(genesis), cancellation);
            if (report.Error is { } error)
            {
                string place = string.Join(", ", new[] { error.File, error.Offset is { } offset ? $"offset {offset}" : null, error.Height is { } height ? $"height {height}" : null }.Where(part => part is not null));
                throw new CommandException(error.Reason, place, "if it may not be read, check owner and mode; else restore this home from another validator: move blocks/ away and let it catch up") { Report = report };
            }

            environment.Replies(result).Answer(report, () => $"ok: {report.Height} blocks, {report.Transactions} transactions, state root {report.StateRoot}{Torn(report)}");
            return ExitCodes.Success;
        });
        return (command, ["bft verify --home data/testnet/node-0", "bft verify --home data/testnet/node-0 --json"]);
    }

    // The promise about the fields of the answer holds for a home that cannot even be opened, and for an audit that did not come to its end.
    private static async Task<AuditReport> AuditAsync(ILedgerAudit audit, string directory, string? genesisPath, CancellationToken cancellation)
    {
        try
        {
            NodeSettings settings = NodeSettings.Read(directory, genesisPath);
            HomeLock.RequireFree(settings.Home);
            return await audit.AuditAsync(settings, null, cancellation);
        }
        catch (DiagnosedException exception)
        {
            throw NotDone(exception.What, exception.Where, exception.Todo, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotDone(exception.Message.TrimEnd('.'), directory, "check owner and mode of the home and the file system", exception);
        }
        catch (OperationCanceledException exception) when (cancellation.IsCancellationRequested)
        {
            throw NotDone("stopped by a signal before the end", directory, "run it again", exception, ExitCodes.Interrupted);
        }
    }

    // After a clean stop nothing is torn: whoever sees this without a crash compares the height with that of the others.
    private static string Torn(AuditReport report) =>
        report.TornBytes == 0 ? "" : $"; {report.TornBytes} bytes behind them are no block: a crash cut them off, or the end of the file was lost";

    private static CommandException NotDone(string what, string where, string todo, Exception exception, int exitCode = ExitCodes.Failure) =>
        new(what, where, todo, exception) { Report = new AuditReport(false, 0, 0, null, new AuditError(where, null, null, what)), ExitCode = exitCode };
}
