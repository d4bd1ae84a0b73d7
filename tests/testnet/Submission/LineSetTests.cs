using Bft.Testnet.Submission;
using CsCheck;

namespace Bft.Testnet.Tests.Submission;

public sealed class LineSetTests
{
    [Theory]
    [InlineData(new long[] { 1, 2, 3, 5, 7, 8 }, "1-3,5,7-8")]
    [InlineData(new long[] { 9 }, "9")]
    public void Runs_of_neighbours_are_shortened(long[] lines, string text) => Assert.Equal(text, LineSet.Write(lines));

    [Fact]
    public void Whatever_is_written_is_read() =>
        Gen.Long[1, 300].HashSet[1, 100].Sample(set =>
        {
            long[] lines = [.. set.Order()];
            return LineSet.Read(LineSet.Write(lines), 100)!.SequenceEqual(lines) && (lines.Length == 1 || LineSet.Read(LineSet.Write(lines), lines.Length - 1) is null);
        });

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("3,2")]
    [InlineData("1-2-3")]
    [InlineData("1,1")]
    [InlineData("-5")]
    [InlineData("1-9223372036854775807")]
    public void Anything_else_is_refused(string text) => Assert.Null(LineSet.Read(text, 100));
}
