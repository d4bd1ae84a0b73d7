using System.Security.Cryptography;

namespace Bft.Crypto.Tests.Merkle;

public class Sha256LanesTests
{
    // Around every boundary of padding and block, the tree's own preimages (77, 83, 147 bytes) and a long one.
    private static readonly int[] Lengths =
        [0, 1, 3, 31, 32, 54, 55, 56, 57, 63, 64, 65, 77, 83, 96, 118, 119, 120, 121, 127, 128, 129, 147, 183, 184, 192, 256, 1000];

    public static TheoryData<Sha256LaneWidth> Widths => [.. Enum.GetValues<Sha256LaneWidth>()];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_batch_and_length_gives_the_digests_of_the_platform(Sha256LaneWidth width)
    {
        var random = new Random(20);
        foreach (int length in Lengths)
        {
            for (int batch = 0; batch <= 40; batch++)
            {
                var messages = new byte[batch * length];
                random.NextBytes(messages);
                var digests = new Digest[batch];
                Sha256Lanes.Hash(width, messages, length, digests);
                for (int i = 0; i < batch; i++)
                {
                    Digest expected = new(SHA256.HashData(messages.AsSpan(i * length, length)));
                    Assert.True(expected == digests[i], $"width {width}, length {length}, message {i} of {batch}");
                }
            }
        }
    }

    [Fact]
    public void The_path_chosen_is_one_of_the_three_and_hashes_alike()
    {
        Assert.Contains(Sha256Lanes.Widest, Enum.GetValues<Sha256LaneWidth>());
        var messages = new byte[64 * 33];
        new Random(21).NextBytes(messages);
        var chosen = new Digest[33];
        var scalar = new Digest[33];
        Sha256Lanes.Hash(messages, 64, chosen);
        Sha256Lanes.Hash(Sha256LaneWidth.Scalar, messages, 64, scalar);
        Assert.Equal(scalar, chosen);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void The_known_answer_of_abc_comes_out_of_every_lane(Sha256LaneWidth width)
    {
        // FIPS 180-4 example: SHA-256("abc").
        const string Expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        var digests = new Digest[16];
        Sha256Lanes.Hash(width, string.Concat(Enumerable.Repeat("abc", 16)).Select(letter => (byte)letter).ToArray(), 3, digests);
        Assert.All(digests, digest => Assert.Equal(Expected, digest.ToString()));
    }

    [Fact]
    public void Messages_that_do_not_fit_their_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Sha256Lanes.Hash(new byte[63], 64, new Digest[1]));
        Assert.Throws<ArgumentException>(() => Sha256Lanes.Hash(new byte[64], 64, new Digest[2]));
        Assert.Throws<ArgumentException>(() => Sha256Lanes.Hash([], -1, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sha256Lanes.Hash((Sha256LaneWidth)4, new byte[64], 64, new Digest[1]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_call_allocates_nothing(Sha256LaneWidth width)
    {
        var messages = new byte[65 * 40];
        var digests = new Digest[40];
        Sha256Lanes.Hash(width, messages, 65, digests);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Sha256Lanes.Hash(width, messages, 65, digests);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
