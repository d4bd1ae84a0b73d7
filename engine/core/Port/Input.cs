namespace Bft.Engine;

/// <summary>Everything that can happen to a protocol.</summary>
public abstract record Input
{
    private Input()
    {
    }

    /// <summary>
    /// A verified message. The sender is the wire peer; the author is inside the signatures. A block inside is complete, within
    /// limits, its payload root and client signatures checked, its <see cref="BlockHeader.Executed"/> equal to our own state there.
    /// </summary>
    public sealed record Received(ReplicaId Sender, ProtocolMessage Message) : Input;

    /// <summary>An armed timer ran out.</summary>
    public sealed record Expired(TimerId Timer) : Input;

    /// <summary>The answer to <see cref="IEffects.RequestPayload"/>; the payload may be empty.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Payload">The transactions.</param>
    /// <param name="Time">The proposer's clock in milliseconds since 1970-01-01 UTC.</param>
    public sealed record PayloadReady(PayloadRequest Request, Payload Payload, ulong Time) : Input;

    /// <summary>The answer to <see cref="IEffects.RequestBlock"/>: complete, within limits, payload root and signatures checked. Whether its result is ours was not asked: a quorum vouches for it.</summary>
    public sealed record Fetched(Block Block) : Input;

    /// <summary>A certificate: the answer to <see cref="IEffects.Combine"/>, or one that came with a block still waiting for our execution.</summary>
    public sealed record Certified(QuorumCertificate Certificate) : Input;

    /// <summary>
    /// Instead of <see cref="Certified"/>: of the votes handed to <see cref="IEffects.Combine"/>, these signers' are false. Counted again without them
    /// (<see cref="Shared.VoteCollector.Refuse"/>), the rest may still be, or become, a quorum.
    /// </summary>
    public sealed record VotesRefused(Statement Statement, ReplicaSet Signers) : Input;

    /// <summary>This replica executed a committed height.</summary>
    public sealed record Executed(StatePoint Point) : Input;

    /// <summary>
    /// The ledger durably holds everything up to that height. Only now may what was promised about it be discarded: a commit mark alone can be lost with
    /// the copy that was behind it.
    /// </summary>
    public sealed record Settled(Height Through) : Input;

    /// <summary>Committed blocks came by sync and went to the executor; the chain is committed up to the tip.</summary>
    public sealed record Synced(Block Tip, CommitProof Proof) : Input;

    /// <summary>Transactions wait to be ordered, the oldest for that long; null when none does.</summary>
    public sealed record Demand(TimeSpan? Oldest) : Input;

    /// <summary>A linearizable read wants to know which height to wait for.</summary>
    public sealed record Read(ReadId Id) : Input;

    /// <summary>An operator's command to the protocol (leadership transfer and the like).</summary>
    public sealed record Administer(string Command) : Input;

    /// <summary>A new committee takes effect.</summary>
    public sealed record Reconfigured(Committee Committee) : Input;
}
