using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;
using Bft.Engine.HotStuff;
using Bft.Engine.Transport;
using Bft.Simulation;

namespace Bft.Engine.Tests.Certificates;

/// <summary>Four replicas of chained HotStuff with their edges under a real certificate scheme, on a network that loses nothing, in time that a test turns by hand.</summary>
internal sealed class SchemeCluster : IClock
{
    private readonly Queue<Action> _mail = [];
    private readonly Queue<Action> _express = [];

    public SchemeCluster(ICertificateScheme scheme, params ISigner[] signers)
    {
        Chain = new Chain(HashFunction.Sha256.Hash([3]), HotStuffProtocol.Descriptor.Name, new Committee(signers.Length), HashFunction.Sha256, acceptUnsigned: true);
        Claims = new Claims(Chain, scheme, new VerifiedCache());
        Members = [.. signers.Select((signer, id) => new Member(this, new ReplicaId(id), scheme, signer))];
        foreach (Member member in Members)
        {
            member.Replica.Start(new CommittedBlock(Chain.GenesisBlock, new CommitProof(null, [])), []);
        }
    }

    public Chain Chain { get; }

    public Claims Claims { get; }

    public Member[] Members { get; }

    /// <summary>Whose messages overtake everyone's: its votes are in every first quorum. Null for nobody's.</summary>
    public ReplicaId? Fastest { get; init; }

    public TimeSpan Now { get; private set; }

    public ulong UnixMilliseconds => 1_700_000_000_000 + (ulong)Now.TotalMilliseconds;

    /// <summary>Keeps work waiting at every replica until all have committed that many blocks; returns the highest view reached.</summary>
    public ulong RunTo(ulong height)
    {
        ulong sequence = 0;
        while (Members.Any(member => member.Replica.CommittedHeight.Value < height))
        {
            Assert.True(Now < TimeSpan.FromMinutes(5), $"stuck at heights {string.Join(", ", Members.Select(member => member.Replica.CommittedHeight))}");
            if (Members.All(member => member.Pool.Transactions == 0))
            {
                Run run = Run.WithoutSignature(Chain, new byte[32], ++sequence, [new byte[] { (byte)sequence }]);
                Array.ForEach(Members, member => member.Pool.Add(run));
            }

            foreach (Member member in Members)
            {
                while (member.Replica.Turn())
                {
                }
            }

            if (_express.TryDequeue(out Action? deliver) || _mail.TryDequeue(out deliver))
            {
                deliver();
            }
            else
            {
                Now += TimeSpan.FromMilliseconds(20);
            }
        }

        return Members.Max(member => member.Replica.Status.View.Value);
    }

    internal sealed class Member : ITransport, IMeter, IExecution, IReplicaObserver
    {
        private readonly SchemeCluster _cluster;
        private readonly MemoryLedger _ledger;

        public Member(SchemeCluster cluster, ReplicaId id, ICertificateScheme scheme, ISigner signer)
        {
            _cluster = cluster;
            Id = id;
            Chain chain = cluster.Chain;
            _ledger = new MemoryLedger(chain);
            Pool = new SimplePool(chain, cluster);
            var voter = new Voter(chain, id, signer, HotStuffProtocol.Descriptor.Signing);
            var ports = new ReplicaPorts(chain, id, HotStuffProtocol.Descriptor, voter, new MemoryJournal(), _ledger, Pool, this, this, cluster, this, this, scheme);
            Replica = new Replica(ports, new HotStuffProtocol(new ProtocolContext(chain, id, voter, new ProtocolOptions())));
            Edge = new Edge(ports, cluster.Claims, Replica);
        }

        public ReplicaId Id { get; }

        public SimplePool Pool { get; }

        public Replica Replica { get; }

        public Edge Edge { get; }

        public List<string> Alarms { get; } = [];

        public List<Evidence> Evidence { get; } = [];

        public List<QuorumCertificate> Certificates { get; } = [];

        public int Refused { get; private set; }

        public int Checks { get; private set; }

        void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message) => (Id == _cluster.Fastest ? _cluster._express : _cluster._mail).Enqueue(() =>
        {
            Member receiver = _cluster.Members[to.Value];
            receiver.Refused += receiver.Edge.OnMessage(Id, message) == EdgeVerdict.Refused ? 1 : 0;
        });

        void IExecution.Enqueue(CommittedBlock block)
        {
            _ledger.Append(block);
            var writer = new CanonicalWriter();
            writer.Digest(block.Block.Header.PayloadRoot);
            Replica.Executed(new StatePoint(block.Block.Height, _cluster.Chain.DigestOf(Preimage.StateRoot, writer.Span), _ledger.ChainDigest));
            Replica.LedgerFlushed(_ledger.Height);
        }

        void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
        {
        }

        void IMeter.Signed(int signatures)
        {
        }

        void IMeter.Verified(int signatures) => Checks += signatures;

        void IReplicaObserver.Committed(CommittedBlock block) =>
            Assert.True(HotStuffProtocol.Descriptor.CommitRule(block.Block.Header, block.Proof, _cluster.Claims));

        void IReplicaObserver.Certified(QuorumCertificate certificate) => Certificates.Add(certificate);

        void IReplicaObserver.Entered(View view, ReplicaId? leader)
        {
        }

        void IReplicaObserver.Accused(Evidence evidence) => Evidence.Add(evidence);

        void IReplicaObserver.Alarm(ReplicaAlarm alarm, string detail) => Alarms.Add($"{alarm}: {detail}");

        void IReplicaObserver.VotingResumed(View above)
        {
        }
    }
}
