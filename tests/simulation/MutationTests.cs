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
}
