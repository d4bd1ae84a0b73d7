namespace Bft.Engine.SharedKeys;

/// <summary>
/// Where a generation is. A phase ends at its deadline, a height, or as soon as everybody said its word. A resharing has no extraction: what is dealt is known by its public key.
/// </summary>
public enum GenerationPhase : byte
{
    /// <summary>Receivers announce the keys that shares are sealed to.</summary>
    Announcing,

    /// <summary>Dealers deal.</summary>
    Dealing,

    /// <summary>Receivers say whose shares do not fit.</summary>
    Complaining,

    /// <summary>Accused dealers answer.</summary>
    Answering,

    /// <summary>Qualified dealers publish commitments to the sharing polynomial alone (GJKR).</summary>
    Extracting,

    /// <summary>Receivers prove those false that are.</summary>
    Objecting,

    /// <summary>The shares of dealers whose commitments were false or missing are revealed, and their polynomials rebuilt.</summary>
    Revealing,

    /// <summary>There is a key.</summary>
    Done,

    /// <summary>There is none, and there will be none.</summary>
    Failed,
}
