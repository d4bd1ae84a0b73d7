using System.Globalization;
using Bft.Simulation;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>Traces in files, as <c>--trace</c> printed them.</summary>
internal static class TraceFile
{
    /// <summary>Compares a run's trace with a file, line by line.</summary>
    /// <exception cref="CommandException">The file is no trace, of another version, or tells another run; the message has the first line that differs.</exception>
    public static void Compare(string path, Trace trace)
    {
        using StreamReader reader = Open(path);
        string first = reader.ReadLine() ?? "";
        int version = Trace.VersionOf(first) ?? throw new CommandException("this is no trace", path, "make one with \"bft simulate --seed S --trace > FILE\"");
        if (version != Trace.Version)
        {
            throw new CommandException(
                string.Create(CultureInfo.InvariantCulture, $"the trace is of version {version}, this build writes version {Trace.Version}: they cannot be compared"),
                path,
                "make it again with this build, or compare with the build that made it");
        }

        int number = 1;
        string? known = first;
        foreach (string line in trace.Lines())
        {
            if (line != known)
            {
                throw Differs(path, number, known, line);
            }

            known = reader.ReadLine();
            number++;
        }

        if (known is not null)
        {
            throw Differs(path, number, known, null);
        }
    }

    private static CommandException Differs(string path, int number, string? known, string? line) => new(
        $"the run differs: there \"{known?.Trim() ?? "nothing more"}\", here \"{line?.Trim() ?? "nothing more"}\"",
        string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}"),
        "give the options of the run that the trace was made of; if they are the same, the build is another one");

    private static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the file cannot be read: {exception.Message}", Path.GetFullPath(path), "check the path", exception);
        }
    }
}
