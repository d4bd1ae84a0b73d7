using System.Text;
using System.Text.Json.Nodes;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Submission;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Submission;

public sealed class SubmissionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();

    public void Dispose() => _directory.Dispose();

    private static string Put(string key, string value = "v") => $"{{\"op\":\"put\",\"key\":\"{key}\",\"value\":\"{value}\"}}";

    private async Task<Ended> SubmitAsync(string content, params string[] options)
    {
        if (!Directory.Exists(_directory["net"]))
        {
            await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        }

        return await _bft.RunAsync(["submit", "--file", _directory.Write("in.jsonl", content), "--data", _directory["net"], "--json", .. options]);
    }

    [Theory]
    [InlineData("{\"op\":\"put\",\"key\":\"k\",\"value\":\"v\"}", null)]
    [InlineData("{\"op\":\"delete\",\"key\":\"k\"}", null)]
    [InlineData("  {\"value\":\"v\",\"key\":\"k\",\"op\":\"put\"}\t", null)]
    [InlineData("{\"op\":\"put\",\"key\":\"k\",\"value\":\"\"}", null)]
    [InlineData("{\"op\":\"put\",\"key\":\"k\"}", "\"value\" is missing")]
    [InlineData("{\"op\":\"delete\",\"key\":\"k\",\"value\":\"v\"}", "takes no \"value\"")]
    [InlineData("{\"key\":\"k\",\"value\":\"v\"}", "\"op\" is missing")]
    [InlineData("{\"op\":\"put\",\"value\":\"v\"}", "\"key\" is missing")]
    [InlineData("{\"op\":\"putt\",\"key\":\"k\",\"value\":\"v\"}", "did you mean \"put\"?")]
    [InlineData("{\"op\":\"PUT\",\"key\":\"k\",\"value\":\"v\"}", "unknown op")]
    [InlineData("{\"op\":\"put\",\"key\":\"\",\"value\":\"v\"}", "key is empty")]
    [InlineData("{\"op\":\"put\",\"key\":\"k\",\"value\":1}", "\"value\" must be a text")]
    [InlineData("{\"op\":\"put\",\"key\":null,\"value\":\"v\"}", "\"key\" must be a text")]
    [InlineData("{\"op\":\"put\",\"key\":\"k\",\"value\":\"v\",\"ttl\":\"1\"}", "unknown field \"ttl\"")]
    [InlineData("{\"op\":\"put\",\"key\":\"k\",\"key\":\"l\",\"value\":\"v\"}", "not valid JSON")]
    [InlineData("{\"op\":\"put\",\"key\":\"\\ud800\",\"value\":\"v\"}", "not valid Unicode")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"op\":\"put\"", "not valid JSON")]
    [InlineData("{} {}", "not valid JSON")]
    [InlineData("", "the line is empty")]
    [InlineData("  \t", "the line is empty")]
    public void Each_bad_line_has_its_reason(string line, string? expected)
    {
        bool good = OperationLine.TryRead(new Line(2, Encoding.UTF8.GetBytes(line), false), new SubmissionLimits(), out _, out string? reason);

        Assert.Equal(expected is null, good);
        Assert.True(expected is null || reason!.Contains(expected, StringComparison.Ordinal), reason);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        byte[] line = [.. "{\"op\":\"put\",\"key\":\""u8, 0xC3, 0x28, .. "\",\"value\":\"v\"}"u8];

        Assert.False(OperationLine.TryRead(new Line(1, line, false), new SubmissionLimits(), out _, out string? reason));
        Assert.NotNull(reason);
    }

    [Fact]
    public void Oversized_keys_and_values_are_refused_by_their_bytes_not_their_characters()
    {
        var limits = new SubmissionLimits { MostKeyBytes = 4, MostValueBytes = 4 };

        Assert.Null(OperationLine.Check("éé", "éé", limits, out _));
        Assert.Contains("6 bytes", OperationLine.Check("ééé", "v", limits, out _), StringComparison.Ordinal);
        Assert.Contains("5 bytes", OperationLine.Check("k", "abcde", limits, out _), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nbb\n", "a|bb")]
    [InlineData("a\r\nbb", "a|bb")]
    [InlineData("\n\nx", "||x")]
    [InlineData("", "")]
    [InlineData("toolong\nok\n", "!|ok")]
    [InlineData("exact5\nexact\r\n", "!|exact")]
    public async Task Lines_are_cut_and_bounded(string text, string expected)
    {
        foreach (int chunk in new[] { 1, 3, 100 })
        {
            var reader = new LineReader(new Trickle(Encoding.UTF8.GetBytes(text), chunk), 5);
            var lines = new List<string>();
            while (await reader.ReadAsync(CancellationToken.None) is { } line)
            {
                Assert.Equal(lines.Count + 1, line.Number);
                lines.Add(line.TooLong ? "!" : Encoding.UTF8.GetString(line.Bytes.Span));
            }

            Assert.Equal(expected, string.Join('|', lines));
        }
    }

    [Fact]
    public async Task A_bad_line_neither_stops_nor_loses_the_others()
    {
        Ended ended = await SubmitAsync($"{Put("a")}\nrubbish\n{Put("b")}\n{{\"op\":\"put\"}}\n{Put("c")}\n", "--batch", "2");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal(["submitted", "committed", "rejected", "seconds", "resumed", "error"], ended.Json.Select(field => field.Key));
        Assert.Equal(3, ended.Json["committed"]!.GetValue<int>());
        Assert.Equal([2, 4], ended.Json["rejected"]!.AsArray().Select(line => line!["line"]!.GetValue<int>()));
        Assert.Equal(["a", "b", "c"], _bft.Testnet.State.Keys.Order());
        Assert.Contains("line 2", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Good_lines_from_standard_input_are_committed()
    {
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        _bft.Input = $"{Put("a")}\n{Put("b")}";

        Ended ended = await _bft.RunAsync("submit", "--file", "-", "--data", _directory["net"], "--json");

        Assert.Equal(0, ended.Code);
        Assert.Equal(2, ended.Json["committed"]!.GetValue<int>());
        Assert.Equal(ExitCodes.Usage, (await _bft.RunAsync("submit", "-", "--resume", "--data", _directory["net"])).Code);
    }

    [Fact]
    public async Task What_the_application_refuses_is_rejected_by_line()
    {
        _bft.Testnet.Code = operation => operation.Key.Span[0] == 'b' ? (byte)3 : (byte)0;

        Ended ended = await SubmitAsync($"{Put("a")}\n{Put("b")}\n{Put("c")}\n");

        JsonNode rejected = Assert.Single(ended.Json["rejected"]!.AsArray())!;
        Assert.Equal(2, rejected["line"]!.GetValue<int>());
        Assert.Equal(2, ended.Json["committed"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_run_that_is_refused_costs_its_own_lines_only()
    {
        _bft.Testnet.BeforeCommit = (first, _, _) => first == 1 ? throw new RunRejectedException("too large", "http://x", "split it") : Task.CompletedTask;

        Ended ended = await SubmitAsync($"{Put("a")}\n{Put("b")}\n{Put("c")}\n", "--batch", "2", "--window", "1");

        Assert.Equal([1, 2], ended.Json["rejected"]!.AsArray().Select(line => line!["line"]!.GetValue<int>()));
        Assert.Equal(["c"], _bft.Testnet.State.Keys);
    }

    [Fact]
    public async Task No_more_runs_than_the_window_are_under_way()
    {
        int underWay = 0, most = 0;
        var full = new TaskCompletionSource();
        _bft.Testnet.BeforeCommit = async (_, _, _) =>
        {
            int now = Interlocked.Increment(ref underWay);
            most = Math.Max(most, now);
            if (now == 3)
            {
                full.TrySetResult();
            }

            await full.Task;
            await Task.Yield();
            Interlocked.Decrement(ref underWay);
        };

        Ended ended = await SubmitAsync(string.Join('\n', Enumerable.Range(0, 40).Select(i => Put($"k{i}"))), "--batch", "1", "--window", "3");

        Assert.Equal(0, ended.Code);
        Assert.Equal(3, most);
        Assert.Equal(40, ended.Json["committed"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_run_stays_below_the_chains_limit_in_bytes()
    {
        string value = new('v', 60_000);

        await SubmitAsync(string.Join('\n', Enumerable.Range(0, 10).Select(i => Put($"k{i}", value))));

        Assert.Equal(10, _bft.Testnet.State.Count);
        Assert.All(_bft.Testnet.Runs, run => Assert.True(run.Operations.Sum(operation => operation.Bytes) <= SubmissionOptions.MostRunBytes));
    }

    [Fact]
    public async Task An_interrupted_submission_goes_on_with_the_same_sequences_for_what_was_under_way()
    {
        string input = string.Join('\n', Enumerable.Range(0, 10).Select(i => i == 4 ? "rubbish" : Put($"k{i}")));
        using var interrupt = new CancellationTokenSource();
        _bft.Testnet.BeforeCommit = async (first, _, cancellation) =>
        {
            if (first >= 5)
            {
                // Sent, and nobody knows what became of it: the process ends here.
                await interrupt.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancellation);
            }
        };
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        string[] line = ["submit", "--file", _directory.Write("in.jsonl", input), "--data", _directory["net"], "--json", "--batch", "2", "--window", "2"];
        Assert.Equal(ExitCodes.Interrupted, (await _bft.RunAsync(interrupt.Token, line)).Code);
        Assert.Equal(4, _bft.Testnet.State.Count);
        _bft.Testnet.BeforeCommit = static (_, _, _) => Task.CompletedTask;

        Ended resumed = await _bft.RunAsync([.. line, "--resume"]);

        Assert.Equal(9, _bft.Testnet.State.Count);
        Assert.Equal(4, resumed.Json["resumed"]!.GetValue<int>());
        Assert.Equal(5, resumed.Json["committed"]!.GetValue<int>());
        Assert.Contains(_bft.Testnet.Runs, run => run.First == 5);
        Assert.Equal(_bft.Testnet.Runs.Count, _bft.Testnet.Runs.Select(run => run.First).Distinct().Count());
        Assert.Equal(9, _bft.Testnet.Runs.Sum(run => run.Operations.Count));
    }

    [Fact]
    public async Task Another_content_or_another_chain_never_takes_a_record_for_its_own()
    {
        await SubmitAsync(Put("a"));
        Ended changed = await SubmitAsync(Put("a", "w"), "--resume");
        Ended same = await SubmitAsync(Put("a", "w"), "--resume");
        Ended afresh = await SubmitAsync(Put("a", "w"));

        Assert.Equal(0, changed.Json["resumed"]!.GetValue<int>());
        Assert.Equal(1, same.Json["resumed"]!.GetValue<int>());
        Assert.Equal(0, same.Json["submitted"]!.GetValue<int>());
        Assert.Equal(1, afresh.Json["submitted"]!.GetValue<int>());
    }

    [Fact]
    public void A_record_that_was_cut_off_by_a_crash_forgets_the_last_line_only()
    {
        string path = _directory["r"];
        using (ResumeRecord record = ResumeRecord.Open(path, resume: true))
        {
            record.Sent(new SentRun(1, [1, 2, 3, 5]));
            record.Sent(new SentRun(5, [6, 7]));
            record.Done(1, [(3, 7)]);
        }

        File.AppendAllText(path, "sent 7 8-9");
        using (ResumeRecord record = ResumeRecord.Open(path, resume: true))
        {
            Assert.Equal([1, 2, 5], record.Committed.Order());
            Assert.Equal(7, Assert.Single(record.Refused).Value);
            Assert.Equal([6, 7], Assert.Single(record.UnderWay).Lines);
            record.Done(5, []);
        }

        using (ResumeRecord record = ResumeRecord.Open(path, resume: true))
        {
            Assert.Empty(record.UnderWay);
            Assert.Equal(5, record.Committed.Count);
        }
    }

    [Theory]
    [InlineData("something else\n")]
    [InlineData("bft-submission 1\ndone 7\n")]
    [InlineData("bft-submission 1\nsent 1 3-1\n")]
    [InlineData("bft-submission 1\nsent 1 1-99999999999\n")]
    [InlineData("bft-submission 1\nsent x 1\n")]
    [InlineData("bft-submission 1\nsent 1 1-2\ndone 1 3:4\n")]
    [InlineData("bft-submission 1\nsent 1 1-2\ndone 1 300:1\n")]
    [InlineData("bft-submission 1\nsent 1 1-2\ndone 1 3\n")]
    public void A_damaged_record_is_refused_not_guessed_at(string content)
    {
        Assert.Throws<HomeException>(() => ResumeRecord.Open(_directory.Write("r", content), resume: true).Dispose());
    }

    [Fact]
    public async Task A_missing_input_is_told_as_that()
    {
        await SubmitAsync(Put("a"));

        Ended ended = await _bft.RunAsync("submit", "--file", _directory["none"], "--data", _directory["net"], "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("no such file", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_does_not_call_refused_lines_committed()
    {
        _bft.Testnet.Code = operation => operation.Key.Span[0] == 'b' ? (byte)3 : (byte)0;
        string input = $"{Put("a")}\n{Put("b")}\n{Put("c")}\n";
        Ended first = await SubmitAsync(input);

        Ended again = await SubmitAsync(input, "--resume");

        Assert.Equal(ExitCodes.Failure, again.Code);
        Assert.Equal(2, again.Json["resumed"]!.GetValue<int>());
        Assert.Equal(first.Json["rejected"]!.ToJsonString(), again.Json["rejected"]!.ToJsonString());
    }

    [Fact]
    public async Task No_run_is_sent_beyond_the_horizon_of_the_oldest_unfinished()
    {
        int horizon = new Engine.ChainLimits().RunsUnderWay(1), sent = 0;
        var oldest = new TaskCompletionSource();
        var enough = new TaskCompletionSource();
        _bft.Testnet.BeforeCommit = (first, _, _) =>
        {
            if (Interlocked.Increment(ref sent) == horizon)
            {
                enough.SetResult();
            }

            return first == 1 ? oldest.Task : Task.CompletedTask;
        };

        Task<Ended> submitting = SubmitAsync(string.Join('\n', Enumerable.Range(0, 1000).Select(i => Put($"k{i}"))), "--batch", "1", "--window", "16");
        await enough.Task;
        for (int i = 0; i < 1000; i++)
        {
            await Task.Yield();
        }

        Assert.Equal(horizon, sent);
        oldest.SetResult();
        Assert.Equal(1000, (await submitting).Json["committed"]!.GetValue<int>());
    }

    [Fact]
    public async Task With_nobody_up_it_fails_once_and_blames_no_line()
    {
        _bft.Testnet.Connect = _ => throw new ClientException("nobody is there", "http://x", "start them");

        Ended ended = await SubmitAsync($"{Put("a")}\n{Put("b")}\n", "--batch", "1");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal("nobody is there; 0 lines are committed so far", ended.What);
        Assert.Contains("--resume", ended.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(ended.Json["rejected"]!.AsArray());
        Assert.Equal(0, ended.Json["submitted"]!.GetValue<int>());
        _bft.Testnet.Connect = static _ => Task.CompletedTask;
        Assert.Equal(2, (await SubmitAsync($"{Put("a")}\n{Put("b")}\n", "--resume")).Json["committed"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_validators_die_midway_it_says_what_is_committed_and_can_go_on(bool told)
    {
        string input = string.Join('\n', Enumerable.Range(0, 10).Select(i => i == 4 ? "rubbish" : Put($"k{i}")));
        bool dead = false;
        _bft.Testnet.Connect = _ => Volatile.Read(ref dead) ? throw new ClientException("nobody is there", "http://x", "start them") : Task.CompletedTask;
        _bft.Testnet.BeforeCommit = (first, _, cancellation) =>
        {
            if (first < 5)
            {
                return Task.CompletedTask;
            }

            // Either the next run is told, or all are under way and only the look finds out.
            Volatile.Write(ref dead, true);
            return told ? throw new ClientException("nobody is there", "http://x", "start them") : Task.Delay(Timeout.Infinite, cancellation);
        };

        Ended ended = await SubmitAsync(input, "--batch", "2");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal("nobody is there; 4 lines are committed so far", ended.What);
        Assert.Equal(5, Assert.Single(ended.Json["rejected"]!.AsArray())!["line"]!.GetValue<int>());
        dead = false;
        _bft.Testnet.BeforeCommit = static (_, _, _) => Task.CompletedTask;
        Ended resumed = await SubmitAsync(input, "--batch", "2", "--resume");
        Assert.Equal((4, 5), (resumed.Json["resumed"]!.GetValue<int>(), resumed.Json["committed"]!.GetValue<int>()));
        Assert.Equal(9, _bft.Testnet.Runs.Sum(run => run.Operations.Count));
    }

    [Fact]
    public async Task When_nothing_is_committed_any_more_it_ends()
    {
        var time = new ManualTime();
        var testnet = new FakeTestnet { BeforeCommit = (_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation) };
        var run = new SubmissionRun(testnet, new SubmissionOptions(1, 4), time: time);

        Task<SubmissionReport> running = run.RunAsync(new MemoryStream(Encoding.UTF8.GetBytes(Put("a"))), CancellationToken.None);
        for (int second = 0; second < 29; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.False(running.IsCompleted);
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        ClientException stalled = await Assert.ThrowsAsync<ClientException>(() => running);
        Assert.Contains("nothing was committed for 30 s", stalled.What, StringComparison.Ordinal);
        Assert.Empty(run.Report().Rejected);
    }

    [Fact]
    public async Task A_full_disk_ends_the_submission_and_is_told()
    {
        using ResumeRecord record = ResumeRecord.Load(new FullDisk(100), "record");
        var testnet = new FakeTestnet();
        var run = new SubmissionRun(testnet, new SubmissionOptions(1, 1), record: record);
        string input = string.Join('\n', Enumerable.Range(0, 100).Select(i => Put($"k{i}")));

        HomeException full = await Assert.ThrowsAsync<HomeException>(() => run.RunAsync(new MemoryStream(Encoding.UTF8.GetBytes(input)), CancellationToken.None));

        Assert.Contains("disk full", full.What, StringComparison.Ordinal);
        Assert.InRange(run.Report().Committed, 1, 99);
        Assert.Equal(testnet.State.Count, run.Report().Committed);
        Assert.Contains("an earlier write failed", Assert.Throws<HomeException>(() => record.Done(1, [])).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_names_more_lines_than_the_input_is_not_passed_over()
    {
        using ResumeRecord record = ResumeRecord.Load(new MemoryStream(Encoding.ASCII.GetBytes("bft-submission 1\nsent 1 1-2\n")), "record");
        var run = new SubmissionRun(new FakeTestnet(), new SubmissionOptions(1, 1), record: record);

        await Assert.ThrowsAsync<HomeException>(() => run.RunAsync(new MemoryStream(Encoding.UTF8.GetBytes(Put("a"))), CancellationToken.None));
    }

    [Fact]
    public async Task The_wait_for_a_terminal_can_be_ended()
    {
        using var interrupt = new CancellationTokenSource();
        ValueTask<Line?> reading = new LineReader(new SilentTerminal(), 10).ReadAsync(interrupt.Token);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.AsTask());
    }

    [Fact]
    public async Task Byte_order_mark_line_ends_of_windows_and_huge_lines_cost_nothing_else()
    {
        string input = $"\uFEFF{Put("a")}\r\n{new string('x', 10 << 20)}\r\n{Put("b")}\r\n{{\"op\":\"put\",\"key\":\"k\",\"key\":\"l\",\"value\":\"v\"}}\r\n";

        Ended ended = await SubmitAsync(input);

        Assert.Equal(2, ended.Json["committed"]!.GetValue<int>());
        Assert.Equal([2, 4], ended.Json["rejected"]!.AsArray().Select(line => line!["line"]!.GetValue<int>()));
        Assert.Equal(["a", "b"], _bft.Testnet.State.Keys.Order());
        _bft.Testnet.Connect = _ => throw new ClientException("nobody is there", "http://x", "start them");
        Assert.Equal(0, (await SubmitAsync("")).Code);
    }

    /// <summary>A disk that has room for so many bytes.</summary>
    private sealed class FullDisk(int bytes) : MemoryStream
    {
        // Of a derived stream, spans come here, too.
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > bytes)
            {
                throw new IOException("disk full");
            }

            base.Write(buffer, offset, count);
        }
    }

    /// <summary>Where nobody types, and which does not look at the token while it waits.</summary>
    private sealed class SilentTerminal : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(new TaskCompletionSource<int>().Task);
    }

    /// <summary>A stream that gives a few bytes at a time, as a pipe may.</summary>
    private sealed class Trickle(byte[] content, int chunk) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
