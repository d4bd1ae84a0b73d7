using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using Bft.Testnet.Commands;

namespace Bft.Testnet.CommandLine;

/// <summary>The executable's command line: parses, runs one command, and turns whatever goes wrong into one line and an exit code.</summary>
public static class BftCommandLine
{
    private const string DefaultCommand = "up";

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">What was typed; nothing means <c>up</c>.</param>
    /// <param name="terminal">The streams.</param>
    /// <param name="composition">The parts.</param>
    /// <param name="cancellation">Cancelled by the first signal.</param>
    /// <param name="shutdown">The signals, or null where a host handles them.</param>
    /// <returns>The exit code, see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, Composition composition, CancellationToken cancellation, Shutdown? shutdown = null)
    {
        var environment = new CommandEnvironment(terminal, composition, shutdown);
        RootCommand root = Build(environment);
        ParseResult result = root.Parse(WithDefault(arguments));

        // Known even when the rest of the line makes no sense: an error must have the form that was asked for.
        var replies = new Replies(terminal, arguments.TakeWhile(argument => argument != "--").Contains("--json"));
        try
        {
            if (result.Action is not { ClearsParseErrors: true })
            {
                Refuse(root, result);
            }

            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = terminal.Output, Error = terminal.Error };
            return await result.InvokeAsync(configuration, cancellation);
        }
        catch (DiagnosedException failure)
        {
            replies.Fail(failure);
            return (failure as CommandException)?.ExitCode ?? ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            replies.Fail(new CommandException("stopped by a signal before the end", NameOf(result), "run it again"));
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (Surroundings.Of(exception, NameOf(result)) is { } failure)
        {
            replies.Fail(failure);
            return ExitCodes.Failure;
        }
        catch (Exception exception)
        {
            // The edge of the process: a bug, told in the same form as everything else, with the place for whoever mends it.
            string place = exception.StackTrace?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "no stack";
            replies.Fail(new CommandException($"unexpected {exception.GetType().Name}: {exception.Message}", place, "this is a bug: report it with the command line", exception));
            return ExitCodes.Failure;
        }
    }

    private static RootCommand Build(CommandEnvironment environment)
    {
        var root = new RootCommand("A Byzantine fault-tolerant replicated ledger: a testnet in one command, and the tools to use and audit it. Without a command: up.");
        root.Options.Add(environment.Json);
        var examples = new Dictionary<Command, string[]>
        {
            [root] = ["bft", "bft put greeting hello && bft get greeting --prove", "bft COMMAND --help"],
        };
        foreach ((Command command, string[] lines) in new[]
        {
            UpCommand.Build(environment),
            InitCommand.Build(environment),
            NodeCommand.Build(environment),
            PutCommand.Build(environment),
            DeleteCommand.Build(environment),
            SubmitCommand.Build(environment),
            GetCommand.Build(environment),
            BlockCommand.Build(environment),
            TransactionCommand.Build(environment),
            StatusCommand.Build(environment),
            KeygenCommand.Build(environment),
            AdoptCommand.Build(environment),
            WatchCommand.Build(environment),
            VerifyCommand.Build(environment),
            SimulateCommand.Build(environment),
        })
        {
            root.Subcommands.Add(command);
            examples[command] = lines;
        }

        Examples.Show(root, examples);
        foreach (VersionOption version in root.Options.OfType<VersionOption>())
        {
            // The library asks the process's entry assembly, which is another one where this is hosted.
            version.Action = new VersionAction();
        }

        return root;
    }

    // "bft --duration 30s" is "bft up --duration 30s"; only what belongs to the root itself stays with it.
    private static string[] WithDefault(string[] arguments)
    {
        string[] ofRoot = ["--help", "-h", "-?", "/?", "/h", "--version"];
        return arguments.Length == 0 || (arguments[0].StartsWith('-') && !arguments.Any(ofRoot.Contains) && !arguments[0].StartsWith('['))
            ? [DefaultCommand, .. arguments]
            : arguments;
    }

    private static void Refuse(RootCommand root, ParseResult result)
    {
        Command command = result.CommandResult.Command;
        string name = NameOf(result);
        if (result.UnmatchedTokens.Count > 0)
        {
            string typed = result.UnmatchedTokens[0];
            throw typed.StartsWith('-') || command != root
                ? Unknown(result, command, typed, name)
                : CommandException.Usage($"there is no command \"{typed}\"{Nearest.Question(typed, root.Subcommands.Select(known => known.Name))}", "bft");
        }

        // An option that does not exist would quietly become the key of "put".
        if (!result.Tokens.Any(token => token.Type == TokenType.DoubleDash) &&
            result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).FirstOrDefault(token => token.Value.Length > 1 && token.Value[0] == '-') is { } dashed)
        {
            throw Unknown(result, command, dashed.Value, name);
        }

        if (result.Errors.Count > 0)
        {
            throw CommandException.Usage(result.Errors[0].Message.TrimEnd('.'), name);
        }
    }

    private static CommandException Unknown(ParseResult result, Command command, string typed, string name)
    {
        if (!typed.StartsWith('-'))
        {
            return CommandException.Usage($"\"{typed}\" is one argument too many", name);
        }

        IEnumerable<string> known = command.Options.Concat(result.RootCommandResult.Command.Options).SelectMany(option => option.Aliases.Append(option.Name));
        return CommandException.Usage(
            $"there is no option \"{typed}\"{Nearest.Question(typed, known)}", name, command.Arguments.Count > 0 ? $"see \"{name} --help\"; put -- before an argument that begins with a dash" : null);
    }

    private static string NameOf(ParseResult result) => result.CommandResult.Command is RootCommand ? "bft" : $"bft {result.CommandResult.Command.Name}";

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            Assembly assembly = typeof(BftCommandLine).Assembly;
            parseResult.InvocationConfiguration.Output.WriteLine(
                assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown");
            return ExitCodes.Success;
        }
    }
}
