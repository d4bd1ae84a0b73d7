using Bft.Engine;
using Bft.Simulation.Runs;
using Bft.Simulation.Shrinking;

namespace Bft.Simulation.Tests;

/// <summary>Plans in files: the same case comes back, and whatever cannot be the same is refused with what is wrong, where, and what to do.</summary>
public class PlanFileTests
{
    private static readonly string Good = PlanFile.Write(new RunCase
    {
        Protocol = "hotstuff",
        Nodes = 4,
        Seed = 9,
        Plan = FaultPlan.Draw(Protocols.Find("hotstuff")!, 4, 9, TimeSpan.FromSeconds(1)),
    });

    [Fact]
    public void A_plan_comes_back_as_it_was_written() => Assert.Equal(Good, PlanFile.Write(PlanFile.Read(Good)));

    [Fact]
    public void A_plan_of_another_version_says_both_versions()
    {
        PlanFileException refused = Assert.Throws<PlanFileException>(() => PlanFile.Read(Good.Replace("\"version\": 1", "\"version\": 7", StringComparison.Ordinal)));
        Assert.Contains("of version 7", refused.What, StringComparison.Ordinal);
        Assert.Contains("reads version 1", refused.What, StringComparison.Ordinal);
        Assert.Equal("version", refused.Where);
    }

    [Theory]
    [InlineData("\"format\": \"bft simulation plan\"", "\"format\": \"a shopping list\"", "no plan")]
    [InlineData("\"protocol\": \"hotstuff\"", "\"protocol\": \"hotstuf\"", "hotstuff")]
    [InlineData("\"nodes\": 4", "\"nodes\": 3", "n >= 4")]
    [InlineData("\"nodes\": 4", "\"nodes\": 0", "nodes")]
    [InlineData("\"nodes\": 4", "\"knots\": 4", "knots")]
    public void What_does_not_fit_is_refused(string was, string becomes, string says)
    {
        Assert.Contains(was, Good, StringComparison.Ordinal);
        PlanFileException refused = Assert.Throws<PlanFileException>(() => PlanFile.Read(Good.Replace(was, becomes, StringComparison.Ordinal)));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_is_run_with_its_mutation_and_an_unknown_one_is_refused()
    {
        RunCase broken = PlanFile.Read(Good) with { Plan = FaultPlan.None, Mutation = "execution-differs", Blocks = 20 };
        SimulationResult result = PlanFile.Read(PlanFile.Write(broken)).Execute();
        Assert.False(result.Good);
        Assert.True((broken with { Mutation = null }).Execute().Good);
        PlanFileException refused = Assert.Throws<PlanFileException>(() => PlanFile.Read(PlanFile.Write(broken with { Mutation = "execution-difers" })));
        Assert.Contains("execution-differs", refused.Todo, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_document_is_refused()
    {
        Assert.Contains("no JSON", Assert.Throws<PlanFileException>(() => PlanFile.Read("{")).What, StringComparison.Ordinal);
        Assert.Contains("no plan", Assert.Throws<PlanFileException>(() => PlanFile.Read("[]")).What, StringComparison.Ordinal);
    }
}
