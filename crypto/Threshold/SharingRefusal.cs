namespace Bft.Crypto.Threshold;

/// <summary>Why shares, or what is said about them, were refused.</summary>
public enum SharingRefusal
{
    /// <summary>Nothing was: accepted.</summary>
    None,

    /// <summary>An index below 1: at 0 lies the secret itself.</summary>
    IndexOutOfRange,

    /// <summary>One index twice: no polynomial has two values at one place, and whoever divides by the difference divides by zero.</summary>
    DuplicateIndex,

    /// <summary>The commitments are to a polynomial of another degree than one below the quorum.</summary>
    WrongDegree,

    /// <summary>The share is not the committed polynomial's value at this index.</summary>
    WrongShare,
}
