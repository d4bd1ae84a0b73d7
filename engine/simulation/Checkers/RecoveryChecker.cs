using System.Collections.Immutable;
using Bft.Engine;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Check 8: after a restart a replica's state is the one that follows from the messages it sent before. Its voter remembers every promise that left, or may
/// not vote; and every block it vouched for by a vote is still there, unless its height is decided.
/// </summary>
/// <param name="signing">What left on the wire.</param>
/// <param name="rules">What replicas of the protocol may sign.</param>
public sealed class RecoveryChecker(SigningChecker signing, ImmutableArray<SigningRule> rules) : Checker
{
    /// <inheritdoc/>
    public override string Name => "recovery";

    /// <inheritdoc/>
    public override void Started(int instance, RestartState state)
    {
        if (state.RecordsLost)
        {
            if (state.MayVote && signing.HasPromised(state.Id))
            {
                Violated($"replica {state.Id} lost its safety records and votes at once");
            }

            return;
        }

        // A block that lost its height is given up with the mark that decided it, also while the ledger is behind.
        Height decided = Height.Max(state.Ledger, state.Decided);
        foreach (Statement promised in signing.HighestOf(state.Id))
        {
            SigningRule? rule = rules.FirstOrDefault(rule => rule.Kind == promised.Kind);
            Statement? remembered = state.SignedOf(promised.Kind, rule?.PerSlot == true ? promised.Slot.Value : 0);
            if (rule?.PerSlot == true && remembered is null)
            {
                // Slots are forgotten when they are settled; what is forgotten too early shows as a double sign.
                continue;
            }

            if (remembered is null || remembered.Value.View < promised.View)
            {
                Violated($"replica {state.Id} sent {promised} before it stopped and remembers {(remembered is { } last ? last.ToString() : "nothing")}");
            }
            else if (remembered.Value.View == promised.View && remembered.Value != promised)
            {
                Violated($"replica {state.Id} sent {promised} before it stopped and remembers {remembered.Value}");
            }
            else if (promised.Kind is StatementKind.Vote or StatementKind.Prepare or StatementKind.Append && remembered.Value == promised &&
                promised.Slot > decided && !state.HasBlock(promised.Subject))
            {
                Violated($"replica {state.Id} voted for {promised.Subject.ToShortString()} at height {promised.Slot} before it stopped and does not have that block");
            }
        }
    }
}
