using System.Runtime.InteropServices;
using Bft.Crypto;
using Bft.Crypto.Merkle;

namespace Bft.Engine.Execution;

/// <summary>
/// The sessions of all clients, part of the replicated state: what makes every transaction execute once, however often it is sent,
/// ordered or replayed. A sequence is new (executed now), executed (answered with its first height and result) or at or below
/// the client's floor (<see cref="ReceiptCodes.Forgotten"/>, never executed). Sequences may be skipped; a skipped one blocks nobody.
/// </summary>
/// <remarks>
/// Each session's hash, H(chain id, <see cref="Preimage.Session"/>, its encoding), is the value of its client's id in a
/// <see cref="BucketTree"/>, whose root is a part of the state root. Written by the executor's thread; the public methods may be called by any.
/// </remarks>
public sealed class Sessions
{
    private readonly Lock _gate = new();
    private readonly Chain _chain;
    private readonly DigestComparer _comparer;
    private readonly List<SessionInterval> _executed = [];
    private readonly List<SessionInterval> _scratch = [];
    private readonly ReceiptBuilder _answers = new();
    private Dictionary<Digest, Session> _sessions;
    private BucketTree _tree = new(new BucketTreeOptions { History = 1 });
    private byte[] _buffer = new byte[512];

    internal Sessions(Chain chain, DigestComparer comparer, SessionRules rules)
    {
        _chain = chain;
        _comparer = comparer;
        Rules = rules;
        _sessions = new Dictionary<Digest, Session>(comparer);
    }

    /// <summary>How many clients have a session.</summary>
    public int Clients
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>What is executed, answered and refused.</summary>
    internal SessionRules Rules { get; }

    /// <summary>The root of the sessions' tree.</summary>
    internal Digest Root => _tree.Root;

