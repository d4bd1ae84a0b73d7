using Bft.Engine.Shared;

namespace Bft.Engine.HotStuff;

/// <summary>What an instance of the protocol is put together from. Each part is one rule or one memory of its own, so that a simulation can put a broken one in its place and see who notices.</summary>
public sealed record HotStuffParts
{
    /// <summary>The safety rules.</summary>
    public HotStuffRules Rules { get; init; } = HotStuffRules.Paper;

    /// <summary>Who leads; null for the context's election, else the one that the options name.</summary>
    public ILeaderElection? Election { get; init; }

    /// <summary>Makes what counts votes, timeouts and proposals, given the most that is kept of one signer.</summary>
    public Func<Committee, int, VoteCollector> Collector { get; init; } = static (committee, perSigner) => new VoteCollector(committee, perSigner);

    /// <summary>Makes what tells which view to join.</summary>
    public Func<Committee, TimeoutTally> Tally { get; init; } = static committee => new TimeoutTally(committee);

    /// <summary>Makes what tells how long a view may take.</summary>
    public Func<ProtocolOptions, BackOff> BackOff { get; init; } = static options => new BackOff(options);
}
