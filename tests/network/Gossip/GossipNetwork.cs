using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Mempool;
using Bft.Engine.Transport;
using Bft.Network.Gossip;

namespace Bft.Network.Tests.Gossip;

/// <summary>n validators' gossip over an in-memory transport that delivers when it is told to, on the test's thread.</summary>
internal sealed class GossipNetwork : IDisposable
{
    private readonly Queue<(int From, int To, ReadOnlyMemory<byte> Message)> _underWay = new();
    private readonly ISigner[] _signers;

    public GossipNetwork(int size, Func<GossipOptions, GossipOptions>? change = null, Func<Run, bool>? isSigned = null)
    {
        Chain = new Chain(HashFunction.Sha256.Hash("a chain"u8), "hotstuff", new Committee(size), HashFunction.Sha256, acceptUnsigned: true);
        _signers = [.. Enumerable.Range(0, size).Select(i => TestEd25519.NewSigner((byte)(i + 1)))];
        ImmutableArray<ReadOnlyMemory<byte>> keys = [.. _signers.Select(signer => signer.PublicKey)];
        var options = new GossipOptions { FirstSequence = 1000, Workers = 0 };
        options = change?.Invoke(options) ?? options;
        Meters = [.. Enumerable.Range(0, size).Select(_ => new Meter())];
        Pools = [.. Enumerable.Range(0, size).Select(_ => new Pool())];
        All = [.. Enumerable.Range(0, size).Select(i => new TransactionGossip(
            new GossipIdentity(Chain, new ReplicaId(i), _signers[i], keys),
            new Port(this, i),
            Pools[i],
            run =>
            {
                lock (Checked)
                {
                    Checked.Add((i, run.Digest));
                }

                return (isSigned ?? IsSigned)(run);
            },
            options,
            Time,
            meter: Meters[i],
            trust: run => Trusted.Add((i, run.Digest)),
            leaders: () => Leaders))];
    }

    public Chain Chain { get; }

    public ManualTime Time { get; } = new();

    public TransactionGossip[] All { get; }

    public Pool[] Pools { get; }

    public Meter[] Meters { get; }

    /// <summary>Who checked which run's client signature.</summary>
    public List<(int Validator, Digest Run)> Checked { get; } = [];

    /// <summary>Who took which run on the word of others.</summary>
    public List<(int Validator, Digest Run)> Trusted { get; } = [];

    /// <summary>Everything that was ever sent.</summary>
    public List<(int From, int To, byte[] Message)> Sent { get; } = [];

    /// <summary>Validators that take nothing and hand on nothing.</summary>
    public HashSet<int> Silent { get; } = [];

    /// <summary>Who leads now and next, as all validators believe.</summary>
    public (ReplicaId? Now, ReplicaId? Next) Leaders { get; set; }

    /// <summary>A run whose "signature" is its last command: what the tests' check of client signatures looks at.</summary>
    public Run RunOf(int client, ulong first, int bytes = 10)
    {
        var name = new byte[32];
        BitConverter.TryWriteBytes(name, client);
        var command = new byte[bytes];
        BitConverter.TryWriteBytes(command, first);
        return Run.WithoutSignature(Chain, name, first, [command, HashFunction.Sha256.Hash(command).ToArray()]);
    }

    public static bool IsSigned(Run run) =>
        run.Count == 2 && run.Commands[1].Span.SequenceEqual(HashFunction.Sha256.Hash(run.Commands[0].Span).ToArray());

    /// <summary>A batch as its origin would make it.</summary>
    public byte[] BatchOf(int origin, ulong sequence, params Run[] runs) =>
        GossipBatch.Sign(Chain, _signers[origin], new ReplicaId(origin), sequence, runs).Message.ToArray();

    /// <summary>The same content under another member's signature.</summary>
    public byte[] Resigned(byte[] batch, int signer)
    {
        byte[] forged = [.. batch];
        _signers[signer].Sign(Chain.SignedContent(Preimage.Gossip, forged.AsSpan(2, forged.Length - 66)), forged.AsSpan(forged.Length - 64));
        return forged;
    }

    /// <summary>Delivers until nothing is under way.</summary>
    public void Settle()
    {
        while (_underWay.TryDequeue(out (int From, int To, ReadOnlyMemory<byte> Message) next))
        {
            if (!Silent.Contains(next.To) && !Silent.Contains(next.From))
            {
                All[next.To].OnMessage(new ReplicaId(next.From), next.Message);
            }
        }
    }

    public void Dispose()
    {
        foreach (TransactionGossip gossip in All)
        {
            gossip.Dispose();
        }

        foreach (ISigner signer in _signers)
        {
            signer.Dispose();
        }
    }

    /// <summary>A pool that keeps the digests it was given, in order.</summary>
    internal sealed class Pool : ITransactionPool
    {
        private readonly Lock _lock = new();
        private readonly List<Digest> _runs = [];

        public PoolAnswer WhenNew { get; set; } = PoolAnswer.Added;

        /// <summary>Called with every run that is offered, before it is kept.</summary>
        public Action? Offering { get; set; }

        public Peers.Recorder<Digest> Offered { get; } = new();

        public Peers.Recorder<Digest> AttestedRuns { get; } = new();

        public Digest[] Runs
        {
            get
            {
                lock (_lock)
                {
                    return [.. _runs];
                }
            }
        }

        public int Transactions => Load ?? Runs.Length;

        /// <summary>What the pool says of its load; null for the truth.</summary>
        public int? Load { get; set; }

        /// <summary>Runs that are in no block.</summary>
        public HashSet<Digest> InNoBlock { get; } = [];

        public bool Waits(Run run) => InNoBlock.Contains(run.Digest);

        public void Attested(IReadOnlyList<Run> runs) => Array.ForEach([.. runs], run => AttestedRuns.Add(run.Digest));

        public PoolAnswer Add(Run run, TimeSpan? unattestedFor = null)
        {
            Offering?.Invoke();
            PoolAnswer answer;
            lock (_lock)
            {
                answer = _runs.Contains(run.Digest) ? PoolAnswer.Duplicate : WhenNew;
                if (answer == PoolAnswer.Added)
                {
                    _runs.Add(run.Digest);
                }
            }

            Offered.Add(run.Digest);
            return answer;
        }
    }

    /// <summary>What one validator's gossip cost.</summary>
    internal sealed class Meter : IMeter
    {
        public long Messages { get; private set; }

        public long Bytes { get; private set; }

        public long Made { get; private set; }

        public long Checked { get; private set; }

        public void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
        {
            Assert.Equal((TrafficClass.Gossip, Phase.Steady, kind == GossipBatch.Kind ? 1 : 0), (traffic, phase, authenticators));
            Messages++;
            Bytes += bytes;
        }

        public void Signed(int signatures) => Made += signatures;

        public void Verified(int signatures) => Checked += signatures;
    }

    private sealed class Port(GossipNetwork network, int from) : ITransport
    {
        public void Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message)
        {
            Assert.Equal(TrafficClass.Gossip, traffic);
            Assert.NotEqual(from, to.Value);
            lock (network.Sent)
            {
                network.Sent.Add((from, to.Value, message.ToArray()));
                network._underWay.Enqueue((from, to.Value, message));
            }
        }
    }
}
