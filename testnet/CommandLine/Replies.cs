namespace Bft.Testnet.CommandLine;

/// <summary>How a command answers: for people, or as JSON for programs.</summary>
/// <param name="Terminal">The streams.</param>
/// <param name="Json">Whether programs read the output.</param>
internal sealed record Replies(Terminal Terminal, bool Json)
{
    /// <summary>True when tables and progress may be drawn on standard output.</summary>
    public bool MayDraw => !Json && Terminal.OutputIsTerminal;

    /// <summary>Gives the one answer of a command, or one object of a stream.</summary>
    /// <param name="report">For programs.</param>
    /// <param name="people">For people.</param>
    public void Answer(object report, Func<string> people) => Terminal.Output.WriteLine(Json ? JsonOutput.Line(report) : Shown(people()));

    /// <summary>Says something on the way; programs do not see it.</summary>
    public void Say(string line)
    {
        if (!Json)
        {
            Terminal.Output.WriteLine(Shown(line));
        }
    }

    /// <summary>Says something that should be noticed, on standard error.</summary>
    public void Notice(string line) => Terminal.Error.WriteLine(Printable.Line(line));

    /// <summary>Tells the failure that ends the command.</summary>
    public void Fail(DiagnosedException failure)
    {
        Terminal.Error.WriteLine($"error: {failure.Message}");
        if (Json)
        {
            Terminal.Output.WriteLine(JsonOutput.Line(failure, (failure as CommandException)?.Report));
        }
    }

    // A value that goes into a file is the value, byte for byte; on a terminal it must not be able to act.
    private string Shown(string text) => Terminal.OutputIsTerminal ? Printable.Text(text) : text;
}
