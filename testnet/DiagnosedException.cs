namespace Bft.Testnet;

/// <summary>
/// An error for the person who runs the program: what happened, where, and what to do about it. The message is all three in one line.
/// </summary>
public abstract class DiagnosedException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="what">What happened, for example <c>the passphrase does not open the key store</c>.</param>
    /// <param name="where">The file, field, option, endpoint or line it concerns.</param>
    /// <param name="todo">What the reader can do about it.</param>
    /// <param name="inner">What was caught, if anything.</param>
    /// <remarks>A message of the runtime or of a peer may hold line ends and control characters: the promise of one line that harms no terminal is kept here.</remarks>
    protected DiagnosedException(string what, string where, string todo, Exception? inner = null)
        : base($"{Printable.Line(what)} ({Printable.Line(where)}): {Printable.Line(todo)}", inner)
    {
        What = Printable.Line(what);
        Where = Printable.Line(where);
        Todo = Printable.Line(todo);
    }

    /// <summary>What happened.</summary>
    public string What { get; }

    /// <summary>Where.</summary>
    public string Where { get; }

    /// <summary>What to do about it.</summary>
    public string Todo { get; }
}
