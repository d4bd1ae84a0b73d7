namespace Bft.Testnet.CommandLine;

/// <summary>Events as lines of JSON on a stream. When nobody reads it any more the sink goes silent: a validator outlives its reader.</summary>
/// <param name="output">The stream.</param>
/// <param name="validator">Goes into every event as <c>id</c>.</param>
/// <param name="time">The clock of the field <c>time</c>.</param>
internal sealed class JsonLineSink(TextWriter output, int validator, TimeProvider time) : IEventSink
{
    private readonly Lock _gate = new();
    private bool _silent;

    /// <inheritdoc/>
    public void Write(string name, object? fields = null)
    {
        string line = JsonOutput.Event(name, validator, time.GetUtcNow(), fields);
        lock (_gate)
        {
            if (_silent)
            {
                return;
            }

            try
            {
                output.WriteLine(line);
            }
            catch (IOException)
            {
                _silent = true;
            }
        }
    }
}