    /// <summary>Whether nothing of a run is left to execute: every sequence was executed or is forgotten.</summary>
    public bool IsExecuted(Run run)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(run.Client, out Session? session))
            {
                return false;
            }

            for (ulong sequence = run.First; sequence <= run.Last;)
            {
                SessionPart part = session.Look(sequence, run.Last);
                if (part.Kind == SessionPartKind.New)
                {
                    return false;
                }

                sequence = part.Last + 1;
            }

            return true;
        }
    }

    /// <summary>The receipts of sequences that have nothing left to execute; null when one of them is new, or the range is none.</summary>
    /// <param name="client">The client.</param>
    /// <param name="first">The first sequence, at least 1.</param>
    /// <param name="count">How many, at least 1 and at most <see cref="ChainLimits.MaxRunTransactions"/>.</param>
    /// <returns>What the execution of such a run now would answer: one receipt for each height, in the order of the sequences.</returns>
    public IReadOnlyList<Receipt>? Find(Digest client, ulong first, int count)
    {
        if (first == 0 || count < 1 || count > _chain.Limits.MaxRunTransactions || first > ulong.MaxValue - (ulong)count)
        {
            return null;
        }

        ulong last = first + (ulong)count - 1;
        lock (_gate)
        {
            if (!_sessions.TryGetValue(client, out Session? session))
            {
                return null;
            }

            _answers.Clear();
            _answers.Begin(client, first);
            for (ulong sequence = first; sequence <= last;)
            {
                SessionPart part = session.Look(sequence, last);
                switch (part.Kind)
                {
                    case SessionPartKind.Executed:
                        _answers.Add(part.Interval, sequence, part.Last);
                        break;
                    case SessionPartKind.Forgotten:
                        _answers.Add(0, ReceiptCodes.Forgotten, (int)(part.Last - sequence + 1));
                        break;
                    default:
                        return null;
                }

                sequence = part.Last + 1;
            }

            _answers.End();
            return [.. _answers.Receipts];
        }
    }

    /// <summary>The session of a client; null when it has none. For the executor's thread.</summary>
    internal Session? SessionOf(Digest client) => _sessions.GetValueOrDefault(client);

    /// <summary>Makes room for a new client in the tree; false when its bucket is full. The block at hand must give it a session.</summary>
    internal bool TryAdmit(Digest client) => _tree.TrySet(client, Digest.None);

    /// <summary>Takes over what a block executed and returns the new root.</summary>
    internal Digest Apply(BlockPlan plan, Height height)
    {
        if (plan.Touched.Count == 0)
        {
            return _tree.Root;
        }

        foreach (TouchedClient touched in plan.Touched)
        {
            touched.WriteIntervals(height.Value, plan.Codes, ref _buffer, _executed);
            Session session = touched.Session ?? new Session();
            lock (_gate)
            {
                session.Add(CollectionsMarshal.AsSpan(_executed), Rules.Intervals(_chain.Limits), _scratch);
                if (touched.Session is null)
                {
                    _sessions.Add(touched.Client, session);
                }
            }

            if (!_tree.TrySet(touched.Client, HashOf(session)))
            {
                throw new InvalidOperationException($"Client {touched.Client} was admitted and has no place in the tree of sessions.");
            }
        }

        return _tree.Commit(height.Value);
    }

    /// <summary>Starts without sessions.</summary>
    internal void Reset()
    {
        if (_sessions.Count > 0 || _tree.Count > 0 || _tree.Version > 0)
        {
            Replace(new Dictionary<Digest, Session>(_comparer), new BucketTree(new BucketTreeOptions { History = 1 }));
        }
    }

    /// <summary>Writes all sessions: a proof that tells the size of the tree, then each client with its session, ascending.</summary>
    internal void Write(SnapshotWriter writer)
    {
        if (!_tree.TryProve(Digest.None, _tree.Version, out MerkleProof? shape))
        {
            throw new InvalidOperationException("The newest version of the tree of sessions cannot be proved.");
        }

        writer.Bytes(shape.ToArray());
        foreach (TreeEntry entry in _tree.Entries)
        {
            writer.Digest(entry.KeyHash);
            int length = _sessions[entry.KeyHash].Encode(ref _buffer);
            writer.Bytes(_buffer.AsSpan(0, length));
        }
    }

    /// <summary>Replaces all sessions by those of a snapshot.</summary>
    /// <param name="reader">The snapshot.</param>
    /// <param name="root">The root it must have.</param>
    /// <param name="height">The snapshot's height.</param>
    /// <exception cref="InvalidDataException">The snapshot is malformed or has another root; the sessions are as before.</exception>
    internal void Read(SnapshotReader reader, Digest root, Height height)
    {
        if (MerkleProof.Decode(reader.Bytes(MerkleProof.MaximumEncodedBytes, "a proof of the sessions"), out MerkleProof? shape) != MerkleProofFault.None ||
            !shape!.Verify(root, Digest.None, out _))
        {
            throw new InvalidDataException("The snapshot's sessions are not those of its root: the proof of their number does not hold.");
        }

        var sessions = new Dictionary<Digest, Session>(_comparer);
        BucketTree tree = BucketTree.Load(ReadEntries(reader, shape.Count, height, sessions), shape.Depth, height.Value, new BucketTreeOptions { History = 1 });
        if (tree.Root != root)
        {
            throw new InvalidDataException($"The snapshot's sessions have the root {tree.Root.ToShortString()} instead of {root.ToShortString()}.");
        }

        Replace(sessions, tree);
    }

    private IEnumerable<TreeEntry> ReadEntries(SnapshotReader reader, long count, Height height, Dictionary<Digest, Session> sessions)
    {
        int limit = _chain.Limits.SessionIntervals;
        for (long i = 0; i < count; i++)
        {
            Digest client = reader.Digest();
            byte[] encoded = reader.Bytes(Session.MaxEncodedBytes(limit), "a session");
            Session? session = Session.Decode(encoded, limit, height.Value);
            if (session is null || !sessions.TryAdd(client, session))
            {
                throw new InvalidDataException($"The snapshot's session of client {client} is malformed or there twice.");
            }

            yield return new TreeEntry(client, _chain.DigestOf(Preimage.Session, encoded));
        }
    }

    private void Replace(Dictionary<Digest, Session> sessions, BucketTree tree)
    {
        lock (_gate)
        {
            _sessions = sessions;
            _tree = tree;
        }
    }

    private Digest HashOf(Session session)
    {
        int length = session.Encode(ref _buffer);
        return _chain.DigestOf(Preimage.Session, _buffer.AsSpan(0, length));
    }
}
