using Bft.Testnet.CommandLine;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Tests.CommandLine;

/// <summary>What others wrote must not act on a terminal.</summary>
public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain text, Ünïcödé and 漢字 \U0001f600", "plain text, Ünïcödé and 漢字 \U0001f600")]
    [InlineData("red \u001b[31mtext\u001b[0m", "red \\u001b[31mtext\\u001b[0m")]
    [InlineData("over\rwritten\b\u0007", "over\\u000dwritten\\u0008\\u0007")]
    [InlineData("eight bits \u009b31m", "eight bits \\u009b31m")]
    [InlineData("turned \u202eround\u2066", "turned \\u202eround\\u2066")]
    [InlineData("new\u2028line", "new\\u2028line")]
    [InlineData("kept\n\tas it stands", "kept\n\tas it stands")]
    public void Text_keeps_what_is_harmless(string hostile, string shown) => Assert.Equal(shown, Printable.Text(hostile));

    [Fact]
    public void A_line_is_one_line() => Assert.Equal("two lines \\u001b[2J", Printable.Line("two\r\nlines \u001b[2J\n"));

    [Fact]
    public void An_error_is_one_line_that_acts_on_nothing()
    {
        var failure = new CommandException("the validator refused: \u001b[2J\ngone", "node\u0007", "look\u202e");

        Assert.Equal("the validator refused: \\u001b[2J gone (node\\u0007): look\\u202e", failure.Message);
    }

    [Fact]
    public void The_last_words_of_a_process_are_shown_and_not_obeyed() =>
        Assert.EndsWith("its last lines: \\u001b]0;title\\u0007", new ValidatorDied(1, 3, true, ["\u001b]0;title\u0007"]).Describe(), StringComparison.Ordinal);

    [Theory]
    [InlineData(true, "\\u001b[2J\n")]
    [InlineData(false, "\u001b[2J\n")]
    public void A_value_is_escaped_on_a_terminal_and_itself_in_a_file(bool isTerminal, string shown)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var replies = new Replies(new Terminal(Stream.Null, output, error, isTerminal, false), Json: false);

        replies.Answer(new object(), () => "\u001b[2J");
        replies.Notice("\u001b[2J");

        Assert.Equal(shown, output.ToString());
        Assert.Equal("\\u001b[2J\n", error.ToString());
    }
}
