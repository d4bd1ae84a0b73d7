using System.Text;
using Spectre.Console;

namespace Bft.Testnet.CommandLine;

/// <summary>The three streams a command talks through, and whether people sit behind them. Tests put memory there.</summary>
/// <param name="Input">Standard input, raw: its lines are bounded before they become text.</param>
/// <param name="Output">Standard output: answers, and nothing else.</param>
/// <param name="Error">Standard error: errors, notices and progress.</param>
/// <param name="OutputIsTerminal">True when answers may be drawn.</param>
/// <param name="ErrorIsTerminal">True when progress may be drawn.</param>
public sealed record Terminal(Stream Input, TextWriter Output, TextWriter Error, bool OutputIsTerminal, bool ErrorIsTerminal)
{
    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess() => new(
        Console.OpenStandardInput(),
        Writer(Console.OpenStandardOutput()),
        Writer(Console.OpenStandardError()),
        !Console.IsOutputRedirected,
        !Console.IsErrorRedirected);

    /// <summary>What draws tables and progress on one of the streams.</summary>
    public static IAnsiConsole Drawing(TextWriter writer, bool isTerminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
    });

    // Validators and supervisors write from several threads; a line must stay whole.
    private static TextWriter Writer(Stream stream) =>
        TextWriter.Synchronized(new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });
}
