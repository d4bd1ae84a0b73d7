namespace Bft.Engine;

/// <summary>
/// What a replica demands of what a block claims of the world outside it, before its protocol sees the block. Virtual, so that a simulation can put a broken rule in an honest
/// one's place.
/// </summary>
public class BlockRules
{
    /// <summary>The rules as they should be.</summary>
    public static BlockRules Sound { get; } = new();

    /// <summary>The result that a block vouches for is this replica's own: else it would vouch, by its vote, for a state that it does not have.</summary>
    /// <param name="claimed">What the header says.</param>
    /// <param name="own">What this replica computed at that height.</param>
    public virtual bool IsOwnResult(StatePoint claimed, StatePoint own) => claimed == own;

    /// <summary>A proposal's time is at most <see cref="Replica.MaxClockAhead"/> ahead of this replica's clock.</summary>
    /// <param name="time">The block's time in milliseconds since 1970-01-01 UTC.</param>
    /// <param name="now">This replica's.</param>
    public virtual bool IsFromTheFuture(ulong time, ulong now) => time > now && time - now > (ulong)Replica.MaxClockAhead.TotalMilliseconds;
}
