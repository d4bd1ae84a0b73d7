using Bft.Engine;
using Bft.Simulation.Mutations;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Shrinking;

/// <summary>
/// One run with everything it follows from written out: not "the plan of seed 42" but the plan itself, so that something can be taken out of it, and so that it
/// stays the same when the drawing of plans changes.
/// </summary>
public sealed record RunCase
{
    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>n.</summary>
    public required int Nodes { get; init; }

    /// <summary>What is not in the plan follows from it: delays, keys, what clients ask.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What is done to the world.</summary>
    public required FaultPlan Plan { get; init; }

    /// <summary>Blocks that every honest replica has to commit while faults last.</summary>
    public ulong Blocks { get; init; } = 100;

    /// <summary>Clients.</summary>
    public int Clients { get; init; } = 5;

    /// <summary>Whether keys are real.</summary>
    public bool RealSignatures { get; init; }

    /// <summary>The certificate scheme; null for the usual one.</summary>
    public string? Scheme { get; init; }

    /// <summary>The name of the mutated part in place of an honest one; null for none.</summary>
    public string? Mutation { get; init; }

    /// <summary>The check that it violated when it was written down; null for none.</summary>
    public string? Violates { get; init; }

    /// <summary>The case that a drawn run is.</summary>
    public static RunCase Of(ProtocolDescriptor protocol, int nodes, ulong seed, SimulationOptions options) => new()
    {
        Protocol = protocol.Name,
        Nodes = nodes,
        Seed = seed,
        Plan = options.Draw(protocol, nodes, seed),
        Blocks = options.Blocks,
        Clients = options.Clients,
        RealSignatures = options.RealSignatures,
        Scheme = options.Scheme,
    };

    /// <summary>Runs it.</summary>
    /// <param name="options">Everything that is not in the case; null for the defaults.</param>
    /// <exception cref="ArgumentException">It names a protocol, a replica, a strategy or a mutation that does not exist.</exception>
    public SimulationResult Execute(SimulationOptions? options = null)
    {
        ProtocolDescriptor protocol = Protocols.Find(Protocol) ?? throw new ArgumentException($"There is no protocol \"{Protocol}\".", nameof(options));
        Mutations.Mutation? broken = Mutation is null ? null : MutationCatalogue.TryFind(Mutation) ?? throw new ArgumentException($"There is no mutation \"{Mutation}\".", nameof(options));
        options ??= new SimulationOptions();
        return SimulationRun.Execute(
            protocol,
            Nodes,
            Seed,
            Plan,
            options with { Blocks = Blocks, Clients = Clients, RealSignatures = RealSignatures, Scheme = Scheme, Configure = options.Configure ?? broken?.Apply });
    }
}
