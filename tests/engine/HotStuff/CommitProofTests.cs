using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.HotStuff;
using Bft.Simulation;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>What convinces one who has no replica, and what must not.</summary>
public class CommitProofTests
{
    private static readonly FastScheme Scheme = new(4, 1);
    private static readonly Chain Chain = new(HashFunction.Sha256.Hash([3]), "hotstuff", new Committee(4), HashFunction.Sha256);
    private static readonly Claims Claims = new(Chain, Scheme, new VerifiedCache());

    [Theory]
    [InlineData(new ulong[] { 5, 6, 7 }, true)]
    [InlineData(new ulong[] { 1, 2, 4, 5, 6 }, true)]
    [InlineData(new ulong[] { 1, 7, 9, 10, 11 }, true)]
    [InlineData(new ulong[] { 5, 6, 8 }, false)]
    [InlineData(new ulong[] { 5, 7, 8 }, false)]
    [InlineData(new ulong[] { 1, 3, 4 }, false)]
    [InlineData(new ulong[] { 1, 2, 3, 4, 6 }, false)]
    [InlineData(new ulong[] { 5, 6 }, false)]
    [InlineData(new ulong[] { 5 }, false)]
    public void Three_consecutive_views_at_the_end_of_the_path_commit_all_below(ulong[] views, bool committed)
    {
        BlockHeader[] path = Path(views);
        Assert.Equal(committed, HotStuffCommit.IsCommitted(path[0], new CommitProof(Certificate(path[^1]), [.. path[1..]]), Claims));
    }

    [Fact]
    public void Any_change_to_the_path_or_the_certificate_is_refused()
    {
        BlockHeader[] path = Path([3, 5, 6, 7]);
        QuorumCertificate certificate = Certificate(path[^1]);
        ImmutableArray<BlockHeader> rest = [.. path[1..]];
        Assert.True(HotStuffCommit.IsCommitted(path[0], new CommitProof(certificate, rest), Claims));
        (string What, BlockHeader Header, CommitProof Proof)[] wrong =
        [
            ("another block", path[0] with { Time = 1 }, new CommitProof(certificate, rest)),
            ("no certificate", path[0], new CommitProof(null, rest)),
            ("no path", path[0], new CommitProof(certificate, [])),
            ("wrong parent", path[0], new CommitProof(certificate, rest.SetItem(1, rest[1] with { Parent = path[0].DigestOn(Chain) }))),
            ("a header left out", path[0], new CommitProof(certificate, rest.RemoveAt(0))),
            ("the end left out", path[0], new CommitProof(certificate, rest.RemoveAt(2))),
            ("a header twice", path[0], new CommitProof(certificate, rest.Insert(0, rest[0]))),
            ("a view changed", path[0], new CommitProof(certificate, rest.SetItem(0, rest[0] with { View = new View(4) }))),
            ("the last view changed", path[0], new CommitProof(certificate, rest.SetItem(2, rest[2] with { View = new View(8) }))),
            ("a height changed", path[0], new CommitProof(certificate, rest.SetItem(1, rest[1] with { Height = new Height(9) }))),
            ("another epoch", path[0], new CommitProof(certificate, rest.SetItem(1, rest[1] with { Epoch = new Epoch(1) }))),
            ("the certificate of one below", path[0], new CommitProof(Certificate(path[^2]), rest)),
            ("two signers", path[0], new CommitProof(Certificate(path[^1], 0, 1), rest)),
            ("an inflated view", path[0], new CommitProof(Inflated(certificate), rest)),
            ("another kind", path[0], new CommitProof(Signed(certificate.Statement with { Kind = StatementKind.Proposal }, 0, 1, 2), rest)),
            ("another slot", path[0], new CommitProof(Signed(certificate.Statement with { Slot = new Height(1) }, 0, 1, 2), rest)),
            ("another view, signed", path[0], new CommitProof(Signed(certificate.Statement with { View = new View(8) }, 0, 1, 2), rest)),
            ("genesis' certificate", path[0], new CommitProof(Chain.GenesisCertificate, rest)),
        ];
        Assert.All(wrong, attempt => Assert.False(HotStuffCommit.IsCommitted(attempt.Header, attempt.Proof, Claims), attempt.What));
    }

    [Fact]
    public void Views_stretched_over_a_hidden_gap_need_the_views_to_be_signed()
    {
        // Views 1, 3, 4 dressed up as 2, 3, 4: the first header's digest changes, and nothing links to it any more.
        BlockHeader[] path = Path([1, 3, 4]);
        Assert.False(HotStuffCommit.IsCommitted(path[0] with { View = new View(2) }, new CommitProof(Certificate(path[^1]), [.. path[1..]]), Claims));
    }

    [Fact]
    public void A_path_beyond_the_limit_is_refused()
    {
        var chain = new Chain(Chain.Id, "hotstuff", Chain.Committee, HashFunction.Sha256, new ChainLimits { MaxProofHeaders = 16 });
        var claims = new Claims(chain, Scheme, new VerifiedCache());
        foreach (int length in new[] { 16, 17 })
        {
            BlockHeader[] path = Path([.. Enumerable.Range(1, length + 1).Select(view => (ulong)view)]);
            Assert.Equal(length <= 16, HotStuffCommit.IsCommitted(path[0], new CommitProof(Certificate(path[^1]), [.. path[1..]]), claims));
        }
    }

    private static BlockHeader[] Path(ulong[] views)
    {
        var path = new BlockHeader[views.Length];
        Digest parent = Chain.GenesisBlock.Digest;
        for (int i = 0; i < views.Length; i++)
        {
            path[i] = new BlockHeader(default, new Height((ulong)i + 1), new View(views[i]), parent, default, default, default, 0);
            parent = path[i].DigestOn(Chain);
        }

        return path;
    }

    private static QuorumCertificate Certificate(BlockHeader header, params int[] signers) =>
        Signed(new Statement(StatementKind.Vote, header.Epoch, header.View, header.Height, header.DigestOn(Chain)), signers.Length == 0 ? [0, 1, 2] : signers);

    private static QuorumCertificate Inflated(QuorumCertificate certificate) =>
        new(certificate.Statement with { View = new View(100) }, certificate.Signers, certificate.Signature);

    private static QuorumCertificate Signed(Statement statement, params int[] signers)
    {
        var message = new byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, message);
        return new QuorumCertificate(statement, ReplicaSet.Of(signers), Scheme.Combine(signers, [.. signers.Select(signer =>
        {
            var signature = new byte[FastScheme.SignatureLength];
            Scheme.SignerOf(signer).Sign(message, signature);
            return (ReadOnlyMemory<byte>)signature;
        })]));
    }
}
