using System.Collections.Immutable;

namespace Bft.Engine.Shared;

/// <summary>What became of a vote that was handed to a <see cref="VoteCollector"/>.</summary>
/// <param name="Quorum">The votes of a quorum over one statement, given exactly once; else default.</param>
/// <param name="Evidence">Proof that the signer contradicted itself; else null.</param>
public readonly record struct Collected(ImmutableArray<Vote> Quorum, Evidence? Evidence);

/// <summary>
/// Counts votes that are verified, or will be when a certificate is built of them: distinct signers by number (never by signature bytes), a contradiction becomes evidence and does not
/// displace the first vote, a quorum is reported once. Bounded a signer, so that a flood evicts only the flooder's own votes.
/// </summary>
public class VoteCollector
{
    /// <summary>How many votes of one signer are kept unless told otherwise.</summary>
    public const int DefaultPerSigner = 16;

    private readonly Committee _committee;
    private readonly int _perSigner;
    private readonly bool _perSlot;
    private readonly SortedList<Key, Tally> _tallies = [];
    private readonly SortedSet<Key>[] _bySigner;

    /// <summary>Makes a collector.</summary>
    /// <param name="committee">Whose votes count.</param>
    /// <param name="perSigner">How many votes of one signer are kept; the lowest views go first.</param>
    /// <param name="perSlot">
    /// True when each slot has its own sequence of views (PBFT): statements of one view contradict each other within a slot only. False when a view has one statement,
    /// whatever its slot (HotStuff): two blocks of one view at different heights are a contradiction too. As in the protocol's <see cref="SigningRule"/>.
    /// </param>
    public VoteCollector(Committee committee, int perSigner = DefaultPerSigner, bool perSlot = true)
    {
        _committee = committee;
        _perSigner = perSigner;
        _perSlot = perSlot;
        _bySigner = new SortedSet<Key>[committee.Size];
        for (int i = 0; i < _bySigner.Length; i++)
        {
            _bySigner[i] = [];
        }
    }

    /// <summary>How many votes are kept, of all signers; never more than n times the most of one.</summary>
    public virtual int Count
    {
        get
        {
            int count = 0;
            foreach (SortedSet<Key> mine in _bySigner)
            {
                count += mine.Count;
            }

            return count;
        }
    }

    /// <summary>Counts a vote that <see cref="IClaims.MayCount"/> let through.</summary>
    public virtual Collected Add(in Vote vote)
    {
        if (!_committee.Contains(vote.Signer))
        {
            return default;
        }

        var key = KeyOf(vote.Statement);
        SortedSet<Key> mine = _bySigner[vote.Signer.Value];
        if (_tallies.TryGetValue(key, out Tally? tally) && tally.Votes.TryGetValue(vote.Signer.Value, out Vote first))
        {
            // Once a signer and view: a flood of contradictions proves nothing more.
            return first.Statement == vote.Statement || !(tally.Accused ??= []).Add(vote.Signer.Value) ? default : new Collected(default, new Evidence(first, vote));
        }

        if (mine.Count >= _perSigner)
        {
            if (key.CompareTo(mine.Min) <= 0)
            {
                return default;
            }

            Remove(mine.Min, vote.Signer.Value);
        }

        if (tally is null || !_tallies.ContainsKey(key))
        {
            tally = new Tally();
            _tallies[key] = tally;
        }

        mine.Add(key);
        tally.Votes.Add(vote.Signer.Value, vote);
        return new Collected(tally.Reported ? default : QuorumOf(tally, vote.Statement), null);
    }

    /// <summary>
    /// Takes back votes that turned out false, so that later ones of the same signers may take their place.
    /// </summary>
    /// <returns>The votes of a quorum that is there even so; it is reported again, also if it was before. Else default.</returns>
    public ImmutableArray<Vote> Refuse(Statement statement, ReplicaSet signers)
    {
        var key = KeyOf(statement);
        if (!_tallies.TryGetValue(key, out Tally? tally))
        {
            return default;
        }

        foreach (int signer in signers.ToArray())
        {
            if (tally.Votes.TryGetValue(signer, out Vote vote) && vote.Statement == statement)
            {
                Remove(key, signer);
            }
        }

        tally.Reported = false;
        return QuorumOf(tally, statement);
    }

    private Key KeyOf(in Statement statement) => new(statement.View.Value, (byte)statement.Kind, _perSlot ? statement.Slot.Value : 0);

    /// <summary>Forgets the votes of views below <paramref name="view"/>.</summary>
    public virtual void ForgetBelow(View view)
    {
        while (_tallies.Count > 0)
        {
            Key lowest = _tallies.GetKeyAtIndex(0);
            if (lowest.View >= view.Value)
            {
                return;
            }

            SortedList<int, Vote> forgotten = _tallies.GetValueAtIndex(0).Votes;
            for (int i = 0; i < forgotten.Count; i++)
            {
                _bySigner[forgotten.GetKeyAtIndex(i)].Remove(lowest);
            }

            _tallies.RemoveAt(0);
        }
    }

    private ImmutableArray<Vote> QuorumOf(Tally tally, Statement statement)
    {
        ReplicaSet signers = ReplicaSet.Empty;
        for (int i = 0; i < tally.Votes.Count; i++)
        {
            if (tally.Votes.GetValueAtIndex(i).Statement == statement)
            {
                signers = signers.With(new ReplicaId(tally.Votes.GetKeyAtIndex(i)));
            }
        }

        if (!_committee.IsQuorum(signers))
        {
            return default;
        }

        tally.Reported = true;
        return [.. tally.Votes.Values.Where(vote => vote.Statement == statement)];
    }

    private void Remove(Key key, int signer)
    {
        _bySigner[signer].Remove(key);
        Tally tally = _tallies[key];
        tally.Votes.Remove(signer);
        if (tally.Votes.Count == 0)
        {
            _tallies.Remove(key);
        }
    }

    private sealed class Tally
    {
        public SortedList<int, Vote> Votes { get; } = [];

        public HashSet<int>? Accused { get; set; }

        public bool Reported { get; set; }
    }

    private readonly record struct Key(ulong View, byte Kind, ulong Slot) : IComparable<Key>
    {
        public int CompareTo(Key other)
        {
            int order = View.CompareTo(other.View);
            order = order != 0 ? order : Kind.CompareTo(other.Kind);
            return order != 0 ? order : Slot.CompareTo(other.Slot);
        }
    }
}
