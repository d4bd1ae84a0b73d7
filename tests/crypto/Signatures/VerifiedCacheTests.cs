using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Signatures;

public sealed class VerifiedCacheTests
{
    /// <summary>A scheme that counts its work and accepts a signature equal to the message.</summary>
    private sealed class CountingScheme : ISignatureScheme
    {
        public int Verifications { get; private set; }

        public string Name => "counting";

        public byte Code => 200;

        public int PublicKeyBytes => 1;

        public int SignatureBytes => 1;

        public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => true;

        public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
        {
            Verifications++;
            return message.SequenceEqual(signature);
        }

        public ISigner CreateSigner(ReadOnlySpan<byte> seed) => throw new NotSupportedException();
    }

    [Fact]
    public void A_valid_signature_is_verified_once()
    {
        var scheme = new CountingScheme();
        var cache = new VerifiedCache();

        Assert.True(cache.Verify(scheme, [1], [7], [7]));
        Assert.True(cache.Verify(scheme, [1], [7], [7]));
        Assert.True(cache.Verify(((ISignatureScheme)scheme).CreateVerifier([1])!, [7], [7]));

        Assert.Equal(1, scheme.Verifications);
        Assert.Equal((2, 1, 1), (cache.Hits, cache.Misses, cache.Count));
    }

    [Fact]
    public void An_invalid_signature_is_never_kept()
    {
        var scheme = new CountingScheme();
        var cache = new VerifiedCache();

        Assert.False(cache.Verify(scheme, [1], [7], [8]));
        Assert.False(cache.Verify(scheme, [1], [7], [8]));

        Assert.Equal(2, scheme.Verifications);
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Another_key_message_signature_or_scheme_is_another_entry()
    {
        var cache = new VerifiedCache();
        byte[] key = [1, 2, 3];
        byte[] message = [4, 5, 6];
        byte[] signature = [7, 8, 9];
        cache.Add(cache.KeyOf(1, key, message, signature));

        Assert.True(cache.Contains(cache.KeyOf(1, key, message, signature)));
        Assert.False(cache.Contains(cache.KeyOf(2, key, message, signature)));
        Assert.False(cache.Contains(cache.KeyOf(1, [1, 2, 0], message, signature)));
        Assert.False(cache.Contains(cache.KeyOf(1, key, [4, 5, 0], signature)));
        Assert.False(cache.Contains(cache.KeyOf(1, key, message, [7, 8, 0])));
    }

    [Fact]
    public void The_same_bytes_split_elsewhere_are_another_entry()
    {
        var cache = new VerifiedCache();
        cache.Add(cache.KeyOf(1, [1, 2], [5, 6], [3, 4]));

        Assert.False(cache.Contains(cache.KeyOf(1, [1], [5, 6], [2, 3, 4])));
        Assert.False(cache.Contains(cache.KeyOf(1, [1, 2, 3], [5, 6], [4])));
        Assert.False(cache.Contains(cache.KeyOf(1, [1, 2], [4, 5, 6], [3])));
        Assert.False(cache.Contains(cache.KeyOf(1, [1, 2], [6], [3, 4, 5])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(900)]
    [InlineData(1024)]
    [InlineData(100_000)]
    public void Long_messages_count_to_the_last_byte(int length)
    {
        var cache = new VerifiedCache();
        var message = new byte[length];
        cache.Add(cache.KeyOf(1, new byte[32], message, new byte[64]));
        Assert.True(cache.Contains(cache.KeyOf(1, new byte[32], message, new byte[64])));

        Assert.False(cache.Contains(cache.KeyOf(1, new byte[32], [.. message, 0], new byte[64])));
        if (length > 0)
        {
            message[^1] = 1;
            Assert.False(cache.Contains(cache.KeyOf(1, new byte[32], message, new byte[64])));
        }
    }

    [Fact]
    public void Keys_of_two_caches_differ_so_that_nobody_can_aim_at_a_bucket()
    {
        Assert.NotEqual(new VerifiedCache().KeyOf(1, [1], [2], [3]), new VerifiedCache().KeyOf(1, [1], [2], [3]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(100)]
    [InlineData(1024)]
    [InlineData(5000)]
    public void It_never_holds_more_than_its_capacity(int capacity)
    {
        var cache = new VerifiedCache(capacity);
        Assert.InRange(cache.Capacity, capacity / 2, capacity);
        for (int i = 0; i < 4 * capacity; i++)
        {
            cache.Add(Entry(cache, i));
            Assert.True(cache.Contains(Entry(cache, i)));
        }

        Assert.InRange(cache.Count, cache.Capacity / 4, cache.Capacity);
    }

    [Fact]
    public void The_old_generation_is_dropped_but_what_is_asked_for_stays()
    {
        var cache = new VerifiedCache(100);
        Digest wanted = Entry(cache, -1);
        Digest forgotten = Entry(cache, -2);
        cache.Add(wanted);
        cache.Add(forgotten);
        for (int i = 0; i < 1000; i++)
        {
            cache.Add(Entry(cache, i));
            Assert.True(cache.Contains(wanted), $"after {i}");
        }

        Assert.False(cache.Contains(forgotten));
        Assert.True(cache.Contains(Entry(cache, 999 - 49)));
    }

    [Fact]
    public void Clearing_forgets_both_generations()
    {
        var cache = new VerifiedCache(10);
        for (int i = 0; i < 8; i++)
        {
            cache.Add(Entry(cache, i));
        }

        cache.Clear();
        Assert.Equal(0, cache.Count);
        Assert.False(cache.Contains(Entry(cache, 7)));
    }

    [Fact]
    public void Many_threads_may_use_it_at_once()
    {
        var cache = new VerifiedCache(2048);
        Parallel.For(0, 8, worker =>
        {
            for (int i = 0; i < 5000; i++)
            {
                Digest key = Entry(cache, (worker * 3) + i);
                cache.Add(key);
                cache.Contains(key);
            }
        });

        Assert.InRange(cache.Count, 1, cache.Capacity);
        Assert.Equal(8 * 5000, cache.Hits + cache.Misses);
    }

    [Fact]
    public void A_capacity_below_two_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VerifiedCache(1));
    }

    private static Digest Entry(VerifiedCache cache, int i) => cache.KeyOf(1, BitConverter.GetBytes(i), [], []);
}
