using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bft.Crypto;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Submission;

/// <summary>A run of lines that was sent, perhaps in an earlier life of the command.</summary>
/// <param name="First">The sequence of its first transaction.</param>
/// <param name="Lines">The numbers of its lines, ascending.</param>
public sealed record SentRun(ulong First, IReadOnlyList<long> Lines);

/// <summary>
/// Remembers which lines of an input file were sent with which sequences and which of them are committed, so that a submission
/// that was interrupted goes on where it was, and what was under way is repeated under the same sequences: executed once.
/// </summary>
/// <remarks>
/// An append-only text beside the client's key, one fact a line: <c>sent FIRST LINES</c> before a run leaves, <c>done FIRST</c> when it
/// has its result, followed by <c>CODE:LINES</c> for lines that were ordered and refused. Its name is a digest of the input's content, the chain and the client, so another file, chain or key never takes it
/// for its own. A last line that was cut off by a crash is ignored: a run whose <c>sent</c> is not whole has not left yet.
/// </remarks>
public sealed class ResumeRecord : IDisposable
{
    private const string Header = "bft-submission 1";

    private readonly Stream _file;
    private readonly Lock _gate = new();
    private bool _isBroken;

    private ResumeRecord(Stream file, string path, Content content)
    {
        _file = file;
        Path = path;
        Committed = content.Committed;
        Refused = content.Refused;
        UnderWay = [.. content.Sent.Values.OrderBy(run => run.First)];
    }

    /// <summary>Its file.</summary>
    public string Path { get; }

    /// <summary>The lines that were committed before.</summary>
    public IReadOnlySet<long> Committed { get; }

    /// <summary>The lines that were ordered before and refused, with the code that says why.</summary>
    public IReadOnlyDictionary<long, byte> Refused { get; }

    /// <summary>The runs that were sent before and of which nobody knows whether they are committed.</summary>
    public IReadOnlyList<SentRun> UnderWay { get; }

    /// <summary>The name of the record of an input.</summary>
    /// <param name="input">The input, from its first byte on; it is read to its end.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="client">The client.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<string> NameOfAsync(Stream input, Digest chain, Digest client, CancellationToken cancellation)
    {
        byte[] content = await SHA256.HashDataAsync(input, cancellation);
        return Convert.ToHexStringLower(SHA256.HashData([.. content, .. Encoding.ASCII.GetBytes($"{chain}{client}")]).AsSpan(0, 16)) + ".submission";
    }

    /// <summary>Opens the record of an input.</summary>
    /// <param name="path">Its file; the directory is made.</param>
    /// <param name="resume">True to go on from what is there; false to begin anew.</param>
    /// <exception cref="HomeException">It cannot be written, another process uses it, or it is not a record.</exception>
    public static ResumeRecord Open(string path, bool resume)
    {
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (!resume)
            {
                file.SetLength(0);
            }

            ResumeRecord record = Load(file, path);
            file = null;
            return record;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the record of the submission cannot be used: {exception.Message}", path, "check whether the same file is being submitted elsewhere, and the directory's permissions", exception);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Notes that a run is about to leave.</summary>
    /// <exception cref="HomeException">It cannot be written; the run must not leave.</exception>
    public void Sent(SentRun run) => Append(string.Create(CultureInfo.InvariantCulture, $"sent {run.First} {LineSet.Write(run.Lines)}\n"));

    /// <summary>Notes that the run with that first sequence has its result.</summary>
    /// <param name="first">Its first sequence.</param>
    /// <param name="refused">Those of its lines that were refused, ascending, with the code that says why.</param>
    /// <exception cref="HomeException">It cannot be written; the run will be repeated, with the same result.</exception>
    public void Done(ulong first, IEnumerable<(long Line, byte Code)> refused)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"done {first}"));
        foreach (IGrouping<byte, long> group in refused.GroupBy(each => each.Code, each => each.Line))
        {
            text.Append(CultureInfo.InvariantCulture, $" {group.Key}:{LineSet.Write([.. group])}");
        }

        Append(text.Append('\n').ToString());
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads a record; the file is its own from then on.</summary>
    internal static ResumeRecord Load(Stream file, string path)
    {
        using var reader = new StreamReader(file, Encoding.ASCII, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        string text = reader.ReadToEnd();
        int whole = text.LastIndexOf('\n') + 1;
        string[] lines = text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length > 0 && lines[0] != Header)
        {
            throw new HomeException("this is not the record of a submission", path, "delete it to submit from the beginning");
        }

        var content = new Content();
        for (int i = 1; i < lines.Length; i++)
        {
            if (!Apply(lines[i].Split(' '), content))
            {
                throw new HomeException($"line {i + 1} of the record is damaged", path, "delete it to submit from the beginning");
            }
        }

        file.SetLength(whole);
        file.Seek(0, SeekOrigin.End);
        var record = new ResumeRecord(file, path, content);
        if (lines.Length == 0)
        {
            record.Append(Header + "\n");
        }

        return record;
    }

    private static bool Apply(string[] words, Content content)
    {
        if (words.Length < 2 || !ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first))
        {
            return false;
        }

        switch (words)
        {
            case ["sent", _, string lines] when LineSet.Read(lines, ushort.MaxValue) is { } numbers:
                content.Sent[first] = new SentRun(first, numbers);
                return true;
            case ["done", _, .. string[] refusals] when content.Sent.Remove(first, out SentRun? run):
                content.Committed.UnionWith(run.Lines);
                return refusals.All(refusal => Refuse(refusal, content));
            default:
                return false;
        }
    }

    private static bool Refuse(string refusal, Content content)
    {
        string[] parts = refusal.Split(':');
        if (parts.Length != 2 || !byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out byte code) || LineSet.Read(parts[1], ushort.MaxValue) is not { } lines)
        {
            return false;
        }

        foreach (long line in lines)
        {
            if (!content.Committed.Remove(line))
            {
                return false;
            }

            content.Refused[line] = code;
        }

        return true;
    }

    private void Append(string line)
    {
        lock (_gate)
        {
            try
            {
                // After half a line no other may follow: it would be glued to it. What was cut off last is ignored when the record is read.
                if (_isBroken)
                {
                    throw new IOException("an earlier write failed");
                }

                _isBroken = true;

                // Out of this process before the run leaves it; surviving a power failure is not needed, the ledger knows the truth.
                _file.Write(Encoding.ASCII.GetBytes(line));
                _file.Flush();
                _isBroken = false;
            }
            catch (IOException exception)
            {
                throw new HomeException($"the record of the submission cannot be written: {exception.Message}", Path, "free space or permit writing", exception);
            }
        }
    }

    private sealed class Content
    {
        public Dictionary<ulong, SentRun> Sent { get; } = [];

        public HashSet<long> Committed { get; } = [];

        public Dictionary<long, byte> Refused { get; } = [];
    }
}
