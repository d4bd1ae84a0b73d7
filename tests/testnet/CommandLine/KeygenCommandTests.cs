using Bft.Testnet.CommandLine;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.CommandLine;

/// <summary>What the commands around shared keys refuse before they talk to anybody.</summary>
public sealed class KeygenCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(4, 8, 9)]
    [InlineData(4, 1, 9)]
    [InlineData(7, 12, 13)]
    public async Task A_phase_too_short_to_work_is_refused_with_the_reason_and_the_least(int nodes, int length, int least)
    {
        Assert.Equal(0, (await _bft.RunAsync("init", "--nodes", $"{nodes}", "--out", _directory["net"], "--passphrase-file", _directory.Write("p", "secret\n"))).Code);
        Ended ended = await _bft.RunAsync("keygen", "--phase-blocks", $"{length}", "--data", _directory["net"], "--json");
        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains($"a phase of {length} heights is too short", ended.What, StringComparison.Ordinal);
        Assert.Contains($"--phase-blocks {least} or more", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("how many validators")]
    [InlineData("--genesis goes with --shared-key", "--genesis", "g")]
    [InlineData("--shared-key goes with --scheme bls-threshold and --genesis", "--shared-key", "k", "--genesis", "g")]
    [InlineData("--shared-key goes with --scheme bls-threshold and --genesis", "--shared-key", "k", "--scheme", "bls-threshold")]
    [InlineData("there is no passphrase", "--shared-key", "k", "--genesis", "g", "--scheme", "bls-threshold", "--passphrase-env", "P")]
    public async Task Options_of_init_that_do_not_go_together_are_refused(string what, params string[] options)
    {
        Ended ended = await _bft.RunAsync(["init", "--out", _directory["net"], .. options, "--json"]);
        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains(what, ended.What, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["net"]));
    }
}
