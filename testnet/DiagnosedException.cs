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
    protected DiagnosedException(string what, string where, string todo, Exception? inner = null)
        : base($"{OneLine(what)} ({OneLine(where)}): {OneLine(todo)}", inner)
    {
        What = OneLine(what);
        Where = OneLine(where);
        Todo = OneLine(todo);
    }

    /// <summary>What happened.</summary>
    public string What { get; }

    /// <summary>Where.</summary>
    public string Where { get; }

    /// <summary>What to do about it.</summary>
    public string Todo { get; }

    // A message of the runtime or of a peer may hold line ends; the promise of one line is ours to keep.
    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
