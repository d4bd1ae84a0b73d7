using System.Text;

namespace Bft.Testnet.Supervision;

/// <summary>
/// The log of one validator: a file that is renamed to <c>….1</c> when it is full, so that there are never more than two of them, and
/// the last lines in memory. Thread-safe; a full disk silences the file, never the validator.
/// </summary>
public sealed class BoundedLog : IDisposable
{
    /// <summary>The bytes after which a file is full when nothing else is said: 8 MiB.</summary>
    public const long DefaultMostBytes = 8 << 20;

    private const int TailLineCharacters = 400;

    private readonly string _path;
    private readonly long _mostBytes;
    private readonly int _tailLines;
    private readonly Queue<string> _tail = new();
    private readonly Lock _gate = new();
    private FileStream? _file;
    private bool _failed;

    /// <summary>Opens a log; what is there already is kept.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">When the file is full.</param>
    /// <param name="tailLines">How many lines are kept in memory.</param>
    public BoundedLog(string path, long mostBytes = DefaultMostBytes, int tailLines = 20)
    {
        _path = path;
        _mostBytes = mostBytes;
        _tailLines = tailLines;
    }

    /// <summary>The last lines but routine ones, oldest first, each shortened to 400 characters.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (_gate)
            {
                return [.. _tail];
            }
        }
    }

    /// <summary>Forgets the last lines: a new life begins.</summary>
    public void StartTail()
    {
        lock (_gate)
        {
            _tail.Clear();
        }
    }

    /// <summary>Adds a line in UTF-8, without its end.</summary>
    /// <param name="line">The line.</param>
    /// <param name="routine">It is written every second or so, and tells nobody why a validator died: not one of the last lines.</param>
    public void Append(ReadOnlySpan<byte> line, bool routine = false)
    {
        lock (_gate)
        {
            if (!routine)
            {
                Keep(Encoding.UTF8.GetString(line));
            }

            if (_failed)
            {
                return;
            }

            try
            {
                Write(line);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _failed = true;
                Keep($"(the log {_path} cannot be written any more: {exception.Message})");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _failed = true;
            _file?.Dispose();
            _file = null;
        }
    }

    private void Write(ReadOnlySpan<byte> line)
    {
        if (_file is not null && _file.Length + line.Length >= _mostBytes)
        {
            _file.Dispose();
            _file = null;
            File.Move(_path, _path + ".1", overwrite: true);
        }

        _file ??= new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _file.Write(line);
        _file.WriteByte((byte)'\n');
        _file.Flush();
    }

    private void Keep(string line)
    {
        while (_tail.Count >= _tailLines)
        {
            _tail.Dequeue();
        }

        _tail.Enqueue(line.Length <= TailLineCharacters ? line : line[..TailLineCharacters] + "…");
    }
}
