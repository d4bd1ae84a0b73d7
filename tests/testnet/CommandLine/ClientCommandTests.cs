using System.Text.Json.Nodes;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.CommandLine;

public sealed class ClientCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();
    private readonly string _data;

    public ClientCommandTests() => _data = _directory["net"];

    public void Dispose() => _directory.Dispose();

    private async Task MakeAsync(params string[] options) => Assert.Equal(0, (await _bft.RunAsync(["init", "--nodes", "4", "--out", _data, .. options])).Code);

    private Task<Ended> RunAsync(params string[] arguments) => _bft.RunAsync([.. arguments, "--data", _data, "--json"]);

    [Fact]
    public async Task Put_then_get_then_delete_then_absence()
    {
        await MakeAsync();

        Ended put = await RunAsync("put", "greeting", "hello");
        Assert.Equal(0, put.Code);
        Assert.Equal(["id", "height"], put.Json.Select(field => field.Key));
        Ended got = await RunAsync("get", "greeting");
        Assert.True(got.Json["found"]!.GetValue<bool>());
        Assert.Equal("hello", got.Json["value"]!.GetValue<string>());
        Assert.Equal("quorum", got.Json["method"]!.GetValue<string>());

        Assert.Equal(0, (await RunAsync("delete", "greeting")).Code);
        Ended absent = await RunAsync("get", "greeting", "--consistency", "stale");
        Assert.Equal(0, absent.Code);
        Assert.False(absent.Json["found"]!.GetValue<bool>());
        Assert.Null(absent.Json["value"]);
        Assert.True(absent.Json.ContainsKey("value"));
    }

    [Fact]
    public async Task The_client_key_is_made_on_first_use_and_kept()
    {
        await MakeAsync();
        await RunAsync("put", "a", "1");
        string first = Convert.ToHexString(_bft.Testnet.Identity!.Signer.PublicKey.Span);
        await RunAsync("put", "b", "2");

        Assert.Equal(first, Convert.ToHexString(_bft.Testnet.Identity!.Signer.PublicKey.Span));
        Assert.True(File.Exists(Path.Combine(_data, "client.key.json")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_data, "client.key.json.passphrase")));
        }
    }

    [Fact]
    public async Task The_wrong_passphrase_of_the_client_key_is_told_as_that()
    {
        await MakeAsync();
        await RunAsync("put", "a", "1");
        File.WriteAllText(Path.Combine(_data, "client.key.json.passphrase"), "another\n");

        Ended ended = await RunAsync("put", "b", "2");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("passphrase", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsigned_is_refused_on_a_chain_that_does_not_admit_it()
    {
        await MakeAsync();

        Ended ended = await RunAsync("put", "a", "1", "--unsigned");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Empty(_bft.Testnet.Runs);
    }

    [Fact]
    public async Task Unsigned_sends_without_a_key_where_it_is_admitted()
    {
        await MakeAsync("--unsigned");

        Assert.Equal(0, (await RunAsync("put", "a", "1", "--unsigned")).Code);
        Assert.False(_bft.Testnet.Identity!.SignsRuns);
    }

    [Fact]
    public async Task An_oversized_key_is_refused_before_it_is_sent()
    {
        await MakeAsync();

        Ended ended = await RunAsync("put", new string('k', 2000), "v");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("2000 bytes", ended.What, StringComparison.Ordinal);
        Assert.Empty(_bft.Testnet.Runs);
    }

    [Fact]
    public async Task A_proof_that_does_not_hold_fails_and_still_shows_what_was_said()
    {
        await MakeAsync();
        await RunAsync("put", "a", "1");
        _bft.Testnet.ProofHolds = false;

        Ended ended = await RunAsync("get", "a", "--prove");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.False(ended.Json["proof"]!["verified"]!.GetValue<bool>());
        Assert.Contains("genesis", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_that_holds_is_shown()
    {
        await MakeAsync();

        JsonObject proof = (await RunAsync("get", "a", "--prove")).Json["proof"]!.AsObject();

        Assert.Equal(["verified", "root", "certificateView"], proof.Select(field => field.Key));
    }

    [Fact]
    public async Task No_answer_in_time_says_whom_was_asked()
    {
        await MakeAsync();
        _bft.Testnet.BeforeCommit = (_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation);

        Ended ended = await RunAsync("put", "a", "1", "--timeout", "20ms", "--to", "http://127.0.0.1:7399");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal("http://127.0.0.1:7399", ended.Json["error"]!["where"]!.GetValue<string>());
    }

    [Fact]
    public async Task Blocks_and_transactions_are_found_or_told_missing()
    {
        await MakeAsync();
        string id = (await RunAsync("put", "a", "1")).Json["id"]!.GetValue<string>();

        JsonObject block = (await RunAsync("block", "1")).Json;
        Assert.Equal(["height", "digest", "proposer", "view", "transactions"], block.Select(field => field.Key));
        Assert.Equal(id, block["transactions"]![0]!.GetValue<string>());
        Assert.Equal(1, (await RunAsync("tx", id)).Json["height"]!.GetValue<int>());
        Assert.Equal(ExitCodes.Failure, (await RunAsync("block", "99")).Code);
        Assert.Equal(ExitCodes.Failure, (await RunAsync("tx", id[..^1] + "99")).Code);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("block", "abc")).Code);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("tx", "abc")).Code);
    }

    [Fact]
    public async Task Watch_streams_one_object_a_line_and_ends_cleanly_when_asked()
    {
        await MakeAsync();
        await RunAsync("put", "a", "1");
        await RunAsync("put", "b", "2");
        using var stop = new CancellationTokenSource();
        Task<Ended> watching = _bft.RunAsync(stop.Token, "watch", "--from-height", "1", "--data", _data, "--json");
        await stop.CancelAsync();
        Ended ended = await watching;

        Assert.Equal(0, ended.Code);
        Assert.Equal(2, ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => JsonNode.Parse(line)!["height"] is not null));
    }

    [Fact]
    public async Task Status_has_the_promised_fields_and_says_who_is_silent()
    {
        await MakeAsync();
        _bft.Testnet.StandLevel(4);
        _bft.Testnet.Statuses.TryRemove(0, out _);

        JsonObject status = (await RunAsync("status")).Json;

        foreach (string field in new[] { "height", "view", "leader", "head", "stateRoot", "committedTransactions", "mempool", "voting", "scheme", "backend", "peers", "validators" })
        {
            Assert.True(status.ContainsKey(field), field);
        }

        Assert.Equal(["id", "connected", "height"], status["peers"]![0]!.AsObject().Select(field => field.Key));
        Assert.False(status["validators"]![0]!["answered"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Status_fails_when_nobody_answers()
    {
        await MakeAsync();

        Ended ended = await RunAsync("status");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("connection refused", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_needs_no_key_and_writes_nothing()
    {
        await MakeAsync();
        string[] before = Directory.GetFileSystemEntries(_data, "*", SearchOption.AllDirectories);

        Assert.Equal(0, (await RunAsync("get", "a")).Code);
        ClientIdentity first = _bft.Testnet.Ordering!(), second = _bft.Testnet.Ordering!();

        // Each is a client of its own that begins with its first sequence.
        Assert.NotEqual(Convert.ToHexString(first.Signer.PublicKey.Span), Convert.ToHexString(second.Signer.PublicKey.Span));
        Assert.Equal([1ul, 3ul], new[] { first.Sequences.Reserve(2), first.Sequences.Reserve(1) });
        Assert.Equal(before, Directory.GetFileSystemEntries(_data, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_read_can_be_ordered_as_the_client_that_writes()
    {
        await MakeAsync();
        string passphrase = _directory.Write("passphrase", "secret\n");
        Assert.Equal(0, (await RunAsync("put", "a", "1", "--passphrase-file", passphrase)).Code);
        string writer = Convert.ToHexString(_bft.Testnet.Identity!.Signer.PublicKey.Span);

        Assert.Equal(0, (await RunAsync("get", "a", "--passphrase-file", passphrase)).Code);
        using ClientIdentity reader = _bft.Testnet.Ordering!();
        Assert.Equal(writer, Convert.ToHexString(reader.Signer.PublicKey.Span));

        // Without the passphrase the key is not asked for, and the wrong one is told when the key is needed.
        Assert.Equal(0, (await RunAsync("get", "a")).Code);
        Assert.Equal(0, (await RunAsync("get", "a", "--passphrase-file", _directory.Write("other", "wrong\n"))).Code);
        Assert.Contains("passphrase", Assert.Throws<HomeException>(() => _bft.Testnet.Ordering!()).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_makes_no_key_that_was_named()
    {
        await MakeAsync();

        Ended ended = await RunAsync("get", "a", "--key", _directory["no.key.json"]);

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("no such key store", ended.What, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory["no.key.json"]));
    }

    [Fact]
    public async Task Watch_says_on_standard_error_that_nobody_answers()
    {
        await MakeAsync();
        _bft.Testnet.WatchNotice = "nobody is there";
        using var stop = new CancellationTokenSource();
        Task<Ended> watching = _bft.RunAsync(stop.Token, "watch", "--data", _data, "--json");
        await stop.CancelAsync();
        Ended ended = await watching;

        Assert.Equal((0, ""), (ended.Code, ended.Output));
        Assert.Equal("waiting: nobody is there", ended.ErrorLine);
    }

    [Fact]
    public async Task Status_shows_the_rates()
    {
        await MakeAsync();
        _bft.Testnet.StandLevel(4);

        JsonObject status = (await RunAsync("status")).Json;
        Assert.Equal((1234.5, 6.25), (status["transactionsPerSecond"]!.GetValue<double>(), status["blocksPerSecond"]!.GetValue<double>()));
        Assert.Equal(6.25, status["validators"]![2]!["blocksPerSecond"]!.GetValue<double>());
        Assert.Contains("1234.5 tx/s  6.3 blocks/s", (await _bft.RunAsync("status", "--data", _data)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put", "a", "1")]
    [InlineData("delete", "a")]
    public async Task What_left_without_an_answer_has_a_name_to_ask_for(params string[] command)
    {
        await MakeAsync();
        using var stop = new CancellationTokenSource();
        string? id = null;
        _bft.Testnet.BeforeCommit = async (first, _, cancellation) =>
        {
            id = new TransactionId(_bft.Testnet.Client, first).ToString();
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        Ended late = await RunAsync([.. command, "--timeout", "50ms"]);
        Assert.Equal(ExitCodes.Failure, late.Code);
        Assert.Contains($"bft tx {id}", late.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("may be committed or not", late.What, StringComparison.Ordinal);

        _bft.Testnet.BeforeCommit = async (first, _, cancellation) =>
        {
            id = new TransactionId(_bft.Testnet.Client, first).ToString();
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        Ended stopped = await _bft.RunAsync(stop.Token, [.. command, "--data", _data, "--json"]);
        Assert.Equal(ExitCodes.Interrupted, stopped.Code);
        Assert.Contains($"bft tx {id}", stopped.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_keeps_its_fields_whatever_keeps_it_from_its_end()
    {
        await MakeAsync();
        foreach (Exception failure in new Exception[] { new UnauthorizedAccessException("Access is denied."), new IOException("Input/output error."), new ClientException("what", "where", "todo") })
        {
            _bft.AuditFailure = failure;
            Ended ended = await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"), "--json");

            Assert.Equal(ExitCodes.Failure, ended.Code);
            Assert.Equal(["ok", "height", "transactions", "stateRoot", "error", "tornBytes"], ended.Json.Select(field => field.Key));
            Assert.False(ended.Json["ok"]!.GetValue<bool>());
            Assert.DoesNotContain("bug", ended.Error, StringComparison.Ordinal);
        }

        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        _bft.AuditFailure = new OperationCanceledException();
        Ended stopped = await _bft.RunAsync(stop.Token, "verify", "--home", Path.Combine(_data, "node-0"), "--json");
        Assert.Equal(ExitCodes.Interrupted, stopped.Code);
        Assert.False(stopped.Json["ok"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_segment_that_may_not_be_read_is_no_bug()
    {
        await MakeAsync();
        NodeSettings settings = NodeSettings.Read(Path.Combine(_data, "node-0"));

        // A link to itself is listed and cannot be opened, also by whom no mode keeps out.
        string blocks = settings.Home.Resolve(settings.Config.Blocks), segment = Path.Combine(blocks, "blocks-00000001.seg");
        Directory.CreateDirectory(blocks);
        File.CreateSymbolicLink(segment, segment);
        AuditReport report = await new LedgerAuditor().AuditAsync(settings, null, CancellationToken.None);
        Assert.False(report.Ok);
        Assert.Equal(segment, report.Error!.File);
    }

    [Fact]
    public async Task Verify_passes_what_the_audit_passes()
    {
        await MakeAsync();

        Ended ended = await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"), "--json");

        Assert.Equal(0, ended.Code);
        Assert.Equal(["ok", "height", "transactions", "stateRoot", "error", "tornBytes"], ended.Json.Select(field => field.Key));
    }

    [Fact]
    public async Task Verify_tells_of_a_torn_end()
    {
        await MakeAsync();
        _bft.Audit = new AuditReport(true, 6, 7, "ab", null, TornBytes: 99);

        Assert.Contains("; 99 bytes behind them are no block", (await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"))).Output, StringComparison.Ordinal);
        Assert.Equal(99, (await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"), "--json")).Json["tornBytes"]!.GetValue<int>());
    }

    [Fact]
    public async Task Verify_fails_with_the_position()
    {
        await MakeAsync();
        _bft.Audit = new AuditReport(false, 6, 7, null, new AuditError("blocks/0001", 4096, 7, "wrong checksum"));

        Ended ended = await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"), "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal(4096, ended.Json["error"]!["offset"]!.GetValue<int>());
        Assert.False(ended.Json["ok"]!.GetValue<bool>());
        Assert.Contains("offset 4096", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_of_a_home_that_is_not_there_keeps_its_fields()
    {
        Ended ended = await _bft.RunAsync("verify", "--home", _directory["nowhere"], "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal(["file", "offset", "height", "reason", "what", "where", "todo"], ended.Json["error"]!.AsObject().Select(field => field.Key));
    }

    [Fact]
    public async Task Verify_does_not_look_into_a_home_that_is_in_use()
    {
        await MakeAsync();
        using var held = HomeLock.Take(HomeLayout.At(Path.Combine(_data, "node-0")));

        Ended ended = await _bft.RunAsync("verify", "--home", Path.Combine(_data, "node-0"), "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains($"as process {Environment.ProcessId}", ended.What, StringComparison.Ordinal);
    }
}
