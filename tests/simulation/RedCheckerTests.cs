using Bft.Engine;
using Bft.Simulation.Mutations;
using Bft.Simulation.Runs;
using Bft.Simulation.Scenarios;

namespace Bft.Simulation.Tests;

/// <summary>Each checker of the world is red once in a whole world whose replicas break what it guards, not only where it is fed by hand.</summary>
public class RedCheckerTests
{
    [Theory]
    [InlineData("agreement", "commit-by-parent-links", "O-03", "committed")]
    [InlineData("agreement", "execution-differs", null, "state")]
    [InlineData("execution", "repeat-executed-again", "C-02", "code")]
    [InlineData("execution", "commands-unverified", "C-01", "never signed")]
    [InlineData("signing", "vote-per-block", "O-01", "signed")]
    [InlineData("signing", "fences-ignored", "C-04", "forbids")]
    [InlineData("linearizability", "unordered-read-by-few", "O-46/two equal stale answers", "no order explains")]
    [InlineData("liveness", "all-must-vote", "O-12", "not done")]
    [InlineData("bounds", "votes-kept-without-bound", "O-20", "the bound is")]
    [InlineData("recovery", "voter-forgets-in-a-crash", "O-02", "remembers")]
    [InlineData("recovery", "votes-at-once-after-loss", "C-07", "votes at once")]
    [InlineData("evidence", "accuses-who-repeats", "O-16", "no contradiction")]
    [InlineData("evidence", "double-sign-unproved", "O-16", "kept silent")]
    [InlineData("order", "sends-before-flush", "O-02", "left while")]
    [InlineData("order", "own-vote-counts-before-flush", "O-01", "counts before it is durable")]
    [InlineData("order", "old-deadlines-fire", "O-10", "though it was armed for")]
    [InlineData("order", "disarmed-timers-fire", "C-05", "was not armed")]
    [InlineData("exception", "malformed-throws", "O-21", "malformed")]
    [InlineData("expectation", "join-on-one-timeout", "O-15", "nobody leaves view 1")]
    public void Checker_is_seen_red(string check, string mutation, string? scenario, string says)
    {
        Mutation broken = MutationCatalogue.TryFind(mutation)!;
        Assert.Contains(Violations(broken, scenario), violation => violation.Check == check && violation.What.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void No_checker_of_the_world_is_left_out()
    {
        IEnumerable<object?> shown = typeof(RedCheckerTests).GetMethod(nameof(Checker_is_seen_red))!
            .GetCustomAttributesData().Where(data => data.AttributeType == typeof(InlineDataAttribute))
            .Select(data => ((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)[0].Value);
        var world = new SimulatedWorld(new WorldOptions { Protocol = Protocols.Find("hotstuff")! });
        Assert.Equal(world.Watch.Checkers.Order(StringComparer.Ordinal), shown.Cast<string>().Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<Checkers.Violation> Violations(Mutation mutation, string? scenario)
    {
        if (scenario is not null)
        {
            string[] act = scenario.Split('/');
            var options = new ScenarioOptions { Configure = mutation.Apply, Act = act.Length > 1 ? act[1] : null };
            return ScenarioRun.Execute(ScenarioCatalogue.TryFind(act[0])!, options).Acts.SelectMany(played => played.Violations);
        }

        return Enumerable.Range(0, 5).SelectMany(seed => SimulationRun.Execute(Protocols.Find("hotstuff")!, 4, (ulong)seed, new SimulationOptions { Configure = mutation.Apply }).Violations);
    }
}
