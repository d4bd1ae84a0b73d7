using Bft.Testnet.CommandLine;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.CommandLine;

public sealed class CommandLineTests
{
    private readonly BftProgram _bft = new();

    [Theory]
    [InlineData("stauts", "did you mean \"status\"?")]
    [InlineData("sumbit", "did you mean \"submit\"?")]
    [InlineData("ver", "did you mean \"verify\"?")]
    public async Task An_unknown_command_is_answered_with_the_nearest_one(string typed, string expected)
    {
        Ended ended = await _bft.RunAsync(typed);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains(expected, ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_near_is_suggested_for_nonsense()
    {
        Ended ended = await _bft.RunAsync("xyzzyqwerty");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.DoesNotContain("did you mean", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nodse")]
    [InlineData("--duratoin")]
    public async Task An_unknown_option_is_answered_with_the_nearest_one_also_without_a_command(string typed)
    {
        Ended ended = await _bft.RunAsync(typed, "3");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("did you mean \"--", ended.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("bft up", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_option_never_becomes_the_key()
    {
        Ended ended = await _bft.RunAsync("put", "--valeu", "x");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("--valeu", ended.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(_bft.Testnet.Runs);
    }

    [Fact]
    public async Task Wrong_usage_with_json_is_one_document_too()
    {
        Ended ended = await _bft.RunAsync("put", "only-a-key", "--json");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Equal(["what", "where", "todo"], ended.Json["error"]!.AsObject().Select(field => field.Key));
        Assert.StartsWith("error: ", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--duration", "soon")]
    [InlineData("--duration", "0s")]
    [InlineData("--duration", "-5s")]
    [InlineData("--nodes", "0")]
    [InlineData("--nodes", "many")]
    [InlineData("--port", "65536")]
    [InlineData("--load", "0")]
    [InlineData("--value-bytes", "-1")]
    public async Task A_value_that_makes_no_sense_is_refused_by_name(string option, string value)
    {
        Ended ended = await _bft.RunAsync("up", option, value, "--json");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains(option, ended.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1:7300")]
    [InlineData("127.0.0.1:7300")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://127.0.0.1:7300/path")]
    [InlineData("http://127.0.0.1:7300,,http://127.0.0.1:7301")]
    public async Task An_endpoint_is_a_scheme_a_host_and_a_port(string endpoints)
    {
        Ended ended = await _bft.RunAsync("status", "--from", endpoints, "--json");

        Assert.Equal(ExitCodes.Usage, ended.Code);
    }

    [Fact]
    public async Task Help_shows_examples()
    {
        Ended ended = await _bft.RunAsync("submit", "--help");

        Assert.Equal(0, ended.Code);
        Assert.Contains("Examples:", ended.Output, StringComparison.Ordinal);
        Assert.Contains("--resume", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_is_printed()
    {
        Ended ended = await _bft.RunAsync("--version");

        Assert.Equal(0, ended.Code);
        Assert.Matches("^0\\.1\\.0", ended.Output);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("00:00:30", 30_000)]
    public void Durations_are_read(string text, double milliseconds)
    {
        Assert.True(Values.TryDuration(text, out TimeSpan duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("status", "stauts", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("UP", "up", 0)]
    public void Edits_are_counted_with_swaps(string from, string to, int edits) => Assert.Equal(edits, Nearest.Edits(from, to));

    [Fact]
    public void An_error_is_one_line_whatever_was_caught()
    {
        var failure = new CommandException("first\nsecond\r\n third", "here\n", "do\nthis");

        Assert.Equal("first second third (here): do this", failure.Message);
    }

    [Fact]
    public async Task A_bug_at_the_edge_is_told_in_the_same_form()
    {
        using var directory = new TemporaryDirectory();
        await _bft.RunAsync("init", "--nodes", "4", "--out", directory["net"]);
        _bft.Testnet.BeforeCommit = (_, _, _) => throw new InvalidDataException("line one\nline two");

        Ended ended = await _bft.RunAsync("put", "k", "v", "--data", directory["net"], "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("InvalidDataException", ended.What, StringComparison.Ordinal);
        Assert.NotNull(ended.ErrorLine);
    }
}
