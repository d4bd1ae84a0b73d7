using Bft.Engine;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Evidence is sound and complete: nobody honest is ever accused, and every accusation proves itself: one signer, one phase and view, two statements, both signed; and whoever hears
/// a contradiction proves it.
/// </summary>
/// <param name="isHonest">Whether a replica was honest all the time.</param>
/// <param name="claims">Judges the signatures.</param>
public sealed class EvidenceChecker(Func<ReplicaId, bool> isHonest, IClaims claims) : Checker
{
    /// <inheritdoc/>
    public override string Name => "evidence";

    /// <summary>Double signs that were proved.</summary>
    public int Proved { get; private set; }

    internal void Unproved(int instance, string what) => Violated($"instance {instance} heard both and kept silent: {what}");

    /// <inheritdoc/>
    public override void Accused(int instance, Evidence evidence)
    {
        (Vote first, Vote second) = (evidence.First, evidence.Second);
        if (isHonest(first.Signer))
        {
            Violated($"instance {instance} accuses the honest replica {first.Signer} of {first.Statement} and {second.Statement}");
        }

        if (first.Signer != second.Signer || first.Statement.Kind != second.Statement.Kind || first.Statement.Epoch != second.Statement.Epoch ||
            first.Statement.View != second.Statement.View || first.Statement == second.Statement)
        {
            Violated($"instance {instance} accuses replica {first.Signer} by what is no contradiction: {first.Statement} and {second.Statement}");
        }
        else if (!claims.IsVote(first) || !claims.IsVote(second))
        {
            Violated($"instance {instance} accuses replica {first.Signer} by a signature that does not hold");
        }
        else
        {
            Proved++;
        }
    }
}
