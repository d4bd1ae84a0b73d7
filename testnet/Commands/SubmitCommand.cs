using System.CommandLine;
using System.Globalization;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Submission;
using Spectre.Console;

namespace Bft.Testnet.Commands;

/// <summary><c>submit --file F.jsonl</c>.</summary>
internal static class SubmitCommand
{
    private const string StandardInput = "-";

    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("submit", "Submits one transaction a line: {\"op\":\"put\",\"key\":…,\"value\":…} or {\"op\":\"delete\",\"key\":…}. A bad line is reported and costs only itself.");
        var path = new Argument<string?>("FILE") { Description = "The input; - for standard input.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file") { Description = "The input; - for standard input.", HelpName = "FILE" };
        var batch = new Option<int>("--batch") { Description = "Transactions in one message.", HelpName = "N", DefaultValueFactory = _ => 64, CustomParser = Values.Between(1, 1024) };
        var window = new Option<int>("--window") { Description = "Messages under way at once.", HelpName = "W", DefaultValueFactory = _ => 16, CustomParser = Values.Between(1, SubmissionOptions.MostWindow) };
        var resume = new Option<bool>("--resume") { Description = "Go on where an earlier submission of the same file was interrupted; what was under way is executed once." };
        command.Arguments.Add(path);
        foreach (Option option in new Option[] { file, batch, window, resume })
        {
            command.Options.Add(option);
        }

