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
/// is committed. Its name is a digest of the input's content, the chain and the client, so another file, chain or key never takes it
/// for its own. A last line that was cut off by a crash is ignored: a run whose <c>sent</c> is not whole has not left yet.
/// </remarks>
public sealed class ResumeRecord : IDisposable
{
    private const string Header = "bft-submission 1";

    private readonly FileStream _file;
    private readonly Lock _gate = new();

    private ResumeRecord(FileStream file, IReadOnlySet<long> committed, IReadOnlyList<SentRun> underWay)
    {
        _file = file;
        Committed = committed;
        UnderWay = underWay;
    }

    /// <summary>The lines that were committed before.</summary>
    public IReadOnlySet<long> Committed { get; }

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
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
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
    public void Sent(SentRun run) => Append(string.Create(CultureInfo.InvariantCulture, $"sent {run.First} {LineSet.Write(run.Lines)}\n"));

    /// <summary>Notes that the run with that first sequence is committed.</summary>
    public void Done(ulong first) => Append(string.Create(CultureInfo.InvariantCulture, $"done {first}\n"));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static ResumeRecord Load(FileStream file, string path)
    {
        using var reader = new StreamReader(file, Encoding.ASCII, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        string text = reader.ReadToEnd();
        int whole = text.LastIndexOf('\n') + 1;
        string[] lines = text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length > 0 && lines[0] != Header)
        {
            throw new HomeException("this is not the record of a submission", path, "delete it to submit from the beginning");
        }

        var sent = new Dictionary<ulong, SentRun>();
        var committed = new HashSet<long>();
        for (int i = 1; i < lines.Length; i++)
        {
            if (!Apply(lines[i].Split(' '), sent, committed))
            {
                throw new HomeException($"line {i + 1} of the record is damaged", path, "delete it to submit from the beginning");
            }
        }

        file.SetLength(whole);
        file.Seek(0, SeekOrigin.End);
        var record = new ResumeRecord(file, committed, [.. sent.Values.OrderBy(run => run.First)]);
        if (lines.Length == 0)
        {
            record.Append(Header + "\n");
        }

        return record;
    }

    private static bool Apply(string[] words, Dictionary<ulong, SentRun> sent, HashSet<long> committed)
    {
        if (words.Length < 2 || !ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first))
        {
            return false;
        }

        switch (words)
        {
            case ["sent", _, string lines] when LineSet.Read(lines, ushort.MaxValue) is { } numbers:
                sent[first] = new SentRun(first, numbers);
                return true;
            case ["done", _] when sent.Remove(first, out SentRun? run):
                committed.UnionWith(run.Lines);
                return true;
            default:
                return false;
        }
    }

    private void Append(string line)
    {
        lock (_gate)
        {
            // Out of this process before the run leaves it; surviving a power failure is not needed, the ledger knows the truth.
            _file.Write(Encoding.ASCII.GetBytes(line));
            _file.Flush();
        }
    }
}
