using System.Text.Json.Nodes;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Simulations;

public sealed class SimulateCommandTests
{
    private readonly BftProgram _bft = new();

    [Fact]
    public async Task A_sweep_tells_runs_violations_blocks_faults_and_seconds()
    {
        Ended ended = await _bft.RunAsync(["simulate", "--seeds", "3", "--blocks", "20", "--json"]);
        Assert.Equal(ExitCodes.Success, ended.Code);
        JsonObject told = ended.Json;
        Assert.Equal(3UL, told["runs"]!.GetValue<ulong>());
        Assert.Empty(told["violations"]!.AsArray());
        Assert.True(told["blocksCommitted"]!.GetValue<ulong>() > 0);
        Assert.NotEmpty(told["faultsInjected"]!.AsObject());
        Assert.NotNull(told["seconds"]);
    }

    [Fact]
    public async Task A_seed_prints_the_same_trace_twice()
    {
        string[] arguments = ["simulate", "--seed", "7", "--blocks", "10", "--trace"];
        Ended first = await _bft.RunAsync(arguments), second = await _bft.RunAsync(arguments);
        Assert.Equal(ExitCodes.Success, first.Code);
        Assert.Contains("committed block", first.Output, StringComparison.Ordinal);
        Assert.Equal(first.Output, second.Output);
    }

    [Fact]
    public async Task A_scenario_passes_and_with_its_rule_broken_fails()
    {
        Ended good = await _bft.RunAsync(["simulate", "--scenario", "o-03", "--json"]);
        Assert.Equal(ExitCodes.Success, good.Code);
        Assert.True(good.Json["passed"]!.GetValue<bool>());

        Ended broken = await _bft.RunAsync(["simulate", "--scenario", "O-22", "--mutation", "quorum-2f+1", "--json"]);
        Assert.Equal(ExitCodes.Failure, broken.Code);
        Assert.False(broken.Json["passed"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Every_mutation_is_killed()
    {
        Ended ended = await _bft.RunAsync(["simulate", "--mutations", "--json"]);
        Assert.Equal(ExitCodes.Success, ended.Code);
        Assert.Empty(ended.Json["survivors"]!.AsArray());
        Assert.Equal(ended.Json["total"]!.GetValue<int>(), ended.Json["killed"]!.AsArray().Count);
        Assert.InRange(ended.Json["total"]!.GetValue<int>(), 25, int.MaxValue);
    }

    [Theory]
    [InlineData("--protocol", "hotstuf", "did you mean \"hotstuff\"?")]
    [InlineData("--scenario", "O-33", "O-03")]
    [InlineData("--faults", "netwerk", "did you mean \"network\"?")]
    public async Task An_unknown_name_gets_the_nearest_and_the_known_ones(string option, string name, string said)
    {
        Ended ended = await _bft.RunAsync(["simulate", option, name]);
        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains(said, ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_mutation_gets_the_known_ones()
    {
        Ended ended = await _bft.RunAsync(["simulate", "--scenario", "O-03", "--mutation", "quorum-2f"]);
        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("did you mean \"quorum-2f+1\"?", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_committee_too_small_for_the_faults_gets_the_arithmetic()
    {
        Ended ended = await _bft.RunAsync(["simulate", "--nodes", "4", "--faulty", "2"]);
        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("3*2+1 = 7", ended.ErrorLine, StringComparison.Ordinal);
    }
}
