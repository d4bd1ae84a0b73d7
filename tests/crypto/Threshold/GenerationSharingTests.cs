using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;

namespace Bft.Crypto.Tests.Sharing;

/// <summary>What a generation without a dealer is made of: hiding commitments, derived dealings, sealed shares, rebuilt polynomials, resharing.</summary>
public sealed class GenerationSharingTests
{
    private const int Quorum = 3;
    private const int Receivers = 4;

    // Printed by this implementation, whose hash to the curve is judged by the vectors of RFC 9380: it may never change.
    private const string GoldenBase =
        "a1eda93c262104f8b838cf29c1396f226db49d7f6348224f2dceddde45bcef810846e283fdeca0aadec15f5d9fec9f5a014397b64766e29caa2fe2e0ed42e21a89ef5eac0032d0e1ab588a2732822bbb4c82bb4f4b3054e76ef3e72bcf7028d4";

    [Fact]
    public void The_second_generator_is_the_documented_hash()
    {
        Assert.True(PedersenBase.H.ToString() == GoldenBase, PedersenBase.H.ToString());
        Assert.Equal(G2Point.Hash("second generator of Pedersen commitments"u8, "BFT-KEYGEN-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"u8), PedersenBase.H);
        Assert.NotEqual(G2Point.Generator, PedersenBase.H);
    }

    [Fact]
    public void Each_share_fits_the_hiding_and_the_extracted_commitments_at_its_own_index_only()
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(Seed(1), Quorum);
        PedersenCommitments hiding = dealing.CommitHiding();
        Commitments extracted = dealing.Commit();
        for (int index = 1; index <= Receivers; index++)
        {
            PedersenShare share = dealing.At(index);
            Assert.Equal(SharingRefusal.None, hiding.Check(index, share));
            Assert.Equal(SharingRefusal.None, extracted.Check(index, share.Value));
            Assert.Equal(SharingRefusal.WrongShare, hiding.Check((index % Receivers) + 1, share));
            Assert.Equal(SharingRefusal.WrongShare, hiding.Check(index, share with { Value = share.Value + Scalar.One }));
            Assert.Equal(SharingRefusal.WrongShare, hiding.Check(index, share with { Blinding = share.Blinding + Scalar.One }));
        }

