namespace Bft.Engine;

/// <summary>What became of a peer's message at the <see cref="Edge"/>. Anything but <see cref="Taken"/> was dropped there.</summary>
public enum EdgeVerdict
{
    /// <summary>It was good: handed to the loop, or answered.</summary>
    Taken,

    /// <summary>It was malformed, or claimed what its signatures do not bear out: an honest sender sends no such thing.</summary>
    Refused,

    /// <summary>An answer to nothing that was asked of that peer, dropped unverified. An honest one may be late.</summary>
    Unasked,

    /// <summary>A request beyond what one peer may ask for in a time.</summary>
    Throttled,
}
