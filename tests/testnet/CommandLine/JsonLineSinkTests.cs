using System.Text;
using System.Text.Json;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Tests.CommandLine;

/// <summary>Whoever tells an event does not wait for whoever reads it.</summary>
public sealed class JsonLineSinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Events_arrive_in_order_and_the_rest_is_flushed_at_the_end()
    {
        var output = new Reader(reads: true);
        using (var sink = new JsonLineSink(output, 3, TimeProvider.System))
        {
            await Tell(sink, 100);
        }

        Assert.Equal(Enumerable.Range(0, 100), output.Lines.Select(line => Field(line, "number")));
        Assert.All(output.Lines, line => Assert.Equal(3, Field(line, "id")));
    }

    [Fact]
    public async Task A_reader_that_never_reads_holds_nobody_up_and_the_process_can_end()
    {
        var output = new Reader(reads: false);
        var sink = new JsonLineSink(output, 0, TimeProvider.System, mostCharacters: 10_000);
        await Tell(sink, 10_000);
        await Task.Run(sink.Dispose).WaitAsync(Patience);

        Assert.Empty(output.Lines);
        output.Read();
    }

    [Fact]
    public async Task What_was_dropped_is_counted_and_told_where_the_gap_is()
    {
        var output = new Reader(reads: false);
        using (var sink = new JsonLineSink(output, 0, TimeProvider.System, mostCharacters: 10_000))
        {
            await Tell(sink, 1000);
            output.Read();
            await output.Until(line => line.Contains("\"dropped\"", StringComparison.Ordinal));
            sink.Write("test", new { number = 1000 });
        }

        string[] lines = output.Lines;
        int gap = Array.FindIndex(lines, line => line.Contains("\"dropped\"", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, gap), lines[..gap].Select(line => Field(line, "number")));
        Assert.Equal(1000 - gap, Field(lines[gap], "events"));
        Assert.Equal(1000, Field(Assert.Single(lines[(gap + 1)..]), "number"));
        Assert.InRange(gap, 1, 999);
    }

    [Fact]
    public async Task Without_a_reader_the_sink_goes_silent()
    {
        var output = new Reader(reads: true) { Gone = true };
        using var sink = new JsonLineSink(output, 0, TimeProvider.System);
        await Tell(sink, 10);
    }

    // On another thread, so that a sink that waits for its reader fails the test instead of hanging it.
    private static Task Tell(JsonLineSink sink, int events) => Task.Factory.StartNew(
        () =>
        {
            for (int i = 0; i < events; i++)
            {
                sink.Write("test", new { number = i });
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default).WaitAsync(Patience);

    private static int Field(string line, string name)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty(name).GetInt32();
    }

    /// <summary>The other end of a pipe: blocks whoever writes until it reads.</summary>
    private sealed class Reader(bool reads) : TextWriter
    {
        private readonly ManualResetEventSlim _reading = new(reads);
        private readonly List<string> _lines = [];
        private readonly List<(Func<string, bool> Condition, TaskCompletionSource Met)> _awaited = [];

        public bool Gone { get; init; }

        public override Encoding Encoding => Encoding.UTF8;

        public string[] Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public void Read() => _reading.Set();

        public override void WriteLine(string? value)
        {
            _reading.Wait();
            if (Gone)
            {
                throw new IOException("Broken pipe");
            }

            lock (_lines)
            {
                _lines.Add(value!);
                _awaited.Where(awaited => awaited.Condition(value!)).ToList().ForEach(awaited => awaited.Met.TrySetResult());
            }
        }

        public Task Until(Func<string, bool> condition)
        {
            lock (_lines)
            {
                var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _awaited.Add((condition, met));
                if (_lines.Any(condition))
                {
                    met.SetResult();
                }

                return met.Task.WaitAsync(Patience);
            }
        }
    }
}