        TargetOptions target = TargetOptions.ForWriting(environment, command, timeout: false);
        command.SetAction(async (result, cancellation) =>
        {
            string input = (result.GetValue(file), result.GetValue(path)) switch
            {
                ({ } named, null) => named,
                (null, { } named) => named,
                (null, null) => throw CommandException.Usage("no input is named", "bft submit", "name one with --file F.jsonl, or - for standard input"),
                _ => throw CommandException.Usage("two inputs are named", "bft submit", "name one"),
            };
            if (input == StandardInput && result.GetValue(resume))
            {
                throw CommandException.Usage("standard input cannot be resumed: it cannot be read twice", "bft submit", "put the lines into a file");
            }

            var options = new SubmissionOptions(result.GetValue(batch), result.GetValue(window));
            return await RunAsync(environment, target, result, input, options, result.GetValue(resume), cancellation);
        });
        return (command, ["bft submit --file samples/packages-small.jsonl", "bft submit --file samples/packages-small.jsonl --batch 128 --window 32 --resume", "cat facts.jsonl | bft submit --file - --json"]);
    }

    private static async Task<int> RunAsync(
        CommandEnvironment environment, TargetOptions target, ParseResult result, string input, SubmissionOptions options, bool resume, CancellationToken cancellation)
    {
        await using Stream stream = input == StandardInput ? environment.Terminal.Input : OpenInput(input);
        ClientTarget whom = target.Target(result);
        using ClientIdentity identity = target.Identity(result, whom.Genesis);
        await using ITransactionClient client = environment.Composition.Clients.Transactions(whom, identity);
        using ResumeRecord? record = input == StandardInput
            ? null
            : await OpenRecordAsync(stream, whom, client, target.ClientDirectory(result).Submissions, resume, cancellation);
        options = options with { Ahead = whom.Genesis.ToChain().Limits.RunsUnderWay(options.Batch) };
        SubmissionReport report = await WithProgressAsync(
            environment,
            stream,
            progress => SendAsync(environment, result, new SubmissionRun(client, options, environment.Composition.Limits, record, progress, environment.Composition.Time), stream, input, record is not null, cancellation),
            cancellation);
        if (report.Rejected.Count > 0)
        {
            RejectedLine first = report.Rejected[0];
            Tell(environment.Replies(result), report);
            throw new CommandException(
                string.Create(CultureInfo.InvariantCulture, $"{report.Rejected.Count} lines were rejected, the first because {first.Reason}; the other {report.Committed + report.Resumed} are committed"),
                string.Create(CultureInfo.InvariantCulture, $"{input}, line {first.Line}"),
                "correct the lines and submit them again")
            { Report = report };
        }

        environment.Replies(result).Answer(report, () => Describe(report));
        return ExitCodes.Success;
    }

    // Whatever ends it early: what is committed is told, and how to go on.
    private static async Task<SubmissionReport> SendAsync(
        CommandEnvironment environment, ParseResult result, SubmissionRun run, Stream stream, string input, bool hasRecord, CancellationToken cancellation)
    {
        string goOn = hasRecord ? "then go on with the same command and --resume" : "to be able to go on after such an end, put the lines into a file";
        try
        {
            return await run.RunAsync(stream, cancellation);
        }
        catch (DiagnosedException exception)
        {
            SubmissionReport report = run.Report();
            Tell(environment.Replies(result), report);
            throw new CommandException($"{exception.What}; {SoFar(report)}", exception.Where, $"{exception.Todo}; {goOn}", exception) { Report = report };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            SubmissionReport report = run.Report();
            Tell(environment.Replies(result), report);
            throw new CommandException($"stopped by a signal before the end; {SoFar(report)}", input, goOn) { Report = report, ExitCode = ExitCodes.Interrupted };
        }
    }

    private static string SoFar(SubmissionReport report) =>
        string.Create(CultureInfo.InvariantCulture, $"{report.Committed + report.Resumed} lines are committed so far");

    private static void Tell(Replies replies, SubmissionReport report)
    {
        if (replies.Json)
        {
            return;
        }

        foreach (RejectedLine rejected in report.Rejected)
        {
            replies.Notice($"line {rejected.Line}: {rejected.Reason}");
        }

        replies.Say(Describe(report));
    }

    private static string Describe(SubmissionReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Committed} of {report.Submitted} transactions committed in {report.Seconds:0.0} s{(report.Resumed > 0 ? $", {report.Resumed} had been before" : "")}{(report.Rejected.Count > 0 ? $"; {report.Rejected.Count} lines rejected" : "")}");

    private static FileStream OpenInput(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string what = exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"the file cannot be read: {exception.Message}";
            throw new CommandException(what, Path.GetFullPath(path), "check --file", exception);
        }
    }

    private static async Task<ResumeRecord?> OpenRecordAsync(Stream stream, ClientTarget whom, ITransactionClient client, string directory, bool resume, CancellationToken cancellation)
    {
        if (!stream.CanSeek)
        {
            return resume ? throw CommandException.Usage("a pipe cannot be resumed: it cannot be read twice", "bft submit", "put the lines into a file") : null;
        }

        string name = await ResumeRecord.NameOfAsync(stream, whom.Genesis.ChainId, client.Client, cancellation);
        stream.Seek(0, SeekOrigin.Begin);
        return ResumeRecord.Open(Path.Combine(directory, name), resume);
    }

    private static async Task<SubmissionReport> WithProgressAsync(CommandEnvironment environment, Stream stream, Func<IProgress<long>?, Task<SubmissionReport>> run, CancellationToken cancellation)
    {
        if (!environment.Terminal.ErrorIsTerminal || !stream.CanSeek)
        {
            return await run(null);
        }

        long lines = await CountLinesAsync(stream, cancellation);
        return await Terminal.Drawing(environment.Terminal.Error, isTerminal: true).Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(context => run(new Bar(context.AddTask("submitting", maxValue: Math.Max(1, lines)))));
    }

    private static async Task<long> CountLinesAsync(Stream stream, CancellationToken cancellation)
    {
        var reader = new LineReader(stream, 0);
        long lines = 0;
        while (await reader.ReadAsync(cancellation) is not null)
        {
            lines++;
        }

        stream.Seek(0, SeekOrigin.Begin);
        return lines;
    }

    // The library's progress posts to a synchronisation context; a bar is told directly.
    private sealed class Bar(ProgressTask task) : IProgress<long>
    {
        public void Report(long value)
        {
            lock (task)
            {
                task.Increment(value);
            }
        }
    }
}
