namespace Bft.Testnet.CommandLine;

/// <summary>Ends a command without success.</summary>
/// <param name="what">What happened.</param>
/// <param name="where">Where.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="inner">What was caught, if anything.</param>
public sealed class CommandException(string what, string where, string todo, Exception? inner = null) : DiagnosedException(what, where, todo, inner)
{
    /// <summary>The code the process ends with; <see cref="ExitCodes.Failure"/> unless the command line itself was wrong.</summary>
    public int ExitCode { get; init; } = ExitCodes.Failure;

    /// <summary>What the command found out in spite of the failure: printed with <c>--json</c>, beside the error. May be null.</summary>
    public object? Report { get; init; }

    /// <summary>A wrong command line.</summary>
    /// <param name="what">What is wrong.</param>
    /// <param name="command">The command, for example <c>bft put</c>.</param>
    /// <param name="todo">What to do; null points at the help.</param>
    public static CommandException Usage(string what, string command, string? todo = null) =>
        new(what, $"command line of \"{command}\"", todo ?? $"see \"{command} --help\"") { ExitCode = ExitCodes.Usage };
}
