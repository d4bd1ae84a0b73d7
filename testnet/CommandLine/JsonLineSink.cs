namespace Bft.Testnet.CommandLine;

/// <summary>
/// Events as lines of JSON on a stream, written by a thread of their own: whoever tells something, the replica's loop above all, never waits for
/// the reader. While the reader is stuck a bounded number of lines waits; what is told beyond that is dropped, and the event <c>dropped</c> says
/// how many once the reader goes on. When nobody reads any more the sink goes silent: a validator outlives its reader.
/// </summary>
internal sealed class JsonLineSink : IEventSink, IDisposable
{
    /// <summary>How long disposing waits for the reader to take what is left.</summary>
    public static readonly TimeSpan FlushWithin = TimeSpan.FromSeconds(2);

    private readonly Queue<string> _waiting = new();
    private readonly TextWriter _output;
    private readonly int _validator;
    private readonly TimeProvider _time;
    private readonly int _mostCharacters;
    private readonly Thread _writer;
    private int _characters;
    private long _dropped;
    private bool _silent;
    private bool _ending;

    /// <summary>Begins to write.</summary>
    /// <param name="output">The stream. Not closed.</param>
    /// <param name="validator">Goes into every event as <c>id</c>.</param>
    /// <param name="time">The clock of the field <c>time</c>.</param>
    /// <param name="mostCharacters">How much may wait for the reader. Default 1 Mi characters, minutes of a healthy validator.</param>
    public JsonLineSink(TextWriter output, int validator, TimeProvider time, int mostCharacters = 1 << 20)
    {
        _output = output;
        _validator = validator;
        _time = time;
        _mostCharacters = mostCharacters;

        // In the background: a reader that never reads does not keep the process from ending.
        _writer = new Thread(Run) { IsBackground = true, Name = "events" };
        _writer.Start();
    }

    /// <inheritdoc/>
    public void Write(string name, object? fields = null)
    {
        string line = JsonOutput.Event(name, _validator, _time.GetUtcNow(), fields);
        lock (_waiting)
        {
            if (_silent || _ending)
            {
                return;
            }

            // Once something was dropped, all is until the gap was told: otherwise a short line would slip in before it.
            if (_dropped > 0 || _characters + line.Length > _mostCharacters)
            {
                _dropped++;
                return;
            }

            Add(line);
            Monitor.Pulse(_waiting);
        }
    }

    /// <summary>Writes what waits, for <see cref="FlushWithin"/> at most. Later events are lost.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _ending = true;
            Monitor.Pulse(_waiting);
        }

        _writer.Join(FlushWithin);
    }

    private void Run()
    {
        try
        {
            while (Next() is { } line)
            {
                _output.WriteLine(line);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            lock (_waiting)
            {
                _silent = true;
                _waiting.Clear();
            }
        }
    }

    // The next line; null at the end.
    private string? Next()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0)
            {
                if (_dropped > 0)
                {
                    // Behind what was told before them, so that the gap is where it happened.
                    Add(JsonOutput.Event("dropped", _validator, _time.GetUtcNow(), new { events = _dropped }));
                    _dropped = 0;
                }
                else if (_ending)
                {
                    return null;
                }
                else
                {
                    Monitor.Wait(_waiting);
                }
            }

            string line = _waiting.Dequeue();
            _characters -= line.Length;
            return line;
        }
    }

    private void Add(string line)
    {
        _waiting.Enqueue(line);
        _characters += line.Length;
    }
}
