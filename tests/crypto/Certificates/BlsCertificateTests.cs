using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;

namespace Bft.Crypto.Tests.Certificates;

/// <summary>What both BLS certificates have in common, and each of its own: four replicas, a quorum of three, one liar; and a larger committee with several.</summary>
public sealed class BlsCertificateTests
{
    private static readonly byte[] Message = "chain 1, view 7, block x"u8.ToArray();

    public static TheoryData<string> Both => ["bls", "bls-threshold"];

    private static BlsCommittee Committee(string name, int size = 4, int quorum = 3) =>
        name == "bls" ? BlsCommittee.Aggregated(size, quorum) : BlsCommittee.Shared(size, quorum);

    private static int[] Named(ICertificateScheme scheme, params int[] signers) => scheme.NamesSigners ? signers : [];

    [Theory]
    [MemberData(nameof(Both))]
    public void A_quorum_makes_a_certificate_of_48_bytes(string name)
    {
        BlsCommittee committee = Committee(name);
        ICertificateScheme scheme = committee.Scheme;
        Assert.Equal((name, 4, 48, 48, false, false, true), (scheme.Name, scheme.Replicas, scheme.VoteSignatureBytes, scheme.CertificateBytes(3), scheme.CombinesInline, scheme.IsList, scheme.ChecksVotesTogether));
        foreach (int[] signers in new int[][] { [0, 1, 2], [1, 2, 3], [0, 2, 3] })
        {
            CombinedVotes combined = scheme.TryCombine(signers, Message, committee.Votes(signers, Message));
            Assert.Equal(1, combined.Checks);
            Assert.Empty(combined.Liars);
            Assert.Equal(combined.Certificate, scheme.Combine(signers, committee.Votes(signers, Message)));
            Assert.True(scheme.VerifyCertificate(Named(scheme, signers), Message, combined.Certificate));
            Assert.False(scheme.VerifyCertificate(Named(scheme, signers), "another message"u8, combined.Certificate));
            Assert.All(signers, signer => Assert.True(scheme.VerifyVote(signer, Message, committee.Vote(signer, Message))));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Liars_are_named_whatever_they_send(string name)
    {
        BlsCommittee committee = Committee(name);
        byte[] good = committee.Vote(1, Message);
        byte[] infinity = new byte[48];
        infinity[0] = 0xC0;
        byte[][] lies =
        [
            committee.Vote(1, "another block"u8), committee.Vote(2, Message), BlsCommittee.Shifted(good, G1Point.Generator),
            BlsCommittee.Shifted(good, BlsCommittee.Torsion()), infinity, new byte[48], [.. Enumerable.Repeat((byte)0xFF, 48)], good[..47], [.. good, 0], [],
        ];
        foreach (byte[] lie in lies)
        {
            ReadOnlyMemory<byte>[] votes = [committee.Vote(0, Message), lie, committee.Vote(2, Message)];
            CombinedVotes combined = committee.Scheme.TryCombine([0, 1, 2], Message, votes);
            Assert.Null(combined.Certificate);
            Assert.Equal([1], combined.Liars.ToArray());
            Assert.InRange(combined.Checks, 1, 4);
            Assert.False(committee.Scheme.VerifyVote(1, Message, lie));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void A_few_liars_among_many_cost_a_logarithm_of_checks_each(string name)
    {
        BlsCommittee committee = Committee(name, 31, 21);
        int[] signers = [.. Enumerable.Range(5, 21)];
        foreach (int[] liars in new int[][] { [5], [25], [5, 25], [10, 11, 12], [6, 9, 14, 20, 24] })
        {
            ReadOnlyMemory<byte>[] votes = committee.Votes(signers, Message);
            foreach (int liar in liars)
            {
                votes[liar - 5] = committee.Vote(liar, "another block"u8);
            }

            CombinedVotes combined = committee.Scheme.TryCombine(signers, Message, votes);
            Assert.Null(combined.Certificate);
            Assert.Equal(liars, combined.Liars);
            Assert.True(combined.Checks <= 1 + (2 * liars.Length * 5), $"{combined.Checks} checks for {liars.Length} liars");
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Errors_of_two_liars_that_cancel_each_other_out_do_no_harm(string name)
    {
        BlsCommittee committee = Committee(name);
        ReadOnlyMemory<byte>[] votes =
        [
            BlsCommittee.Shifted(committee.Vote(0, Message), G1Point.Generator), BlsCommittee.Shifted(committee.Vote(1, Message), -G1Point.Generator), committee.Vote(2, Message),
        ];
        CombinedVotes combined = committee.Scheme.TryCombine([0, 1, 2], Message, votes);
        if (name == "bls")
        {
            // The sum is the same signature: a certificate like any other. The votes are lies all the same.
            Assert.True(committee.Scheme.VerifyCertificate([0, 1, 2], Message, combined.Certificate));
        }
        else
        {
            Assert.Equal([0, 1], combined.Liars.ToArray());
        }

        Assert.False(committee.Scheme.VerifyVote(0, Message, votes[0].Span));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Signers_twice_descending_unknown_or_too_few_are_refused(string name)
    {
        BlsCommittee committee = Committee(name);
        ICertificateScheme scheme = committee.Scheme;
        byte[] certificate = scheme.Combine([0, 1, 2], committee.Votes([0, 1, 2], Message));
        foreach (int[] signers in new int[][] { [0, 0, 1, 2], [0, 1, 1, 2], [2, 1, 0], [0, 1, 4], [-1, 0, 1, 2], [int.MinValue, 0, int.MaxValue] })
        {
            Assert.False(scheme.VerifyCertificate(signers, Message, certificate));
            ReadOnlyMemory<byte>[] votes = [.. signers.Select(_ => (ReadOnlyMemory<byte>)committee.Vote(0, Message))];
            Assert.Throws<ArgumentException>(() => scheme.Combine(signers, votes));
            Assert.Throws<ArgumentException>(() => scheme.TryCombine(signers, Message, votes));
        }

        Assert.Throws<ArgumentException>(() => scheme.TryCombine([], Message, []));
        Assert.Throws<ArgumentException>(() => scheme.TryCombine([0, 1, 2], Message, committee.Votes([0, 1], Message)));
        Assert.All(new[] { -1, 4, 511, int.MaxValue }, stranger => Assert.False(scheme.VerifyVote(stranger, Message, committee.Vote(0, Message))));
    }

    [Fact]
    public void A_signer_counts_once_in_an_aggregate_however_often_it_is_added()
    {
        BlsCommittee committee = BlsCommittee.Aggregated(4, 3);
        Assert.Equal(BlsRefusal.None, G1Point.Read(committee.Vote(3, Message), out G1Point d));
        Assert.Equal(BlsRefusal.None, G1Point.Read(committee.Vote(0, Message), out G1Point a));
        Assert.False(committee.Scheme.VerifyCertificate([0, 3, 3], Message, (a + d + d).ToBytes()));
        Assert.False(committee.Scheme.VerifyCertificate([0, 1, 3], Message, (a + d + d).ToBytes()));
        Assert.False(committee.Scheme.VerifyCertificate([3, 3, 3], Message, (d + d + d).ToBytes()));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void A_certificate_has_one_encoding_and_no_bytes_throw(string name)
    {
        BlsCommittee committee = Committee(name);
        ICertificateScheme scheme = committee.Scheme;
        byte[] certificate = scheme.Combine([0, 1, 2], committee.Votes([0, 1, 2], Message));
        int[] signers = Named(scheme, 0, 1, 2);
        Assert.False(scheme.VerifyCertificate(signers, Message, BlsCommittee.Shifted(certificate, BlsCommittee.Torsion())));
        Assert.False(scheme.VerifyCertificate(signers, Message, []));
        Assert.False(scheme.VerifyCertificate(signers, Message, certificate.AsSpan(0, 47)));
        Assert.False(scheme.VerifyCertificate(signers, Message, [.. certificate, 0]));
        for (int bit = 0; bit < 8 * 48; bit++)
        {
            byte[] flipped = [.. certificate];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(scheme.VerifyCertificate(signers, Message, flipped), $"bit {bit}");
        }
    }

    [Fact]
    public void An_aggregate_of_nobody_proves_nothing()
    {
        byte[] infinity = new byte[48];
        infinity[0] = 0xC0;
        Assert.False(BlsCommittee.Aggregated(4, 3).Scheme.VerifyCertificate([], Message, infinity));
        Assert.False(BlsCommittee.Shared(4, 3).Scheme.VerifyCertificate([], Message, infinity));
    }

    [Fact]
    public void A_threshold_certificate_is_the_same_whoever_signed_and_less_than_a_quorum_makes_none()
    {
        BlsCommittee committee = BlsCommittee.Shared(7, 5);
        Assert.Equal((false, 5), (committee.Scheme.NamesSigners, committee.Scheme.Threshold));
        byte[] one = committee.Scheme.Combine([0, 1, 2, 3, 4], committee.Votes([0, 1, 2, 3, 4], Message));
        byte[] other = committee.Scheme.Combine([0, 2, 4, 5, 6], committee.Votes([0, 2, 4, 5, 6], Message));
        Assert.Equal(one, other);
        Assert.Equal(one, committee.Scheme.Combine([0, 1, 2, 3, 4, 5, 6], committee.Votes([0, 1, 2, 3, 4, 5, 6], Message)));
        Assert.False(committee.Scheme.VerifyCertificate([0, 1, 2, 3, 4], Message, one));
        Assert.Throws<ArgumentException>(() => committee.Scheme.Combine([0, 1, 2, 3], committee.Votes([0, 1, 2, 3], Message)));

        // Four partial signatures, interpolated or added up as if they were all there is.
        G1Point[] four = [.. committee.Votes([0, 1, 2, 3], Message).Select(vote => G1Point.Read(vote.Span, out G1Point point) == BlsRefusal.None ? point : default)];
        var weights = new Scalar[4];
        Assert.Equal(Crypto.Threshold.SharingRefusal.None, Crypto.Threshold.Lagrange.TryWeights([1, 2, 3, 4], weights));
        Assert.False(committee.Scheme.VerifyCertificate([], Message, G1Point.MultiplySum(four, weights).ToBytes()));
        Assert.False(committee.Scheme.VerifyCertificate([], Message, G1Point.Sum(four).ToBytes()));
    }
}
