namespace Bft.Engine;

/// <summary>
/// Who was caught with a vote that its key did not sign, while votes were counted before they were checked (<see cref="CountedClaims"/>). A suspect's votes are checked one
/// by one from then on, and after each further lie more of them are dropped unseen: a liar costs its search once, and next to nothing in later views.
/// </summary>
/// <remarks>
/// Only what came from the signer itself over its own link is held against it, so no honest replica is ever a suspect. One that was repaired is: its good votes count as
/// anyone's, at the price of a check each. Thread-safe; local, forgotten at restart.
/// </remarks>
public sealed class Suspects
{
    /// <summary>The most votes in a row that are dropped unseen.</summary>
    public const int MostIgnored = 32;

    private readonly Lock _lock = new();
    private readonly int[] _lies;
    private readonly int[] _ignored;

    /// <summary>Suspects nobody.</summary>
    /// <param name="replicas">How many there are.</param>
    public Suspects(int replicas)
    {
        _lies = new int[replicas];
        _ignored = new int[replicas];
    }

    /// <summary>True when the replica was caught.</summary>
    public bool Contains(ReplicaId replica) => Volatile.Read(ref _lies[replica.Value]) > 0;

    /// <summary>The replica was caught.</summary>
    public void Add(ReplicaId replica)
    {
        lock (_lock)
        {
            int lies = ++_lies[replica.Value];

            // The next vote after the first lie is looked at; then 1, 2, 4, … are not.
            _ignored[replica.Value] = lies == 1 ? 0 : Math.Min(MostIgnored, 1 << Math.Min(lies - 2, 30));
        }
    }

    /// <summary>Whether to look at a suspect's vote; no is also counted down here.</summary>
    public bool IsWorthACheck(ReplicaId replica)
    {
        lock (_lock)
        {
            if (_ignored[replica.Value] == 0)
            {
                return true;
            }

            _ignored[replica.Value]--;
            return false;
        }
    }

    /// <summary>A suspect's vote was good: it is suspected as after its first lie.</summary>
    public void Behaved(ReplicaId replica)
    {
        lock (_lock)
        {
            _lies[replica.Value] = Math.Min(_lies[replica.Value], 1);
        }
    }
}
