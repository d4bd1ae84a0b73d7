using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;
using Bft.Engine.Tests.Scripting;
using Bft.Simulation;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.Certificates;

/// <summary>Certificates and votes that must count for nothing, against the real list of Ed25519 signatures and the simulated scheme.</summary>
public class CertificateScenarioTests
{
    public static TheoryData<string> Schemes => ["ed25519", "simulated"];

    [Theory]
    [MemberData(nameof(Schemes))]
    public void A_certificate_of_a_quorum_is_believed(string scheme)
    {
        var keys = new Keys(scheme, 4);
        Statement statement = Vote(keys.Chain, 5);
        Assert.True(keys.Claims.IsCertificate(keys.Certificate(statement, A, B, D)));
        Assert.True(keys.Claims.IsCertificate(keys.Certificate(statement, A, B, C, D)));
        Assert.False(keys.Claims.IsCertificate(keys.Certificate(statement, A, B)));
        Assert.False(keys.Claims.IsCertificate(new QuorumCertificate(statement, ReplicaSet.Empty, default)));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void O16_a_certificate_in_which_a_signer_counts_twice_is_refused(string scheme)
    {
        var keys = new Keys(scheme, 4);
        Statement statement = Vote(keys.Chain, 5);
        byte[] a = keys.Sign(A, statement);
        byte[] d = keys.Sign(D, statement);
        (ReplicaSet Signers, byte[] List)[] attempts =
        [
            (ReplicaSet.Of(A, D), [.. a, .. d, .. d]),
            (ReplicaSet.Of(A, D), [.. a, .. d]),
            (ReplicaSet.Of(A, B, D), [.. a, .. d, .. d]),
            (ReplicaSet.Of(A, B, D), [.. a, .. a, .. d]),
            (ReplicaSet.Of(B, C, D), [.. d, .. d, .. d]),
            (ReplicaSet.Of(D), [.. d, .. d, .. d]),
            (ReplicaSet.Of(A, B, D), [.. a, .. d]),
        ];
        foreach ((ReplicaSet signers, byte[] list) in attempts)
        {
            var certificate = new QuorumCertificate(statement, signers, list);
            Assert.False(keys.Claims.IsCertificate(certificate), $"{signers} with {list.Length} bytes");
            // A judge that counts entries believes most of them: the attempts are attacks.
        }

        Assert.Contains(attempts, attempt => CountsEntries(keys, statement, attempt.List));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void O16_votes_of_one_signer_count_once_whatever_their_bytes_and_the_first_one_stays(string scheme)
    {
        var keys = new Keys(scheme, 4);
        var collector = new VoteCollector(keys.Chain.Committee);
        Statement statement = Vote(keys.Chain, 5);
        var first = new Vote(statement, new ReplicaId(D), keys.Sign(D, statement));
        Assert.Equal(default, collector.Add(first));
        for (byte encoding = 0; encoding < 10; encoding++)
        {
            // As if the scheme had several valid byte strings for one signature.
            Assert.Equal(default, collector.Add(first with { Signature = new byte[] { encoding } }));
        }

        Assert.Equal(default, collector.Add(new Vote(statement, new ReplicaId(A), keys.Sign(A, statement))));
        Collected collected = collector.Add(new Vote(statement, new ReplicaId(B), keys.Sign(B, statement)));
        Assert.Equal([A, B, D], collected.Quorum.Select(vote => vote.Signer.Value).Order());
        Assert.True(collected.Quorum.Single(vote => vote.Signer.Value == D).Signature.Span.SequenceEqual(first.Signature.Span));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void O17_foreign_and_impossible_signers_are_refused_without_an_exception(string scheme)
    {
        var keys = new Keys(scheme, 4);
        var observer = new Keys(scheme, 5, seed: 9);
        Statement statement = Vote(keys.Chain, 5);
        byte[] good = keys.Sign(A, statement);
        foreach (int signer in new[] { 4, 5, 255, 511, 512, 65535, -1 })
        {
            Assert.False(keys.Claims.IsVote(new Vote(statement, new ReplicaId(signer), good)));
        }

        Assert.False(keys.Claims.IsVote(new Vote(statement, new ReplicaId(B), observer.Sign(B, statement))));
        Assert.False(keys.Claims.IsVote(new Vote(statement, new ReplicaId(B), default)));
        Assert.False(keys.Claims.IsVote(new Vote(statement, new ReplicaId(B), new byte[4096])));
        // An observer's own key, which the scheme knows and the committee does not.
        Assert.False(observer.Claims.IsVote(new Vote(statement, new ReplicaId(4), observer.Sign(4, statement))));
        Assert.False(observer.Claims.IsCertificate(observer.Certificate(statement, A, B, 4)));
        Assert.False(observer.Claims.IsCertificate(observer.Certificate(statement, A, B, C, 4)));
        byte[] three = [.. good, .. keys.Sign(B, statement), .. keys.Sign(C, statement)];
        foreach (int stranger in new[] { 4, 63, 64, 255, 511 })
        {
            Assert.False(keys.Claims.IsCertificate(new QuorumCertificate(statement, ReplicaSet.Of(A, B, stranger), three)));
            Assert.False(keys.Claims.IsCertificate(new QuorumCertificate(statement, ReplicaSet.Of(A, B, C, stranger), (byte[])[.. three, .. good])));
        }
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void O19_a_certificate_of_another_epoch_chain_protocol_or_kind_is_worth_nothing_here(string scheme)
    {
        var first = new Keys(scheme, 4);
        // The same keys in the next epoch, on another chain, under another protocol.
        Chain nextEpoch = On(first.Chain.Id, "hotstuff", 1);
        Chain otherChain = On(HashFunction.Sha256.Hash([99]), "hotstuff", 0);
        Chain otherProtocol = On(first.Chain.Id, "pbft", 0);
        QuorumCertificate timeout = first.Certificate(HotStuffMessages.TimeoutStatement(default, new View(5)), A, B, C);
        QuorumCertificate vote = first.Certificate(Vote(first.Chain, 5), A, B, C);
        Assert.True(first.Claims.IsCertificate(timeout) && first.Claims.IsCertificate(vote));
        foreach (Chain foreign in new[] { nextEpoch, otherChain, otherProtocol })
        {
            var claims = new Claims(foreign, first.Scheme, new VerifiedCache());
            foreach (QuorumCertificate certificate in new[] { timeout, vote })
            {
                Assert.False(claims.IsCertificate(certificate));
                // Nor with the context rewritten: it is inside the signed bytes.
                Statement rewritten = certificate.Statement with { Epoch = foreign.Committee.Epoch };
                Assert.False(claims.IsCertificate(new QuorumCertificate(rewritten, certificate.Signers, certificate.Signature)));
            }
        }

        // A shared cache of verdicts does not carry a verdict from one chain to another.
        var cache = new VerifiedCache();
        Assert.True(new Claims(first.Chain, first.Scheme, cache).IsCertificate(vote));
        Assert.False(new Claims(otherChain, first.Scheme, cache).IsCertificate(vote));
        Assert.False(new Claims(otherProtocol, first.Scheme, cache).IsCertificate(vote));

        // PREPARE presented as COMMIT, another view, slot or subject.
        Statement prepare = Vote(first.Chain, 5) with { Kind = StatementKind.Prepare };
        QuorumCertificate prepared = first.Certificate(prepare, A, B, C);
        Assert.True(first.Claims.IsCertificate(prepared));
        Statement[] other =
        [
            prepare with { Kind = StatementKind.Commit },
            prepare with { View = new View(6) },
            prepare with { Slot = new Height(2) },
            prepare with { Subject = first.Chain.GenesisBlock.Digest },
        ];
        foreach (Statement statement in other)
        {
            Assert.False(first.Claims.IsCertificate(new QuorumCertificate(statement, prepared.Signers, prepared.Signature)));
        }
    }

    [Fact]
    public void O19_a_certificate_of_the_wrong_kind_gets_past_no_message_of_the_edge()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, A, A, D]).Start();
        world.Flow(envelope => envelope.View <= 3);
        world.Name("X", 1);
        world.TimeOut(A, B, C);
        QuorumCertificate qc = world.Qc("X");
        QuorumCertificate tc = world.Tc(world[A].View);
        ulong view = world[A].View;
        Assert.Equal(0, world.Send(D, new CertificatesMessage(tc, null), A, B, C));
        Assert.Equal(0, world.Send(D, new CertificatesMessage(qc, qc), A, B, C));
        Assert.Equal(0, world.Send(D, new TimeoutMessage(world.Timeout(D, view).Timeout, tc, null), A, B, C));
        Assert.Equal(0, world.Send(D, new TimeoutMessage(world.Timeout(D, view).Timeout, qc, qc), A, B, C));
        Assert.Equal(0, world.Send(D, new VoteMessage(world.Timeout(D, view).Timeout), A, B, C));
        Assert.Equal(0, world.Send(D, new TimeoutMessage(world.Sign(D, HotStuffMessages.VoteStatement(world.Named("X"))), qc, null), A, B, C));
        // A timeout with a slot or a subject is none, and its certificate none.
        Statement odd = HotStuffMessages.TimeoutStatement(default, new View(view)) with { Slot = new Height(1) };
        Assert.Equal(0, world.Send(D, new TimeoutMessage(world.Sign(D, odd), qc, null), A, B, C));
        // The genesis certificate with anything changed is none.
        QuorumCertificate genesis = world.Chain.GenesisCertificate;
        Assert.Equal(3, world.Send(D, new CertificatesMessage(genesis, null), A, B, C));
        Assert.Equal(0, world.Send(D, new CertificatesMessage(new QuorumCertificate(genesis.Statement with { Subject = world.Named("X").Digest }, default, default), null), A, B, C));
        Assert.Equal(0, world.Send(D, new CertificatesMessage(new QuorumCertificate(genesis.Statement with { Slot = new Height(1) }, default, default), null), A, B, C));
        Assert.Equal(0, world.Send(D, new CertificatesMessage(genesis, new QuorumCertificate(genesis.Statement with { Kind = StatementKind.Timeout }, default, default)), A, B, C));
        Assert.All(world.Honest, replica => Assert.Equal(view, replica.View));
        Assert.True(world.Heals());
    }

    [Fact]
    public void A_proposal_is_believed_only_from_its_block_s_own_proposer()
    {
        ScriptedWorld world = new ScriptedWorld(4, [D], [A, D]).Start();
        world.Make("X", 1, "G", author: A);
        Block block = world.Named("X");
        var authorship = world.Sign(D, ProposalMessage.ProposalStatement(block));
        Assert.Equal(0, world.Send(D, new ProposalMessage(authorship, block, null), B, C));
        Assert.Equal(0, world.Send(D, new ProposalMessage(authorship with { Signer = new ReplicaId(A) }, block, null), B, C));
        // The right author, but not this view's leader: believed, and not voted for.
        world.Make("X", 1, "G", author: D);
        Assert.Equal(2, world.Propose("X", null, B, C));
        Assert.Empty(world.VotersOf("X"));
        // Relayed by another than the author is fine.
        world.Make("Y", 1, "G", author: A);
        var genuine = new ProposalMessage(world.ForgedVote(A, ProposalMessage.ProposalStatement(world.Named("Y"))), world.Named("Y"), null);
        Assert.Equal(1, world.Send(D, genuine, B));
        Assert.Equal([B], world.VotersOf("Y"));
    }

    private static Statement Vote(Chain chain, ulong view) =>
        new(StatementKind.Vote, chain.Committee.Epoch, new View(view), new Height(1), HashFunction.Sha256.Hash([1]));

    private static Chain On(Digest id, string protocol, ulong epoch) =>
        new(id, protocol, new Committee(4, epoch: new Epoch(epoch)), HashFunction.Sha256);

    // The mutation: whoever counts valid signatures in the list instead of signers.
    private static bool CountsEntries(Keys keys, Statement statement, byte[] list)
    {
        var message = new byte[Statement.SignedBytes];
        keys.Chain.WriteSigned(statement, message);
        int length = keys.Scheme.VoteSignatureBytes;
        int valid = 0;
        for (int i = 0; i + length <= list.Length; i += length)
        {
            valid += Enumerable.Range(0, 4).Any(signer => keys.Scheme.VerifyVote(signer, message, list.AsSpan(i, length))) ? 1 : 0;
        }

        return valid >= keys.Chain.Committee.QuorumSize;
    }

    private sealed class Keys
    {
        private readonly ISigner[] _signers;

        public Keys(string scheme, int size, byte seed = 1)
        {
            if (scheme == "simulated")
            {
                var fast = new FastScheme(size, seed);
                Scheme = fast;
                _signers = [.. Enumerable.Range(0, size).Select(fast.SignerOf)];
            }
            else
            {
                _signers = [.. Enumerable.Range(0, size).Select(id => Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)(id + 1), 31), seed]))];
                Scheme = CertificateSchemes.Create(scheme, [.. _signers.Select(signer => signer.PublicKey)]);
            }

            Chain = On(HashFunction.Sha256.Hash([7]), "hotstuff", 0);
            Claims = new Claims(Chain, Scheme, new VerifiedCache());
        }

        public Chain Chain { get; }

        public ICertificateScheme Scheme { get; }

        public Claims Claims { get; }

        public byte[] Sign(int signer, Statement statement)
        {
            var message = new byte[Statement.SignedBytes];
            Chain.WriteSigned(statement, message);
            var signature = new byte[Scheme.VoteSignatureBytes];
            _signers[signer].Sign(message, signature);
            return signature;
        }

        public QuorumCertificate Certificate(Statement statement, params int[] signers) =>
            new(statement, ReplicaSet.Of(signers), Scheme.Combine(signers, [.. signers.Select(signer => (ReadOnlyMemory<byte>)Sign(signer, statement))]));
    }
}
