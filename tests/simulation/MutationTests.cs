using System.Diagnostics;
using Bft.Simulation.Mutations;
using Xunit.Abstractions;

namespace Bft.Simulation.Tests;

/// <summary>The suite finds what it is there to find: one rule is broken, and whoever must see it does.</summary>
public class MutationTests(ITestOutputHelper output)
{
    public static TheoryData<string> MutationNames => [.. MutationCatalogue.All.Select(mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(MutationNames))]
    public void Mutation_is_killed_by_whom_it_must_be(string name)
    {
        var watch = Stopwatch.StartNew();
        MutationResult result = MutationRun.Execute(MutationCatalogue.TryFind(name)!);
        output.WriteLine($"{watch.ElapsedMilliseconds} ms: {result}");
        Assert.True(result.KilledAsTold, result.ToString());
    }

    [Fact]
    public void The_documentation_tells_of_every_mutation_and_of_no_other()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "docs", "simulation.md")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        IEnumerable<string> told = File.ReadLines(Path.Combine(directory!, "docs", "simulation.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);
        Assert.Equal(MutationCatalogue.All.Select(mutation => mutation.Name).Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }
}
