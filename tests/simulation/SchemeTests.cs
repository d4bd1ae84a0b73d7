using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Simulation.Nodes;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Tests;

/// <summary>Whole runs under each certificate scheme, with faults.</summary>
public class SchemeTests
{
    private static readonly ProtocolDescriptor HotStuff = Protocols.Find("hotstuff")!;

    public static TheoryData<string, ulong> Runs
    {
        get
        {
            var rows = new TheoryData<string, ulong>();
            foreach (string scheme in SimulatedKeys.Names)
            {
                for (ulong seed = 1; seed <= 3; seed++)
                {
                    rows.Add(scheme, seed);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_faulty_world_stays_right_under_the_scheme(string scheme, ulong seed)
    {
        SimulationResult result = SimulationRun.Execute(HotStuff, 4, seed, new SimulationOptions { Scheme = scheme, Blocks = 10, MaxFaultTime = TimeSpan.FromSeconds(2) });
        Assert.True(result.Violations.Count == 0, $"{scheme}, seed {seed}: {string.Join('\n', result.Violations.Take(3))}");
        Assert.True(result.Blocks >= 10, $"{scheme}, seed {seed}: {result.Blocks} blocks");
    }

    [Theory]
    [InlineData("bls")]
    [InlineData("bls-threshold")]
    [InlineData("mldsa")]
    public void A_seed_gives_the_same_run(string scheme)
    {
        SimulationResult Run() => SimulationRun.Execute(HotStuff, 4, 9, new SimulationOptions { Scheme = scheme, Blocks = 5, MaxFaultTime = TimeSpan.FromSeconds(1) });
        Assert.Equal(Run().Trace.Fingerprint, Run().Trace.Fingerprint);
    }

    [Fact]
    public void The_schemes_keys_are_those_of_the_name()
    {
        Assert.All(CertificateSchemes.Names, scheme => Assert.Equal(scheme, new SimulatedKeys(4, 3, 5, scheme).Scheme.Name));
        Assert.Throws<ArgumentException>(() => new SimulatedKeys(4, 3, 5, "bls12"));
    }
}
