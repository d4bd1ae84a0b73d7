namespace Bft.Engine;

/// <summary>What a faulty replica may do.</summary>
public enum FaultModel
{
    /// <summary>Anything: lie, equivocate, stay silent. n ≥ 3f+1.</summary>
    Byzantine,

    /// <summary>Only stop. n ≥ 2f+1.</summary>
    Crash,
}
