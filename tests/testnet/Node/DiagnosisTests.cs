using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Node;

/// <summary>What the surroundings do to a program is told as that, and not as a bug.</summary>
public sealed class DiagnosisTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<Exception> Surroundings => new(
        new UnauthorizedAccessException("Access to the path 'x' is denied."),
        new IOException("No space left on device : 'x'"),
        new DirectoryNotFoundException("Could not find a part of the path 'x'."),
        new KeyStoreException(KeyStoreError.Unwritable, "The mark x cannot be written."),
        new GenesisException("validators[0]: the key x is refused."));

    [Fact]
    public async Task A_mark_that_cannot_be_written_is_diagnosed()
    {
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        NodeSettings settings = NodeSettings.Read(_directory["net/node-0"]);

        DiagnosedException? diagnosis = Diagnosis.Of(new KeyStoreException(KeyStoreError.Unwritable, "The mark cannot be written."), settings);

        Assert.Equal("The mark cannot be written", diagnosis?.What);
        Assert.Equal(VotingMarks.KeyDirectory(settings), diagnosis!.Where);
    }

    [Theory]
    [MemberData(nameof(Surroundings))]
    public async Task A_validator_tells_what_its_surroundings_did(Exception exception)
    {
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);

        Assert.Contains("x", Diagnosis.Of(exception, NodeSettings.Read(_directory["net/node-0"]))!.What, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Surroundings))]
    public async Task A_command_tells_what_its_surroundings_did(Exception exception)
    {
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        _bft.Validator = (_, _, _) => Task.FromException<int>(exception);

        Ended ended = await _bft.RunAsync("node", "--home", _directory["net/node-0"], "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.DoesNotContain("bug", ended.Error, StringComparison.Ordinal);
        Assert.Contains("x", ended.Error, StringComparison.Ordinal);
        Assert.Contains("bft node", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_a_bug_can_cause_is_told_as_a_bug()
    {
        await _bft.RunAsync("init", "--nodes", "4", "--out", _directory["net"]);
        _bft.Validator = (_, _, _) => throw new InvalidOperationException("impossible");

        Assert.Contains("this is a bug", (await _bft.RunAsync("node", "--home", _directory["net/node-0"])).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("up", "--data")]
    [InlineData("init", "--out")]
    public async Task A_place_where_nothing_can_be_made_is_no_bug(string command, string option)
    {
        string file = _directory.Write("file", "a file, not a directory");

        Ended ended = await _bft.RunAsync(command, "--nodes", "4", option, Path.Combine(file, "below", "it"), "--json");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.DoesNotContain("bug", ended.Error, StringComparison.Ordinal);
        Assert.Equal(["what", "where", "todo"], ended.Json["error"]!.AsObject().Select(field => field.Key));
    }
}
