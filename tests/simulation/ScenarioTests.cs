using Bft.Simulation.Scenarios;

namespace Bft.Simulation.Tests;

/// <summary>Every scripted scenario, played by the production replica.</summary>
public class ScenarioTests
{
    public static TheoryData<string> ScenarioNames => [.. ScenarioCatalogue.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(ScenarioNames))]
    public void Scenario_holds(string name)
    {
        ScenarioResult result = ScenarioRun.Execute(ScenarioCatalogue.TryFind(name)!);
        Assert.True(result.Passed, string.Join('\n', result.Acts.SelectMany(act => act.Violations.Take(5).Select(violation => $"{act.Act}: {violation}"))));
    }

    [Fact]
    public void A_scenario_is_found_in_any_case_and_an_unknown_one_has_neighbours()
    {
        Assert.Equal("O-03", ScenarioCatalogue.TryFind("o-03")!.Name);
        Assert.Null(ScenarioCatalogue.TryFind("O-3"));
        Assert.Contains("O-03", ScenarioCatalogue.Nearest("O-3"));
    }

    [Fact]
    public void Every_scenario_says_where_it_is_from_and_what_it_shows()
    {
        Assert.Equal(ScenarioCatalogue.All.Count, ScenarioCatalogue.All.Select(scenario => scenario.Name).Distinct().Count());
        Assert.All(ScenarioCatalogue.All, scenario =>
        {
            Assert.NotEmpty(scenario.Source);
            Assert.NotEmpty(scenario.Shows);
            Assert.NotEmpty(scenario.Acts);
            Assert.Equal(scenario.Acts.Count, scenario.Acts.Select(act => act.Name).Distinct().Count());
        });
    }
}