        Assert.Equal(SharingRefusal.IndexOutOfRange, hiding.Check(0, dealing.At(1)));
    }

    [Fact]
    public void An_extraction_is_proved_for_its_dealing_and_context_only_and_any_flipped_bit_is_refused()
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(Seed(1), Quorum), other = SeededDealing.OfFreshSecret(Seed(2), Quorum);
        byte[] context = [1, 2, 3], proof = dealing.ProveExtraction(Seed(1), context);
        Assert.Equal(ExtractionProof.Bytes, proof.Length);
        Assert.Equal(proof, dealing.ProveExtraction(Seed(1), context));
        Assert.NotEqual(proof[32..64], dealing.ProveExtraction(Seed(1), [1, 2, 4])[32..64]);
        Assert.True(ExtractionProof.Verify(proof, context, dealing.CommitHiding(), dealing.Commit()));
        Assert.False(ExtractionProof.Verify(proof, [1, 2, 4], dealing.CommitHiding(), dealing.Commit()));
        Assert.False(ExtractionProof.Verify(proof, context, other.CommitHiding(), dealing.Commit()));
        Assert.False(ExtractionProof.Verify(proof, context, dealing.CommitHiding(), other.Commit()));
        Assert.False(ExtractionProof.Verify(other.ProveExtraction(Seed(2), context), context, dealing.CommitHiding(), other.Commit()));
        Assert.False(ExtractionProof.Verify(proof.AsSpan(1), context, dealing.CommitHiding(), dealing.Commit()));
        for (int bit = 0; bit < 8 * proof.Length; bit += 7)
        {
            byte[] flipped = [.. proof];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(ExtractionProof.Verify(flipped, context, dealing.CommitHiding(), dealing.Commit()));
        }
    }

    [Fact]
    public void A_seed_deals_the_same_again_and_another_seed_something_else()
    {
        using SeededDealing first = SeededDealing.OfFreshSecret(Seed(1), Quorum), again = SeededDealing.OfFreshSecret(Seed(1), Quorum), other = SeededDealing.OfFreshSecret(Seed(2), Quorum);
        Assert.Equal(first.CommitHiding().Encode(), again.CommitHiding().Encode());
        Assert.NotEqual(first.CommitHiding().Encode(), other.CommitHiding().Encode());
        Assert.NotEqual(first.At(1).Value, first.At(1).Blinding);
    }

    [Fact]
    public void Shares_of_several_dealers_sum_up_to_the_key_of_the_sum_of_their_commitments()
    {
        SeededDealing[] dealers = [.. Enumerable.Range(1, 3).Select(i => SeededDealing.OfFreshSecret(Seed(i), Quorum))];
        var sum = Commitments.Sum([.. dealers.Select(dealer => dealer.Commit())]);
        int[] indices = [4, 1, 3];
        Scalar[] shares = [.. indices.Select(index => dealers.Aggregate(Scalar.Zero, (total, dealer) => total + dealer.At(index).Value))];
        for (int i = 0; i < indices.Length; i++)
        {
            Assert.Equal(SharingRefusal.None, sum.Check(indices[i], shares[i]));
        }

        Assert.Equal(sum.ToBytes(), Commitments.OfRevealed(indices, shares).ToBytes());
        Assert.Equal(sum.GroupKey, G2Point.Multiply(G2Point.Generator, Lagrange.Coefficients(indices, shares)[0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Revealed_shares_rebuild_the_commitments_of_their_dealer(int quorum)
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(Seed(9), quorum);
        int[] indices = [.. Enumerable.Range(2, quorum)];
        Assert.Equal(dealing.Commit().ToBytes(), Commitments.OfRevealed(indices, [.. indices.Select(index => dealing.At(index).Value)]).ToBytes());
    }

    [Fact]
    public void Resharing_to_another_committee_keeps_the_key_and_fits_the_new_commitments()
    {
        using SeededDealing old = SeededDealing.OfFreshSecret(Seed(1), Quorum);
        int[] holders = [1, 2, 4];
        const int newQuorum = 5;
        SeededDealing[] dealt = [.. holders.Select(index => SeededDealing.OfShare(Seed(10 + index), newQuorum, old.At(index).Value))];
        var commitments = Commitments.Interpolate(holders, [.. dealt.Select(one => one.Commit())]);
        Assert.Equal(old.Commit().GroupKey, commitments.GroupKey);
        Assert.Equal(newQuorum, commitments.Quorum);
        var weights = new Scalar[holders.Length];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights(holders, weights));
        for (int index = 1; index <= 7; index++)
        {
            Scalar share = Scalar.Zero;
            for (int i = 0; i < holders.Length; i++)
            {
                share += weights[i] * dealt[i].At(index).Value;
            }

            Assert.Equal(SharingRefusal.None, commitments.Check(index, share));
        }

        Assert.NotEqual(old.Commit().KeyAt(1), commitments.KeyAt(1));
    }

    [Fact]
    public void A_sealed_share_opens_for_its_receiver_and_context_and_any_flipped_bit_is_refused()
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(Seed(1), Quorum);
        using ShareBox sender = ShareBox.ToSeal(Seed(1)), receiver = ShareBox.ToReceive(Seed(2)), stranger = ShareBox.ToReceive(Seed(3));
        byte[] context = [1, 2, 3];
        byte[] sealedShare = sender.Seal(receiver.PublicKey.Span, context, dealing.At(2));
        Assert.Equal(ShareBox.SealedBytes, sealedShare.Length);
        Assert.True(receiver.TryOpen(sender.PublicKey.Span, context, sealedShare, out PedersenShare share));
        Assert.Equal(dealing.At(2), share);
        Assert.False(receiver.TryOpen(sender.PublicKey.Span, [1, 2, 4], sealedShare, out _));
        Assert.False(receiver.TryOpen(stranger.PublicKey.Span, context, sealedShare, out _));
        Assert.False(stranger.TryOpen(sender.PublicKey.Span, context, sealedShare, out _));
        Assert.False(receiver.TryOpen(sender.PublicKey.Span, context, sealedShare.AsSpan(1), out _));
        for (int bit = 0; bit < 8 * sealedShare.Length; bit++)
        {
            byte[] flipped = [.. sealedShare];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(receiver.TryOpen(sender.PublicKey.Span, context, flipped, out _));
        }
    }

    [Fact]
    public void Keys_that_agree_with_nobody_are_none()
    {
        using ShareBox box = ShareBox.ToReceive(Seed(1));
        Assert.True(ShareBox.IsPublicKey(box.PublicKey.Span));
        Assert.False(ShareBox.IsPublicKey(new byte[32]));
        Assert.False(ShareBox.IsPublicKey(new byte[31]));
    }

    [Fact]
    public void Bytes_that_are_no_commitments_or_shares_are_refused_with_a_reason()
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(Seed(1), Quorum);
        byte[] encoded = dealing.CommitHiding().Encode();
        Assert.Equal(encoded, PedersenCommitments.TryRead(encoded, Quorum, out string? reason)!.Encode());
        Assert.Null(reason);
        Assert.Null(PedersenCommitments.TryRead(encoded, Quorum - 1, out reason));
        Assert.Contains("wrong degree", reason, StringComparison.Ordinal);
        Assert.Null(PedersenCommitments.TryRead([.. encoded.AsSpan(0, 192), .. G2Point.Identity.ToBytes()], Quorum, out reason));
        Assert.Contains("commitment 2 is refused", reason, StringComparison.Ordinal);
        encoded[5] ^= 1;
        Assert.Null(PedersenCommitments.TryRead(encoded, Quorum, out reason));
        Assert.Contains("commitment 0 is refused", reason, StringComparison.Ordinal);
        var share = new byte[PedersenShare.Bytes];
        dealing.At(1).Write(share);
        Assert.True(PedersenShare.TryRead(share, out PedersenShare read));
        Assert.Equal(dealing.At(1), read);
        share.AsSpan(0, 32).Fill(0xFF);
        Assert.False(PedersenShare.TryRead(share, out _));
        Assert.False(PedersenShare.TryRead(share.AsSpan(1), out _));
    }

    private static byte[] Seed(int number) => [.. Enumerable.Repeat((byte)number, 32)];
}
