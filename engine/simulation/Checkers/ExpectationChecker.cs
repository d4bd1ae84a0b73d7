namespace Bft.Simulation.Checkers;

/// <summary>What the script of a scenario expects beside the global invariants; it says itself what does not hold.</summary>
public sealed class ExpectationChecker : Checker
{
    /// <inheritdoc/>
    public override string Name => "expectation";
}
