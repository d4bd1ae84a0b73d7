using Bft.Crypto.Bls12381;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Threshold;

namespace Bft.Crypto.Tests.Sharing;

/// <summary>Shamir's sharing with Feldman's commitments: any quorum has the secret, and every share can be checked.</summary>
public sealed class SharingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    [InlineData(10, 7)]
    [InlineData(31, 21)]
    public void Any_quorum_of_shares_interpolates_to_the_key_of_the_group(int replicas, int quorum)
    {
        using Dealing dealing = Dealing.OfFreshSecret(replicas, quorum);
        var random = new Random(7);
        for (int round = 0; round < 5; round++)
        {
            int[] indices = [.. Enumerable.Range(1, replicas).OrderBy(_ => random.Next()).Take(quorum)];
            Assert.Equal(dealing.Commitments.GroupKey, G2Point.Multiply(G2Point.Generator, Interpolate(dealing, indices)));
        }

        if (quorum > 1)
        {
            Assert.NotEqual(dealing.Commitments.GroupKey, G2Point.Multiply(G2Point.Generator, Interpolate(dealing, [.. Enumerable.Range(1, quorum - 1)])));
        }
    }

    [Fact]
    public void Each_share_fits_the_commitments_at_its_own_index_and_at_no_other()
    {
        using Dealing dealing = Dealing.OfFreshSecret(5, 4);
        for (int index = 1; index <= 5; index++)
        {
            Scalar share = ShareOf(dealing, index);
            Assert.Equal(SharingRefusal.None, dealing.Commitments.Check(index, share));
            Assert.Equal(SharingRefusal.WrongShare, dealing.Commitments.Check(index, share + Scalar.One));
            Assert.Equal(SharingRefusal.WrongShare, dealing.Commitments.Check((index % 5) + 1, share));
            Assert.Equal(SharingRefusal.IndexOutOfRange, dealing.Commitments.Check(0, share));
        }
    }

    [Theory]
    [InlineData(SharingRefusal.DuplicateIndex, 1, 2, 1)]
    [InlineData(SharingRefusal.DuplicateIndex, 3, 3)]
    [InlineData(SharingRefusal.IndexOutOfRange, 0, 1)]
    [InlineData(SharingRefusal.IndexOutOfRange, 1, -2)]
    public void An_index_twice_or_at_the_secret_itself_is_refused(SharingRefusal expected, params int[] indices)
    {
        var weights = new Scalar[indices.Length];
        Array.Fill(weights, Scalar.One);
        Assert.Equal(expected, Lagrange.TryWeights(indices, weights));
        Assert.All(weights, weight => Assert.True(weight.IsZero));
    }

    [Fact]
    public void The_weights_of_a_constant_add_up_to_one()
    {
        var weights = new Scalar[100];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights([.. Enumerable.Range(1, 100)], weights));
        Assert.Equal(Scalar.One, weights.Aggregate(Scalar.Zero, (sum, weight) => sum + weight));
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights([], []));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(4, 5)]
    public void A_quorum_that_no_committee_has_is_a_bug_of_the_caller(int replicas, int quorum) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Dealing.OfFreshSecret(replicas, quorum));

    private static Scalar Interpolate(Dealing dealing, int[] indices)
    {
        var weights = new Scalar[indices.Length];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights(indices, weights));
        return indices.Select((index, i) => weights[i] * ShareOf(dealing, index)).Aggregate(Scalar.Zero, (sum, part) => sum + part);
    }

    private static Scalar ShareOf(Dealing dealing, int index)
    {
        using SecretKey key = dealing.ShareOf("consensus", index - 1);
        Assert.True(Scalar.TryRead(key.Seed, out Scalar share));
        return share;
    }
}
