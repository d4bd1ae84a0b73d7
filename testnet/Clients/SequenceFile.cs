using System.Globalization;
using System.Text;
using Bft.Client;
using Bft.Crypto.Files;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Clients;

/// <summary>
/// The next sequence a client key may use, in a file that is locked only while a number is taken: several commands may share one
/// key at the same time. A number is durable before it is given out, so that none is ever used twice, whatever crashes.
/// </summary>
/// <remarks>
/// Text: two lines of 20 digits each; the larger one is the next sequence, and a reservation overwrites the smaller one. So the
/// file never grows, no rename has to survive a power failure, and a torn write leaves the line that counts alone. A reservation that
/// a crash left unused is a hole, which costs one interval of the client's session.
/// </remarks>
/// <param name="path">The file.</param>
/// <param name="start">The first sequence when there is no file.</param>
public sealed class SequenceFile(string path, ulong start) : ISequenceSource
{
    private const int Digits = 20;
    private const int SlotBytes = Digits + 1;
    private const int MostAttempts = 1000;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private bool _named;

    /// <summary>
    /// The sequences of a client key: beside it, from 1 for a key that was just made. For an older key whose file is lost they begin
    /// with the milliseconds since 1970, which no key reached by counting: a number used twice would hide a transaction.
    /// </summary>
    public static SequenceFile Beside(string key, bool keyIsNew, DateTimeOffset now) =>
        new(Path.GetFullPath(key) + ".sequence", keyIsNew ? 1 : (ulong)now.ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    /// <exception cref="HomeException">They could not be made durable; nothing was given out.</exception>
    public ulong Reserve(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        lock (_gate)
        {
            using FileStream file = Open();
            (ulong next, int slot) = ReadOrSay(file);
            if (next > ulong.MaxValue - (ulong)count)
            {
                throw new HomeException("the sequences of this client are used up", path, "make a new client key");
            }

            Write(file, slot, next + (ulong)count);
            return next;
        }
    }

    // Another command holds it for the time of one write; many may queue.
    private FileStream Open()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException held) when (attempt < MostAttempts && File.Exists(path) && held is not (FileNotFoundException or DirectoryNotFoundException))
            {
                Thread.Sleep(BetweenAttempts);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new HomeException($"the client's next sequence cannot be read: {exception.Message}", path, "check the file's owner and mode, and whether a command hangs", exception);
            }
        }
    }

    private (ulong Next, int Slot) ReadOrSay(FileStream file)
    {
        try
        {
            return Read(file);
        }
        catch (IOException exception)
        {
            throw new HomeException($"the client's next sequence cannot be read: {exception.Message}", path, "check the disk", exception);
        }
    }

    // The next sequence, and the slot that may be overwritten.
    private (ulong Next, int Slot) Read(FileStream file)
    {
        Span<byte> bytes = stackalloc byte[2 * SlotBytes];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        ulong first = Number(bytes[..Math.Min(length, SlotBytes)]), second = Number(bytes[Math.Min(length, SlotBytes)..length]);
        if (first == 0 && second == 0)
        {
            return length == 0 ? (start, 0) : throw new HomeException("the file holds no sequence", path, "move it away; sequences go on behind the old ones");
        }

        return first >= second ? (first, 1) : (second, 0);
    }

    // 0 for what is no whole line; sequences begin with 1.
    private static ulong Number(ReadOnlySpan<byte> line) =>
        line.Length == SlotBytes && line[^1] == (byte)'\n' && ulong.TryParse(line[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0;

    private void Write(FileStream file, int slot, ulong next)
    {
        try
        {
            file.Position = slot * SlotBytes;
            file.Write(Encoding.ASCII.GetBytes(next.ToString("D20", CultureInfo.InvariantCulture) + "\n"));
            NativeFlush.File(file);
            FlushName();
        }
        catch (IOException exception)
        {
            throw new HomeException($"the next sequence could not be made durable: {exception.Message}", path, "nothing was sent; free space or permit writing, then repeat", exception);
        }
    }

    // Also when the file was there: whoever made it may have been killed before its name was durable.
    private void FlushName()
    {
        if (!_named)
        {
            NativeFlush.Directory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _named = true;
        }
    }
}
