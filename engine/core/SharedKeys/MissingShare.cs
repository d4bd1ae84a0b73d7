namespace Bft.Engine.SharedKeys;

/// <summary>Why a member has no share of a key.</summary>
public enum MissingShare
{
    /// <summary>It has one.</summary>
    None,

    /// <summary>The key was not shared with it.</summary>
    NoReceiver,

    /// <summary>It announced no key in time, so nobody sealed a share to it.</summary>
    NotAnnounced,

    /// <summary>Its seed is not here: what was sealed to it cannot be opened.</summary>
    NoSeed,

    /// <summary>A sealed share does not open with its seed, or does not fit the key: another seed, or a dealer it did not accuse in time.</summary>
    DoesNotFit,
}

/// <summary>The reasons in words.</summary>
public static class MissingShares
{
    /// <summary>The reason, and what helps; null when there is a share.</summary>
    public static string? Describe(this MissingShare missing) => missing switch
    {
        MissingShare.NoReceiver => "the key is not shared with this validator",
        MissingShare.NotAnnounced => "this validator announced no key in time, so no share was sealed to it: share the key anew, with \"bft keygen --reshare\"",
        MissingShare.NoSeed => "the seed of this generation is not in this home, so what was sealed to it cannot be opened: share the key anew, with \"bft keygen --reshare\"",
        MissingShare.DoesNotFit => "a share that was sealed to this validator does not open or does not fit, and it was not heard in time to complain: share the key anew, with \"bft keygen --reshare\"",
        _ => null,
    };
}
