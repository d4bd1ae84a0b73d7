namespace Bft.Simulation.Checkers;

/// <summary>
/// The order of the loop, at the port itself: nothing is on the wire, and nothing a replica says to itself counts, before what it promises is durable; a timer
/// that was disarmed or armed anew never fires with its old deadline. A wrong order may do no harm for thousands of runs, until a crash meets it.
/// </summary>
public sealed class OrderChecker : Checker
{
    /// <inheritdoc/>
    public override string Name => "order";

    internal void Broken(int instance, string what) => Violated($"instance {instance}: {what}");
}
