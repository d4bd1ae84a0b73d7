using System.CommandLine;
using System.Text;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Submission;

namespace Bft.Testnet.Commands;

/// <summary><c>get KEY</c>.</summary>
internal static class GetCommand
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("get", "Reads a key: its value, or that it has none (which is a success).");
        var key = new Argument<string>("KEY") { Description = "The key." };
        var consistency = new Option<string>("--consistency") { Description = "linearizable: after every write committed before; stale: one validator's state.", HelpName = "linearizable|stale", DefaultValueFactory = _ => "linearizable" };
        consistency.AcceptOnlyFromAmong("linearizable", "stale");
        var prove = new Option<bool>("--prove") { Description = "Ask for the Merkle proof and the certificate, and check both against genesis alone." };
        command.Arguments.Add(key);
        command.Options.Add(consistency);
        command.Options.Add(prove);
        TargetOptions target = TargetOptions.ForOrderedReading(environment, command);
        command.SetAction(async (result, cancellation) =>
        {
            string name = result.GetRequiredValue(key);
            if (OperationLine.Check(name, null, environment.Composition.Limits, out Operation operation) is { } reason)
            {
                throw new CommandException(reason, "KEY", "choose one that is neither empty nor too long");
            }

            Consistency wanted = result.GetValue(consistency) == "stale" ? Consistency.Stale : Consistency.Linearizable;
            ClientTarget whom = target.Target(result);
            await using IQueryClient client = environment.Composition.Clients.Queries(whom, target.Ordering(result));
            KeyAnswer answer = await AskAsync(name, result.GetValue(prove), () => target.WithinAsync(result, limit => client.GetAsync(operation.Key, wanted, result.GetValue(prove), limit), cancellation));
            var report = GetReport.Of(name, answer);
            if (answer.Proof is { Verified: false })
            {
                throw new CommandException("the proof does not hold against this genesis", string.Join(", ", whom.Endpoints), "check that the genesis document is that of this chain; do not trust the answer") { Report = report };
            }

            environment.Replies(result).Answer(report, () => report.Describe());
            return ExitCodes.Success;
        });
        return (command, ["bft get greeting", "bft get greeting --prove --from http://127.0.0.1:7301", "bft get greeting --consistency stale --json"]);
    }

    // What failed to be proved is reported as not proved, with nothing said about the key.
    private static async Task<KeyAnswer> AskAsync(string key, bool prove, Func<Task<KeyAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (DiagnosedException exception) when (prove)
        {
            var report = new { key, found = (bool?)null, value = (string?)null, height = (ulong?)null, proof = new { verified = false, root = (string?)null, certificateView = (ulong?)null } };
            throw new CommandException(exception.What, exception.Where, exception.Todo, exception) { Report = report, ExitCode = (exception as CommandException)?.ExitCode ?? ExitCodes.Failure };
        }
    }

    /// <summary>What the command answers.</summary>
    private sealed record GetReport(string Key, bool Found, string? Value, string? ValueBase64, ulong Height, string Method, ProofReport? Proof)
    {
        public static GetReport Of(string key, KeyAnswer answer)
        {
            (string? text, string? base64) = answer.Found ? Text(answer.Value.Span) : default;
            return new GetReport(key, answer.Found, text, base64, answer.Height.Value, answer.Method, answer.Proof is { } proof ? new ProofReport(proof.Verified, proof.Root.ToString(), proof.CertificateView.Value) : null);
        }

        public string Describe()
        {
            string value = Found ? Value ?? $"(base64) {ValueBase64}" : $"\"{Key}\" has no value";
            string proof = Proof is { } shown ? $", proved under state root {shown.Root}" : "";
            return $"{value}\n(height {Height}, {Method}{proof})";
        }

        // A value that is no text is given in base64, in a field of its own so that nobody mistakes one for the other.
        private static (string? Text, string? Base64) Text(ReadOnlySpan<byte> value)
        {
            try
            {
                return (StrictUtf8.GetString(value), null);
            }
            catch (DecoderFallbackException)
            {
                return (null, Convert.ToBase64String(value));
            }
        }
    }

    private sealed record ProofReport(bool Verified, string Root, ulong CertificateView);
}
