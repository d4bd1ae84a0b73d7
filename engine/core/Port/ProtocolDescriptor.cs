using System.Collections.Immutable;

namespace Bft.Engine;

/// <summary>A protocol as the engine knows it: one line in <see cref="Protocols"/>.</summary>
/// <param name="Name">The name in genesis and on the command line.</param>
/// <param name="Model">The faults it is made for.</param>
/// <param name="Paper">Where it was published.</param>
/// <param name="Create">Makes an instance for one replica.</param>
/// <param name="CommitRule">What proves a commit.</param>
/// <param name="Decode">Decodes its messages.</param>
/// <param name="Signing">What its voter may sign.</param>
public sealed record ProtocolDescriptor(
    string Name,
    FaultModel Model,
    string Paper,
    Func<ProtocolContext, IProtocol> Create,
    CommitRule CommitRule,
    MessageDecoder Decode,
    ImmutableArray<SigningRule> Signing);

/// <summary>What an instance of a protocol is made of.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Self">This replica.</param>
/// <param name="Voter">The only holder of its key.</param>
/// <param name="Options">Local settings.</param>
public sealed record ProtocolContext(Chain Chain, ReplicaId Self, Voter Voter, ProtocolOptions Options)
{
    /// <summary>Who leads, in place of the election that the options name; null for that one. Scripts fix their leaders by it.</summary>
    public Shared.ILeaderElection? Election { get; init; }
}

/// <summary>Local settings of a protocol: they touch liveness only, never safety, so replicas may differ.</summary>
public sealed record ProtocolOptions
{
    /// <summary>How long a view may take before it is given up, when the last one made progress. Default 1 s.</summary>
    public TimeSpan ViewTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What the timeout is multiplied by after each view without progress. Default 1.5.</summary>
    public double TimeoutGrowth { get; init; } = 1.5;

    /// <summary>The longest timeout. Default 20 s.</summary>
    public TimeSpan MaxViewTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>With nothing pending, at most one empty block is proposed an interval; null for none. Default null.</summary>
    public TimeSpan? IdleInterval { get; init; }

    /// <summary>The name of the leader election, or null for the protocol's default.</summary>
    public string? LeaderElection { get; init; }
}
