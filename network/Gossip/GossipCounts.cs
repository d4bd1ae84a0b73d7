namespace Bft.Network.Gossip;

/// <summary>What became of batches and runs since the start.</summary>
public sealed record GossipCounts
{
    /// <summary>Batches signed here.</summary>
    public long Signed { get; init; }

    /// <summary>Messages that carried batches away, one's own and relayed ones.</summary>
    public long Sent { get; init; }

    /// <summary>Batches of others that were handed on.</summary>
    public long Relayed { get; init; }

    /// <summary>Batches taken: new, signed by their origin and sound.</summary>
    public long Accepted { get; init; }

    /// <summary>Batches dropped because they were seen before, or are our own.</summary>
    public long Duplicates { get; init; }

    /// <summary>Batches dropped because their sequence is older than what is remembered.</summary>
    public long Stale { get; init; }

    /// <summary>Messages dropped because they are no batch: size, layout, or an origin outside the committee.</summary>
    public long Malformed { get; init; }

    /// <summary>Batches dropped because their origin did not sign them.</summary>
    public long Forged { get; init; }

    /// <summary>Batches dropped because their origin signed other content under the same sequence: it is faulty.</summary>
    public long Conflicting { get; init; }

    /// <summary>Batches dropped because a run in them is malformed or not signed by its client: their origin is faulty.</summary>
    public long Unsound { get; init; }

    /// <summary>Batches dropped because their origin spreads more than it may.</summary>
    public long OverRate { get; init; }

    /// <summary>Batches dropped because too much of their sender was waiting to be verified.</summary>
    public long Crowded { get; init; }

    /// <summary>Batches that this validator checked for others, and told them so.</summary>
    public long Attested { get; init; }

    /// <summary>Batches taken on the word of f+1 validators.</summary>
    public long Trusted { get; init; }

    /// <summary>Batches checked here because those that should have did not say so in time.</summary>
    public long Unattested { get; init; }

    /// <summary>Runs the pool took.</summary>
    public long RunsAdded { get; init; }

    /// <summary>Runs the pool knew or that were executed already.</summary>
    public long RunsKnown { get; init; }

    /// <summary>Runs the pool had no room for.</summary>
    public long RunsRefused { get; init; }
}
