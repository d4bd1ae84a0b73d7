using Bft.Simulation;
using Bft.Simulation.Runs;

namespace Bft.Engine.Tests.Toys;

/// <summary>
/// Both toys on what a node is made of: the production journal, block store, snapshots, executor, sessions and mempool over disks that lose, tear and
/// refuse what is written, under every checker of the simulation but that of liveness: toys promise safety, and say again little of what is lost. So that a
/// protocol can be put in and out is shown on the real storage.
/// </summary>
public class RealStorageTests
{
    private const int Seeds = 8;

    // All that no replica can be asked to keep its promises through (wiped and rotten disks) needs certificates to come back from; toys have none.
    private static readonly FaultMix Mix = FaultMix.Parse(["network", "crashes", "flush-failed", "disk-full", "clocks"], out _)!;

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_log_that_is_cut_back_agrees_and_recovers_on_the_production_storage(int n)
    {
        List<CutBack> lives = [];
        Sweep(CutBack.Descriptor, n, context =>
        {
            var made = new CutBack(context);
            lives.Add(made);
            return made;
        });
        Assert.True(lives.Sum(life => life.Cut) > 0, "nothing was ever cut back");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_slot_protocol_without_certificates_agrees_and_recovers_on_the_production_storage(int n) => Sweep(PrimaryWindow.Descriptor, n, null);

    [Fact]
    public void A_forgotten_tail_is_caught_there_too() => IsCaught(CutBack.Descriptor, context => new CutBack(context, CutBackFlaw.ForgetsTail));

    private static void Sweep(ProtocolDescriptor protocol, int n, Func<ProtocolContext, IProtocol>? create)
    {
        var faults = new SortedSet<FaultKind>();
        long snapshots = 0;
        int lively = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            SimulationResult result = Run(protocol, n, seed, create, world => snapshots += world.Replicas.Count(replica => replica.SnapshotsDisk.Flushes > 0));
            Assert.True(result.Violations.All(violation => violation.Check == "liveness"), result.ToString());
            lively += result.Good ? 1 : 0;
            faults.UnionWith(result.Faults.Occurred.Select(fault => fault.Kind));
        }

        Assert.Superset(new HashSet<FaultKind> { FaultKind.CrashLost, FaultKind.CrashTorn, FaultKind.CrashReordered, FaultKind.CrashAtWrite, FaultKind.FlushFailed, FaultKind.DiskFull }, faults.ToHashSet());
        Assert.True(snapshots > 0, "no snapshot was ever written");
        Assert.True(lively >= Seeds / 2, $"of {Seeds} worlds {lively} came to their end");
    }

    private static void IsCaught(ProtocolDescriptor protocol, Func<ProtocolContext, IProtocol> create)
    {
        int caught = Enumerable.Range(1, 2 * Seeds).Count(seed => Run(protocol, 3, (ulong)seed, create, _ => { }).Violations.Any(violation => violation.Check is "agreement" or "recovery" or "signing"));
        Assert.True(caught > 0, $"none of {2 * Seeds} seeds caught it");
    }

    private static SimulationResult Run(ProtocolDescriptor protocol, int n, ulong seed, Func<ProtocolContext, IProtocol>? create, Action<SimulatedWorld> judge)
    {
        SimulatedWorld? world = null;
        SimulationResult result = SimulationRun.Execute(protocol, n, seed, new SimulationOptions
        {
            Blocks = 60,
            Clients = 4,
            Mix = Mix,
            Prepare = made => world = made,
            Configure = options => options with { Create = create, SnapshotEvery = 20, JournalSegmentBytes = 48 << 10, LedgerSegmentBytes = 32 << 10 },
        });
        judge(world!);
        return result;
    }
}
