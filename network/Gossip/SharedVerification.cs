using Bft.Engine;

namespace Bft.Network.Gossip;

/// <summary>
/// Client signatures checked by f+1 validators instead of all: one of them is honest, so what they all found good is good. The origin of a batch is one, the f
/// validators after it on the circle check it too and tell all others, which wait for that; whoever waits too long checks for itself.
/// </summary>
/// <remarks>
/// <para>
/// Safe whatever validators do: a run counts as checked only when the origin and f others, each over its own link, say so, and a validator that
/// did not hear that, or gets the run in a proposal before, checks it itself. A lie of up to f validators therefore never gets through, and their silence costs time only:
/// a batch waits as long as those that check it are heard of and have not vouched for a later one of its origin (they go in order: they left it out), and not
/// beyond <see cref="GossipOptions.AttestationLimit"/>. Who leaves out more than a third of its batches is not waited for any more, and the next on the circle takes its
/// place, until it speaks again.
/// </para>
/// <para>Bounded: in bytes of batches that wait for each origin, in attestations for each validator. Thread-safe.</para>
/// </remarks>
internal sealed class SharedVerification
{
    /// <summary>How often running a validator may fail to attest before it is not waited for.</summary>
    public const int Patience = 3;

    // What a missing attestation counts against a validator; one that came counts 1 for it.
    private const int Miss = 2;

    /// <summary>How many attestations of one validator are remembered that came before their batch.</summary>
    private const int EarlyAttestations = 1024;

    private readonly Lock _lock = new();
    private readonly int _self;
    private readonly int _others;
    private readonly int _bound;
    private readonly TimeSpan _deadline;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly Dictionary<GossipAttestation, Waiting> _waiting = [];
    private readonly Queue<Waiting>[] _byAge;
    private readonly long[] _waitingBytes;
    private readonly Early[] _early;
    private readonly int[] _late;
    private readonly long[] _heard;

    // By attester and origin: the latest batch it vouched for.
    private readonly ulong[,] _vouched;

    /// <summary>Begins with nobody late.</summary>
    /// <param name="size">n.</param>
    /// <param name="self">Our number.</param>
    /// <param name="verifiers">f+1.</param>
    /// <param name="options">The bound and the deadline.</param>
    /// <param name="time">The clock of deadlines.</param>
    public SharedVerification(int size, ReplicaId self, int verifiers, GossipOptions options, TimeProvider time)
    {
        _self = self.Value;
        _others = verifiers - 1;
        _bound = options.MaxWaitingBytes;
        _deadline = options.AttestationDeadline;
        _limit = options.AttestationLimit;
        _time = time;
        _waitingBytes = new long[size];
        _early = [.. Enumerable.Range(0, size).Select(_ => new Early())];
        _byAge = [.. Enumerable.Range(0, size).Select(_ => new Queue<Waiting>())];
        _late = new int[size];
        _vouched = new ulong[size, size];
        _heard = [.. Enumerable.Repeat(time.GetTimestamp(), size)];
    }

    /// <summary>Whether this validator is one of those that check an origin's batches.</summary>
    public bool IsOurs(ReplicaId origin)
    {
        lock (_lock)
        {
            return Verifiers(origin).Contains(new ReplicaId(_self));
        }
    }

    /// <summary>Those that check an origin's batches, the origin itself not among them.</summary>
    public ReplicaSet VerifiersOf(ReplicaId origin)
    {
        lock (_lock)
        {
            return Verifiers(origin);
        }
    }

    /// <summary>Begins to wait for a batch that somebody else checks.</summary>
    /// <returns>What is to be done with it now: trust it, as enough have vouched for it; check it, as too much waits; or nothing yet.</returns>
    public VerificationStep Add(in GossipBatch batch, Run[] runs, out bool first)
    {
        var key = new GossipAttestation(batch.Origin, batch.Sequence, batch.Digest);
        lock (_lock)
        {
            first = false;
            ReplicaSet attesters = ReplicaSet.Empty;
            for (int i = 0; i < _early.Length; i++)
            {
                attesters = _early[i].Contains(key) ? attesters.With(new ReplicaId(i)) : attesters;
            }

            if (attesters.Count >= _others)
            {
                return VerificationStep.Trust;
            }

            if (_waitingBytes[batch.Origin.Value] + batch.Message.Length > _bound)
            {
                return VerificationStep.Check;
            }

            first = _waiting.Count == 0;
            var waiting = new Waiting(key, batch, runs, Verifiers(batch.Origin), _time.GetTimestamp()) { Attesters = attesters };
            _waiting.Add(key, waiting);
            _byAge[batch.Origin.Value].Enqueue(waiting);
            _waitingBytes[batch.Origin.Value] += batch.Message.Length;
            return VerificationStep.Wait;
        }
    }

