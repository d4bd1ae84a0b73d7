using System.Collections.Immutable;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Certificates;

/// <summary>Keys, proofs and commitments from outside are refused with whose they are and why, before a key counts.</summary>
public sealed class CommitteeKeyTests
{
    private static readonly BlsCommittee Own = BlsCommittee.Aggregated(4, 3);
    private static readonly BlsCommittee Dealt = BlsCommittee.Shared(4, 3);

    private static KeyRefusal Refused(string scheme, CommitteeKeys keys)
    {
        Assert.Null(CertificateSchemes.TryCreate(scheme, keys, null, out KeyRefusal? refusal));
        return refusal!;
    }

    private static CommitteeKeys WithKey(CommitteeKeys keys, int replica, byte[] key) => keys with { PublicKeys = keys.PublicKeys.SetItem(replica, key) };

    private static CommitteeKeys WithProof(int replica, byte[] proof) => Own.Keys with { Possessions = Own.Keys.Possessions.SetItem(replica, proof) };

    [Fact]
    public void O18_a_rogue_key_is_refused_and_its_aggregate_would_have_passed()
    {
        // D knows g^x and registers it minus the sum of A's and B's keys: for A, B and D together it then signs alone.
        BlsScheme<G2Point, G1Point> bls = BlsSchemes.MinimalSignatures;
        using BlsSecretKey x = BlsSecretKey.FromSeed(BlsCommittee.SeedOf(99));
        Assert.Equal(BlsRefusal.None, bls.ReadKey(Own.Keys.PublicKeys[0].Span, out G2Point a));
        Assert.Equal(BlsRefusal.None, bls.ReadKey(Own.Keys.PublicKeys[1].Span, out G2Point b));
        G2Point rogue = bls.PublicKey(x) + -(a + b);
        byte[] message = "a block that A and B never saw"u8.ToArray();
        Assert.Equal(BlsRefusal.None, bls.FastAggregateVerify([a, b, rogue], message, bls.Sign(x, message)));

        // What it can show for its key: nothing, another's proof, its own for g^x, a vote on its key, and a signature by x over the rogue key.
        byte[][] proofs =
        [
            [], Own.Keys.Possessions[0].ToArray(), bls.ProvePossession(x).ToBytes(), bls.Sign(x, rogue.ToBytes()).ToBytes(), G1Point.Multiply(G1Point.Hash(rogue.ToBytes(), bls.ProofTag.Span), x.Number).ToBytes(),
        ];
        foreach (byte[] proof in proofs)
        {
            KeyRefusal refusal = Refused("bls", WithKey(WithProof(3, proof), 3, rogue.ToBytes()));
            Assert.Equal(3, refusal.Replica);
            Assert.Contains("possession", refusal.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_vote_for_one_s_key_is_no_proof_of_possession_and_a_proof_is_no_vote()
    {
        byte[] key = Own.Keys.PublicKeys[2].ToArray();
        Assert.Equal("its proof of possession is refused: the proof of possession is not one of this key", Refused("bls", WithProof(2, Own.Vote(2, key))).Reason);
        Assert.False(Own.Scheme.VerifyVote(2, key, Own.Keys.Possessions[2].Span));
    }

    [Fact]
    public void Keys_are_refused_with_whose_they_are_and_why()
    {
        byte[] identity = new byte[96], outside = OutsideG2();
        identity[0] = 0xC0;
        (byte[] Key, string Reason)[] bad =
        [
            ([], "wrong length"), (new byte[32], "wrong length"), (identity, "the identity"), (new byte[96], "flag bits"), ([.. Enumerable.Repeat((byte)0x9F, 96)], "not canonical"),
            (outside, "not in the subgroup"), (NotOnCurve(), "not on the curve"),
        ];
        foreach ((byte[] key, string reason) in bad)
        {
            foreach ((string scheme, CommitteeKeys keys) in new[] { ("bls", Own.Keys), ("bls-threshold", Dealt.Keys) })
            {
                KeyRefusal refusal = Refused(scheme, WithKey(keys, 1, key));
                Assert.Equal(1, refusal.Replica);
                Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
            }
        }

        Assert.Equal(2, Refused("bls", WithKey(Own.Keys, 2, Own.Keys.PublicKeys[0].ToArray())).Replica);
        Assert.Null(Refused("bls", new CommitteeKeys([], 1)).Replica);
    }

    [Fact]
    public void Proofs_are_refused_with_whose_they_are_and_why()
    {
        byte[] identity = new byte[48];
        identity[0] = 0xC0;
        (byte[] Proof, string Reason)[] bad =
        [
            ([], "without a proof"), (new byte[47], "wrong length"), (identity, "the identity"), (Own.Keys.Possessions[0].ToArray(), "not one of this key"),
            (BlsCommittee.Shifted(Own.Keys.Possessions[1].ToArray(), BlsCommittee.Torsion()), "not in the subgroup"),
        ];
        foreach ((byte[] proof, string reason) in bad)
        {
            KeyRefusal refusal = Refused("bls", WithProof(1, proof));
            Assert.Equal(1, refusal.Replica);
            Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(0, Refused("bls", Own.Keys with { Possessions = [] }).Replica);
        Assert.Equal(3, Refused("bls", Own.Keys with { Possessions = Own.Keys.Possessions.RemoveAt(3) }).Replica);
    }

    [Fact]
    public void Commitments_of_another_degree_or_another_polynomial_are_refused()
    {
        ImmutableArray<ReadOnlyMemory<byte>> commitments = Dealt.Keys.Commitments;
        byte[] identity = new byte[96];
        identity[0] = 0xC0;
        ReadOnlyMemory<byte> none = identity;
        Assert.Contains("wrong degree", Refused("bls-threshold", Dealt.Keys with { Commitments = [] }).Reason, StringComparison.Ordinal);
        Assert.Contains("wrong degree", Refused("bls-threshold", Dealt.Keys with { Commitments = commitments.RemoveAt(2) }).Reason, StringComparison.Ordinal);
        Assert.Contains("wrong degree", Refused("bls-threshold", Dealt.Keys with { Commitments = commitments.Add(commitments[0]) }).Reason, StringComparison.Ordinal);
        Assert.Contains("commitment 2 is refused: the identity", Refused("bls-threshold", Dealt.Keys with { Commitments = commitments.SetItem(2, none) }).Reason, StringComparison.Ordinal);
        Assert.Contains("commitment 0", Refused("bls-threshold", Dealt.Keys with { Commitments = commitments.SetItem(0, OutsideG2()) }).Reason, StringComparison.Ordinal);
        Assert.Contains("wrong degree", Refused("bls-threshold", Dealt.Keys with { Quorum = 2 }).Reason, StringComparison.Ordinal);

        // Another's commitments explain nobody's key; one wrong key is named.
        Assert.Equal(0, Refused("bls-threshold", Dealt.Keys with { Commitments = BlsCommittee.Shared(4, 3).Keys.Commitments }).Replica);
        KeyRefusal foreign = Refused("bls-threshold", WithKey(Dealt.Keys, 2, Own.Keys.PublicKeys[2].ToArray()));
        Assert.Equal(2, foreign.Replica);
        Assert.Contains("not the one of its share", foreign.Reason, StringComparison.Ordinal);

        // Swapped shares are both at the wrong index.
        ImmutableArray<ReadOnlyMemory<byte>> keys = Dealt.Keys.PublicKeys;
        Assert.Equal(0, Refused("bls-threshold", Dealt.Keys with { PublicKeys = keys.SetItem(0, keys[1]).SetItem(1, keys[0]) }).Replica);
    }

    [Fact]
    public void What_a_scheme_does_not_use_must_not_be_there()
    {
        Assert.Equal(0, Refused("bls-threshold", Dealt.Keys with { Possessions = Own.Keys.Possessions }).Replica);
        Assert.Contains("does not use", Refused("bls", Own.Keys with { Commitments = Dealt.Keys.Commitments }).Reason, StringComparison.Ordinal);
        using ISigner signer = Keys.GenerateSigner(SignatureSchemes.Ed25519);
        var ed25519 = new CommitteeKeys([signer.PublicKey], 1);
        Assert.NotNull(CertificateSchemes.TryCreate("ed25519", ed25519, null, out _));
        Assert.Equal(0, Refused("ed25519", ed25519 with { Possessions = [new byte[1]] }).Replica);
        Assert.Contains("does not use", Refused("ed25519", ed25519 with { Commitments = [new byte[1]] }).Reason, StringComparison.Ordinal);
    }

    // The first x whose point is on the curve but not in the subgroup, which nearly all are not.
    private static byte[] OutsideG2() => FirstKey(BlsRefusal.NotInSubgroup);

    private static byte[] NotOnCurve() => FirstKey(BlsRefusal.NotOnCurve);

    private static byte[] FirstKey(BlsRefusal wanted)
    {
        for (byte x = 1; ; x++)
        {
            var encoded = new byte[96];
            encoded[0] = 0x80;
            encoded[95] = x;
            if (G2Point.Read(encoded, out _) == wanted)
            {
                return encoded;
            }
        }
    }
}
