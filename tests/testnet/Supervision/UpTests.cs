using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Supervision;

public sealed class UpTests : IDisposable
{
    private const int Nodes = 4;

    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new() { ValidatorProcess = FakeChild.Command(FakeChild.Good) };
    private readonly PortRange _ports = PortRange.Claim(Nodes);
    private readonly int _port;

    public UpTests() => _port = _ports.Base;

    public void Dispose()
    {
        _ports.Dispose();
        _directory.Dispose();
    }

    private Task<Ended> UpAsync(params string[] options) => _bft.RunAsync(["up", "--data", _directory["net"], "--json", .. options]);

    private async Task<Ended> FirstAsync(params string[] options)
    {
        _bft.Testnet.StandLevel(Nodes);
        return await UpAsync(["--duration", "50ms", "--port", $"{_port}", .. options]);
    }

    [Fact]
    public async Task The_first_start_makes_a_development_testnet_without_asking()
    {
        Ended ended = await FirstAsync();

        Assert.Equal(0, ended.Code);
        Assert.True(GenesisFile.Read(_directory["net/genesis.json"]).Development);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["net/passphrase"]));
        }

        ValidatorKeys.Open(NodeSettings.Read(_directory["net/node-3"])).Dispose();
        Assert.False(File.Exists(_directory["net/pid"]));
    }

    [Fact]
    public async Task The_summary_has_the_promised_fields()
    {
        JsonObject summary = (await FirstAsync("--load", "200", "--value-bytes", "16")).Json;

        foreach (string field in new[] { "committedHeight", "committedTransactions", "transactionsPerSecond", "latencyMs", "viewChanges", "messagesPerBlock", "bytesPerBlock", "validators" })
        {
            Assert.True(summary.ContainsKey(field), field);
        }

        Assert.Equal(["p50", "p99"], summary["latencyMs"]!.AsObject().Select(field => field.Key));
        Assert.Equal(["id", "endpoint", "height", "head", "stateRoot"], summary["validators"]![3]!.AsObject().Select(field => field.Key));
        Assert.Equal(Nodes, summary["validators"]!.AsArray().Count);
        Assert.Equal(16, _bft.Testnet.State["load/0"].Length);
        Assert.True(_bft.Testnet.Identity!.SignsRuns);
    }

    [Fact]
    public async Task Plain_lines_tell_the_endpoints_and_the_page()
    {
        _bft.Testnet.StandLevel(Nodes);

        Ended ended = await _bft.RunAsync("up", "--data", _directory["net"], "--port", $"{_port}", "--duration", "50ms");

        Assert.Equal(0, ended.Code);
        Assert.Contains($"http://127.0.0.1:{_port + 3}", ended.Output, StringComparison.Ordinal);
        Assert.Contains($"page: http://127.0.0.1:{_port + 200}/", ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nodes", "7", "4")]
    [InlineData("--protocol", "raft", "hotstuff")]
    [InlineData("--scheme", "bls", "ed25519")]
    [InlineData("--scheme", "no-such-scheme", "ed25519")]
    [InlineData("--unsigned", null, "false")]
    [InlineData("--port", "1024", null)]
    public async Task A_flag_that_contradicts_genesis_is_refused_with_what_genesis_says(string flag, string? value, string? held)
    {
        await FirstAsync();
        byte[] before = File.ReadAllBytes(_directory["net/genesis.json"]);

        Ended ended = await UpAsync(["--duration", "50ms", .. value is null ? new[] { flag } : [flag, value]]);

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains(flag, ended.What, StringComparison.Ordinal);
        Assert.Contains("genesis says " + (held ?? $"{_port}"), ended.What, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_directory["net/genesis.json"]));
    }

    [Fact]
    public async Task The_second_start_goes_on_with_the_same_chain_also_under_flags_that_agree()
    {
        await FirstAsync("--unsigned");
        string chain = GenesisFile.Read(_directory["net/genesis.json"]).ChainId.ToString();

        Assert.Equal(0, (await UpAsync("--duration", "50ms", "--nodes", "4", "--protocol", "hotstuff", "--scheme", "ed25519", "--unsigned", "--port", $"{_port}")).Code);
        Assert.Equal(chain, GenesisFile.Read(_directory["net/genesis.json"]).ChainId.ToString());
    }

    [Fact]
    public async Task A_directory_that_is_something_else_is_left_alone()
    {
        _directory.Write("net/thesis.txt", "mine");

        Ended ended = await UpAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("holds no genesis.json", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_testnets_on_one_directory_are_one_too_many()
    {
        await FirstAsync();
        using var first = HomeLock.Take(DataLayout.At(_directory["net"]));

        Ended ended = await UpAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains($"a testnet is running on this directory already as process {Environment.ProcessId}", ended.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "client API of validator 2")]
    [InlineData(101, "validator port of validator 1")]
    [InlineData(200, "HTTP of validator 0")]
    public async Task A_port_in_use_is_named_before_anything_is_started(int offset, string use)
    {
        using var listener = new TcpListener(IPAddress.Loopback, _port + offset);
        listener.Start();
        _bft.ValidatorProcess = _ => throw new InvalidOperationException("Nothing may be started.");

        Ended ended = await FirstAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains($"port {_port + offset} is in use", ended.What, StringComparison.Ordinal);
        Assert.Contains(use, ended.ErrorLine, StringComparison.Ordinal);

        // Made now, it would be bound to the ports that it cannot have: the next try with --port would contradict its genesis.
        Assert.False(Directory.Exists(_directory["net"]));
    }

    [Fact]
    public async Task What_was_there_before_is_not_counted_as_done_in_this_run_when_nobody_answers_at_first()
    {
        _bft.Testnet.BeforeStatus = asked =>
        {
            if (asked <= Nodes)
            {
                throw new ClientException("no answer within 2 s", $"{asked}", "wait");
            }
        };

        JsonObject summary = (await FirstAsync()).Json;

        Assert.Equal(17, summary["committedTransactions"]!.GetValue<int>());
        Assert.Equal(0, summary["transactionsPerSecond"]!.GetValue<double>());
        Assert.Null(summary["messagesPerBlock"]);
    }

    [Fact]
    public async Task What_a_validator_fetched_that_was_behind_at_the_start_is_not_counted_as_done_in_this_run()
    {
        _bft.Testnet.StandLevel(Nodes);
        _bft.Testnet.Statuses[1] = _bft.Testnet.Statuses[1] with { Height = default, Executed = default, CommittedTransactions = 0 };
        _bft.Testnet.BeforeStatus = asked =>
        {
            if (asked == Nodes + 1)
            {
                _bft.Testnet.StandLevel(Nodes);
            }
        };

        JsonObject summary = (await UpAsync("--duration", "50ms", "--port", $"{_port}")).Json;

        Assert.Equal(17, summary["committedTransactions"]!.GetValue<int>());
        Assert.Equal(0, summary["transactionsPerSecond"]!.GetValue<double>());
        Assert.Null(summary["messagesPerBlock"]);
    }

    [Fact]
    public async Task A_signal_stops_everything_and_is_a_success()
    {
        _bft.Testnet.StandLevel(Nodes);
        using var stop = new CancellationTokenSource();
        _bft.ValidatorProcess = home => FakeChild.Command("echo $$ > $1/pid; " + FakeChild.Good)(home);
        _bft.Testnet.BeforeCommit = async (_, _, _) => await stop.CancelAsync();

        Ended ended = await _bft.RunAsync(stop.Token, "up", "--data", _directory["net"], "--port", $"{_port}", "--load", "100", "--json");

        Assert.Equal(0, ended.Code);
        Assert.Empty(Directory.GetFiles(_directory["net"], "pid", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_signal_stops_a_load_that_is_never_answered_and_validators_that_never_stand_level_and_is_a_success()
    {
        _bft.Testnet.StandLevel(Nodes);
        _bft.Testnet.Statuses[2] = _bft.Testnet.Statuses[2] with { StateRoot = default };
        using var stop = new CancellationTokenSource();
        _bft.Testnet.BeforeCommit = async (_, _, cancellation) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellation);
        };

        Ended ended = await _bft.RunAsync(stop.Token, "up", "--data", _directory["net"], "--port", $"{_port}", "--load", "100", "--json");

        Assert.Equal(0, ended.Code);
        Assert.Equal(0, ended.Json["load"]!["committed"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_validator_that_cannot_start_ends_the_command_with_its_last_words()
    {
        _bft.ValidatorProcess = FakeChild.Command("case $1 in *node-2) echo 'error: the disk is full' >&2; exit 1;; esac; " + FakeChild.Good);

        Ended ended = await FirstAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("validator 2 died before it was ready with exit code 1", ended.What, StringComparison.Ordinal);
        Assert.Contains("the disk is full", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_fewer_than_a_quorum_live_at_the_end_the_command_fails_with_the_summary()
    {
        _bft.ValidatorProcess = FakeChild.Command("case $1 in *node-0|*node-1) echo '{\"event\":\"ready\"}'; exit 9;; esac; " + FakeChild.Good);
        _bft.Testnet.StandLevel(Nodes);
        _bft.Testnet.Statuses.TryRemove(0, out _);
        _bft.Testnet.Statuses.TryRemove(1, out _);

        Ended ended = await UpAsync("--duration", "500ms", "--port", $"{_port}");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("only 2 of 4 validators live, 3 are a quorum", ended.What, StringComparison.Ordinal);
        Assert.Equal(5, ended.Json["committedHeight"]!.GetValue<int>());
        Assert.Contains("validator 0 died with exit code 9", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Level_means_the_same_height_head_and_state_and_no_silence_of_the_living()
    {
        _bft.Testnet.StandLevel(3);
        StatusRound Round(params int[] silent) => new([.. Enumerable.Range(0, 3).Select(i => silent.Contains(i) ? null : _bft.Testnet.Statuses[i])], null);

        Assert.True(Round().IsLevel(_ => true));
        Assert.True(Round(1).IsLevel(i => i != 1));
        Assert.False(Round(1).IsLevel(_ => true));
        Assert.False(Round(0, 1, 2).IsLevel(_ => false));
        _bft.Testnet.Statuses[2] = _bft.Testnet.Statuses[2] with { StateRoot = default };
        Assert.False(Round().IsLevel(_ => true));
        _bft.Testnet.StandLevel(3);
        _bft.Testnet.Statuses[2] = _bft.Testnet.Statuses[2] with { Height = new Height(4), Executed = new Height(4) };
        Assert.False(Round().IsLevel(_ => true));
    }
}
