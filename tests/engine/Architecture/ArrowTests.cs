using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Bft.Crypto;
using Bft.Simulation;
using ArchUnit = ArchUnitNET.Domain.Architecture;

namespace Bft.Engine.Tests.Architecture;

/// <summary>Who may know whom: the arrows of the design, on project references and on the types themselves.</summary>
public class ArrowTests
{
    private const string Crypto = "crypto/Bft.Crypto.csproj";
    private const string Core = "engine/core/Bft.Engine.csproj";
    private const string Applications = "engine/applications/Bft.Applications.csproj";
    private const string Simulation = "engine/simulation/Bft.Simulation.csproj";
    private const string Ledger = "ledger/Bft.Ledger.csproj";
    private const string Network = "network/Bft.Network.csproj";
    private const string Testnet = "testnet/Bft.Testnet.csproj";

    private static readonly ArchUnit Types = new ArchLoader().LoadAssemblies(typeof(Digest).Assembly, typeof(Engine.Replica).Assembly, typeof(SimulatedCluster).Assembly).Build();

    [Theory]
    [InlineData(Crypto)]
    [InlineData(Core, Crypto)]
    [InlineData(Applications, Crypto, Core)]
    [InlineData(Simulation, Crypto, Core, Applications, Ledger)]
    [InlineData(Ledger, Crypto, Core)]
    [InlineData(Network, Crypto, Core)]
    public void A_project_refers_to_no_other_than_the_design_allows(string project, params string[] allowed) =>
        Assert.Empty(RepositoryFiles.ReferencesOf(project).Except(allowed));

    [Fact]
    public void Nobody_refers_to_the_testnet_but_the_bench_and_their_tests()
    {
        string[] projects = [.. Directory.EnumerateFiles(RepositoryFiles.Root.FullName, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryFiles.Root.FullName, path).Replace('\\', '/'))];
        Assert.Contains(Testnet, projects);
        foreach (string project in projects.Where(project => !project.StartsWith("bench/", StringComparison.Ordinal) && !project.StartsWith("tests/", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(RepositoryFiles.ReferencesOf(project), reference => reference == Testnet || reference.StartsWith("bench/", StringComparison.Ordinal) || reference.StartsWith("tests/", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Cryptography_knows_nobody_of_the_house() => Assert.Empty(Dependencies("Bft.Crypto", dependency => IsOurs(dependency) && !IsIn(dependency, "Bft.Crypto")));

    [Fact]
    public void The_core_knows_cryptography_alone() =>
        Assert.Empty(Dependencies("Bft.Engine", dependency => IsOurs(dependency) && !IsIn(dependency, "Bft.Crypto") && !IsIn(dependency, "Bft.Engine")));

    // Beside the protocol's own folder, those of the simulation that bear its name: its lies, scenarios and mutations.
    [Theory]
    [MemberData(nameof(ProtocolSpaces))]
    public void Nothing_in_the_engine_names_a_protocol_but_the_list_of_them(string space) =>
        Assert.Equal(["Bft.Engine.Protocols"], Origins(type => !type.Split('.').Contains(space.Split('.')[^1]), dependency => IsIn(dependency, space)));

    [Theory]
    [MemberData(nameof(ProtocolSpaces))]
    [InlineData("Bft.Engine.Shared")]
    public void Protocols_and_what_they_share_know_no_loop(string space)
    {
        string[] loop = ["Bft.Engine.Replica", "Bft.Engine.ReplicaPorts", "Bft.Engine.Edge", "Bft.Engine.EffectBuffer", "Bft.Engine.RecentPast"];
        Assert.Empty(Dependencies(space, dependency => loop.Contains(dependency)));
    }

    public static TheoryData<string> ProtocolSpaces => [.. ProtocolFolders.Spaces];

    internal static bool IsIn(string type, string space) => type == space || type.StartsWith(space + ".", StringComparison.Ordinal);

    internal static IReadOnlyList<string> Dependencies(string space, Func<string, bool> which)
    {
        IType[] types = [.. Types.Types.Where(type => IsIn(type.FullName, space))];
        Assert.NotEmpty(types);
        return [.. types.SelectMany(type => type.Dependencies.Where(dependency => which(dependency.Target.FullName)).Select(dependency => $"{type.FullName} → {dependency.Target.FullName}")).Distinct().Order(StringComparer.Ordinal)];
    }

    private static IReadOnlyList<string> Origins(Func<string, bool> from, Func<string, bool> to) =>
        [.. Types.Types.Where(type => from(type.FullName) && type.Dependencies.Any(dependency => to(dependency.Target.FullName))).Select(type => type.FullName.Split('+')[0]).Distinct().Order(StringComparer.Ordinal)];

    private static bool IsOurs(string type) => IsIn(type, "Bft");
}