    /// <summary>A validator vouches for a batch.</summary>
    /// <returns>The runs that can be trusted now; null when there are none.</returns>
    public Waiting? Attest(ReplicaId attester, in GossipAttestation attestation)
    {
        if (attester == attestation.Origin)
        {
            return null;
        }

        lock (_lock)
        {
            _late[attester.Value] = Math.Max(0, _late[attester.Value] - 1);
            _heard[attester.Value] = _time.GetTimestamp();
            ref ulong vouched = ref _vouched[attester.Value, attestation.Origin.Value];
            vouched = Math.Max(vouched, attestation.Sequence);
            if (!_waiting.TryGetValue(attestation, out Waiting? waiting))
            {
                _early[attester.Value].Add(attestation, EarlyAttestations);
                return null;
            }

            waiting.Attesters = waiting.Attesters.With(attester);
            return waiting.Attesters.Count >= _others ? Remove(waiting) : null;
        }
    }

    /// <summary>
    /// The oldest batch that nobody vouched for in time, to be checked here; null when there is none, and then when to look again, null for not at all. One at a time, since
    /// checking takes time in which others may be vouched for.
    /// </summary>
    public Waiting? TakeOverdue(out TimeSpan? next)
    {
        next = null;
        lock (_lock)
        {
            // Each origin by itself: whom one waits for is nothing to another.
            foreach (Queue<Waiting> waiting in _byAge)
            {
                while (waiting.TryPeek(out Waiting? oldest))
                {
                    if (oldest.Gone)
                    {
                        waiting.Dequeue();
                    }
                    else if (Left(oldest) is var left && left > TimeSpan.Zero)
                    {
                        next = next < left ? next : left;
                        break;
                    }
                    else
                    {
                        waiting.Dequeue();
                        CountMisses(oldest);
                        return Remove(oldest);
                    }
                }
            }
        }

        return null;
    }

    private void CountMisses(Waiting waiting)
    {
        foreach (int verifier in waiting.Expected.ToArray())
        {
            _late[verifier] = Math.Min(2 * Patience * Miss, _late[verifier] + (waiting.Attesters.Contains(new ReplicaId(verifier)) ? 0 : Miss));
        }
    }

    // Whoever is missing may have much to check: it is waited for while it is heard of, unless it went past this batch.
    private TimeSpan Left(Waiting waiting)
    {
        long from = waiting.Since;
        foreach (int verifier in waiting.Expected.ToArray())
        {
            if (waiting.Attesters.Contains(new ReplicaId(verifier)))
            {
                continue;
            }

            if (_vouched[verifier, waiting.Key.Origin.Value] > waiting.Key.Sequence)
            {
                return TimeSpan.Zero;
            }

            from = Math.Max(from, _heard[verifier]);
        }

        TimeSpan quiet = _deadline - _time.GetElapsedTime(from);
        TimeSpan ever = _limit - _time.GetElapsedTime(waiting.Since);
        return quiet < ever ? quiet : ever;
    }

    private Waiting Remove(Waiting waiting)
    {
        waiting.Gone = true;
        _waiting.Remove(waiting.Key);
        _waitingBytes[waiting.Key.Origin.Value] -= waiting.Batch.Message.Length;
        return waiting;
    }

    // The first f after the origin that are not late. Who is late follows from what each saw itself: where views differ, more check than need to.
    private ReplicaSet Verifiers(ReplicaId origin)
    {
        ReplicaSet verifiers = ReplicaSet.Empty;
        for (int step = 1; step < _late.Length && verifiers.Count < _others; step++)
        {
            int candidate = (origin.Value + step) % _late.Length;
            if (candidate == _self || _late[candidate] < Patience * Miss)
            {
                verifiers = verifiers.With(new ReplicaId(candidate));
            }
        }

        return verifiers;
    }

    /// <summary>A batch that waits for attestations.</summary>
    internal sealed class Waiting(GossipAttestation key, GossipBatch batch, Run[] runs, ReplicaSet expected, long since)
    {
        public GossipAttestation Key { get; } = key;

        public GossipBatch Batch { get; } = batch;

        public Run[] Runs { get; } = runs;

        public ReplicaSet Expected { get; } = expected;

        public long Since { get; } = since;

        public ReplicaSet Attesters { get; set; }

        public bool Gone { get; set; }
    }

    /// <summary>Attestations of one validator that came before their batches; the oldest go.</summary>
    private sealed class Early
    {
        private readonly HashSet<GossipAttestation> _set = [];
        private readonly Queue<GossipAttestation> _order = new();

        public bool Contains(in GossipAttestation attestation) => _set.Contains(attestation);

        public void Add(in GossipAttestation attestation, int bound)
        {
            if (!_set.Add(attestation))
            {
                return;
            }

            _order.Enqueue(attestation);
            if (_order.Count > bound)
            {
                _set.Remove(_order.Dequeue());
            }
        }
    }
}

/// <summary>What is to be done with the runs of a batch.</summary>
internal enum VerificationStep
{
    /// <summary>Check them here.</summary>
    Check,

    /// <summary>Wait: others check them.</summary>
    Wait,

    /// <summary>Take them: enough vouched for them.</summary>
    Trust,
}
