using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Crypto.KeyStore;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Xunit.Abstractions;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>Four validator processes and the commands that read from them.</summary>
public sealed class ReadingTests(ITestOutputHelper output) : IDisposable
{
    private const int Nodes = 4;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"bft-reading-test-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(5));

    public void Dispose()
    {
        _limit.Dispose();
        foreach (string made in new[] { _directory, Foreign })
        {
            if (Directory.Exists(made))
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    private string Foreign => _directory + "-foreign";

    private static CeremonyPlan Plan => new() { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light };

    private Task<LocalTestnet> StartAsync(int started) => LocalTestnet.StartAsync(Plan, _directory, started, _limit.Token);

    [Fact]
    public async Task Every_validator_proves_values_and_absence_against_genesis_alone_and_reading_leaves_nothing_behind()
    {
        using LocalTestnet testnet = await StartAsync(Nodes);
        string passphrase = Path.Combine(_directory, "of-the-writer");
        await File.WriteAllTextAsync(passphrase, "secret\n");
        JsonObject written = await BftAsync(0, "put", "a", "hello", "--passphrase-file", passphrase);
        string[] before = Directory.GetFiles(_directory, "*", SearchOption.TopDirectoryOnly);

        for (int i = 0; i < Nodes; i++)
        {
            string endpoint = "http://" + testnet.Genesis.Validators[i].ClientAddress;
            JsonObject proved = await BftAsync(0, "get", "a", "--prove", "--from", endpoint);
            Assert.Equal(("hello", true), (proved["value"]!.GetValue<string>(), proved["proof"]!["verified"]!.GetValue<bool>()));
            Assert.True(proved["height"]!.GetValue<ulong>() >= written["height"]!.GetValue<ulong>());
            JsonObject absent = await BftAsync(0, "get", "nobody-wrote-it", "--prove", "--from", endpoint);
            Assert.Equal((false, true), (absent["found"]!.GetValue<bool>(), absent["proof"]!["verified"]!.GetValue<bool>()));
        }

        // The writer's key is under a passphrase of its own: a reader needs neither.
        Assert.Equal("hello", (await BftAsync(0, "get", "a"))["value"]!.GetValue<string>());
        Assert.Equal(before, Directory.GetFiles(_directory, "*", SearchOption.TopDirectoryOnly));
        Assert.Equal(written["height"]!.GetValue<ulong>(), (await BftAsync(0, "tx", written["id"]!.GetValue<string>()))["height"]!.GetValue<ulong>());

        // What was executed a moment ago is in the rates at the first look: nobody looked before.
        JsonObject status;
        do
        {
            await BftAsync(0, "put", "b", "1", "--passphrase-file", passphrase);
            status = await BftAsync(0, "status");
        }
        while (!status["validators"]!.AsArray().All(one => one!["blocksPerSecond"]?.GetValue<double>() > 0));
        output.WriteLine(status.ToJsonString());

        KeyCeremony.Run(Plan with { Port = testnet.Ports.Base }, Catalogue.OfEngine(), Foreign, DateTimeOffset.UtcNow);
        JsonObject foreign = await BftAsync(ExitCodes.Failure, "get", "a", "--prove", "--genesis", DataLayout.At(Foreign).Genesis);
        Assert.False(foreign["proof"]!["verified"]!.GetValue<bool>());
        Assert.Contains("chain", foreign["error"]!["what"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_that_begins_while_the_net_is_down_says_so_and_shows_what_is_new()
    {
        using LocalTestnet testnet = await StartAsync(Nodes);
        for (int i = 0; i < 3; i++)
        {
            await BftAsync(0, "put", "a", $"{i}");
        }

        ulong last = (await BftAsync(0, "put", "a", "last"))["height"]!.GetValue<ulong>();
        await testnet.Validators.StopAsync(_limit.Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        using var blocks = new Lines();
        using var notices = new Lines();
        var terminal = new Terminal(Stream.Null, blocks, notices, false, false);
        Task<int> watching = BftCommandLine.RunAsync(["watch", "--data", _directory, "--json"], terminal, ExecutableParts.Compose(), stop.Token);

        string notice = await notices.NextAsync(_limit.Token);
        Assert.StartsWith("waiting: fewer than 3 validators", notice, StringComparison.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, Nodes).Select(i => testnet.Validators.StartAsync(testnet.Data.Home(i), i, _limit.Token)));

        // Until the watch has learnt the height, what is written is history.
        Task<string> first = blocks.NextAsync(_limit.Token);
        while (!first.IsCompleted)
        {
            await BftAsync(0, "put", "a", "new");
        }

        Assert.True(JsonNode.Parse(await first)!["height"]!.GetValue<ulong>() > last);
        await stop.CancelAsync();
        Assert.Equal(0, await watching);
    }

    private async Task<JsonObject> BftAsync(int expected, params string[] arguments)
    {
        using var printed = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(Stream.Null, TextWriter.Synchronized(printed), TextWriter.Synchronized(error), false, false);
        string[] target = arguments.Contains("--genesis") ? [] : ["--data", _directory];
        int code = await BftCommandLine.RunAsync([.. arguments, .. target, "--json", "--timeout", "2m"], terminal, ExecutableParts.Compose(), _limit.Token);
        Assert.True(code == expected, $"bft {string.Join(' ', arguments)}: {printed}{error}");
        return JsonNode.Parse(printed.ToString())!.AsObject();
    }

    // Lines as they are written.
    private sealed class Lines : TextWriter
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private readonly SemaphoreSlim _written = new(0);

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            _lines.Enqueue(value ?? "");
            _written.Release();
        }

        public async Task<string> NextAsync(CancellationToken cancellation)
        {
            await _written.WaitAsync(cancellation);
            return _lines.TryDequeue(out string? line) ? line : throw new InvalidOperationException("A line was counted and is not there.");
        }

        protected override void Dispose(bool disposing)
        {
            _written.Dispose();
            base.Dispose(disposing);
        }
    }
}
