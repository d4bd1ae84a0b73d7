using System.Collections.Immutable;
using Bft.Engine;

namespace Bft.Simulation.Nodes;

/// <summary>
/// Watches what one life of a replica hears: whoever hears two different votes of one signer for one view proves the double sign within that step. It asks for less than protocols
/// do, so that it needs to know nothing of what they keep: both votes come in a row among the signer's of that kind, of no view that is over, and of the highest that it heard of
/// this signer.
/// </summary>
/// <param name="rules">What replicas of the protocol may sign.</param>
/// <param name="verified">False where votes are counted before their signatures are checked: then the first of two may turn out false and be forgotten.</param>
/// <param name="unproved">Told of a contradiction that was not proved.</param>
internal sealed class ContradictionWatch(ImmutableArray<SigningRule> rules, bool verified, Action<string> unproved)
{
    private readonly Dictionary<(int Signer, StatementKind Kind), (Vote Last, View Highest, View Proved)> _heard = [];
    private readonly List<Evidence> _accused = [];

    /// <summary>A double sign was proved.</summary>
    public void Accuses(Evidence evidence)
    {
        Vote vote = evidence.First;
        _accused.Add(evidence);
        if (_heard.TryGetValue((vote.Signer.Value, vote.Statement.Kind), out (Vote Last, View Highest, View Proved) heard))
        {
            _heard[(vote.Signer.Value, vote.Statement.Kind)] = heard with { Proved = View.Max(heard.Proved, vote.Statement.View) };
        }
    }

    /// <summary>A step begins. The answer is the vote that must be proved to contradict another before it ends; null for none.</summary>
    /// <param name="input">What the protocol is told.</param>
    /// <param name="current">The view that it is in.</param>
    public Vote? Begins(Input input, Func<View> current)
    {
        _accused.Clear();
        if (!verified || input is not Input.Received { Message.CarriedVote: { } vote })
        {
            return null;
        }

        (int, StatementKind) key = (vote.Signer.Value, vote.Statement.Kind);
        View view = vote.Statement.View;
        if (!_heard.TryGetValue(key, out (Vote Last, View Highest, View Proved) heard))
        {
            _heard[key] = (vote, view, default);
            return null;
        }

        _heard[key] = heard with { Last = vote, Highest = View.Max(heard.Highest, view) };
        return IsContradiction(heard.Last.Statement, vote.Statement) && view >= heard.Highest && view > heard.Proved && view >= current() ? vote : null;
    }

    /// <summary>The step ends.</summary>
    public void Ends(Vote contradicting)
    {
        if (!_accused.Exists(evidence => evidence.First.Signer == contradicting.Signer && evidence.First.Statement.View == contradicting.Statement.View))
        {
            unproved($"replica {contradicting.Signer} contradicted itself by {contradicting.Statement}, which nobody proved");
        }
    }

    private bool IsContradiction(in Statement first, in Statement second)
    {
        if (first == second || first.View != second.View || first.Epoch != second.Epoch)
        {
            return false;
        }

        foreach (SigningRule rule in rules)
        {
            if (rule.Kind == first.Kind)
            {
                return !rule.PerSlot || first.Slot == second.Slot;
            }
        }

        return false;
    }
}
