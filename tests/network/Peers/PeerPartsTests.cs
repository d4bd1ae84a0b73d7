using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Peers;

namespace Bft.Network.Tests.Peers;

/// <summary>The small parts of a link, each by itself.</summary>
public sealed class PeerPartsTests
{
    private static Digest ChainId { get; } = HashFunction.Sha256.Hash("a chain"u8);
    private static Hello Ours { get; } = new(Hello.CurrentVersion, ChainId, new ReplicaId(0), PeerRole.Validator);

    [Fact]
    public void A_hello_of_a_peer_is_welcome()
    {
        Assert.Null(Ours.Mismatch((Ours with { Sender = new ReplicaId(3) }).Encode(), new ReplicaId(3)));
    }

    [Fact]
    public void Every_cut_hello_is_refused_and_every_flipped_bit_too()
    {
        byte[] good = (Ours with { Sender = new ReplicaId(3) }).Encode();
        for (int length = 0; length < good.Length; length++)
        {
            Assert.NotNull(Ours.Mismatch(good.AsMemory(0, length), new ReplicaId(3)));
        }

        Assert.NotNull(Ours.Mismatch((byte[])[.. good, 0], new ReplicaId(3)));
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] flipped = [.. good];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Ours.Mismatch(flipped, new ReplicaId(3)));
        }
    }

    [Fact]
    public void Pauses_double_with_jitter_up_to_the_cap_and_start_anew_after_a_steady_link()
    {
        var limits = new PeerLimits();
        for (int seed = 0; seed < 50; seed++)
        {
            var backoff = new Backoff(limits, seed);
            TimeSpan ceiling = 2 * limits.MinBackoff;
            for (int i = 0; i < 12; i++)
            {
                TimeSpan pause = backoff.Next();
                Assert.InRange(pause, ceiling / 2, ceiling);
                Assert.InRange(pause, limits.MinBackoff, limits.MaxBackoff);
                ceiling = TimeSpan.FromTicks(Math.Min(2 * ceiling.Ticks, limits.MaxBackoff.Ticks));
            }

            backoff.Held(limits.SteadyAfter - TimeSpan.FromTicks(1));
            Assert.True(backoff.Next() >= limits.MaxBackoff / 2);
            backoff.Held(limits.SteadyAfter);
            Assert.True(backoff.Next() <= 2 * limits.MinBackoff);
        }
    }

    [Fact]
    public void A_bucket_gives_its_burst_then_its_rate()
    {
        var time = new ManualTime();
        var bucket = new TokenBucket(1000, 500, time);
        Assert.True(bucket.TryTake(500));
        Assert.False(bucket.TryTake(1));
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(bucket.TryTake(100));
        Assert.False(bucket.TryTake(1));
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(bucket.TryTake(501));
        Assert.Equal(TimeSpan.FromSeconds(1.5), bucket.Take(2000));
    }

    [Fact]
    public async Task A_gate_opens_when_less_than_its_bound_is_held()
    {
        var gate = new InflowGate(100);
        gate.Hold(99);
        Assert.True(gate.WaitAsync(default).IsCompletedSuccessfully);
        gate.Hold(51);
        Task waiting = gate.WaitAsync(default);
        Assert.False(waiting.IsCompleted);
        gate.Release(50);
        Assert.False(waiting.IsCompleted);
        gate.Release(1);
        await waiting.WaitAsync(Recorder<int>.Patience);
        Assert.Throws<InvalidOperationException>(() => gate.Release(100));
    }

    [Fact]
    public void A_line_is_let_through_once_a_peer_occasion_and_minute()
    {
        var time = new ManualTime();
        var throttle = new LogThrottle(time);
        Assert.True(throttle.Permits(1, 1));
        Assert.True(throttle.Permits(1, 2));
        Assert.True(throttle.Permits(2, 1));
        Assert.False(throttle.Permits(1, 1));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(throttle.Permits(1, 1));
    }

    [Fact]
    public void A_pin_is_the_SHA_256_of_the_public_key_whatever_else_the_certificate_says()
    {
        using X509Certificate2 one = TestCommittee.NewCertificate();
        using X509Certificate2 other = TestCommittee.NewCertificate();
        using X509Certificate2 publicPart = X509CertificateLoader.LoadCertificate(one.Export(X509ContentType.Cert));
        var pins = new CommitteePins([CommitteePins.PinOf(other), CommitteePins.PinOf(one)]);
        Assert.Equal(new ReplicaId(1), pins.Find(publicPart));
        Assert.Equal(new ReplicaId(0), pins.Find(other));
        Assert.Null(pins.Find(null));
        using X509Certificate2 stranger = TestCommittee.NewCertificate();
        Assert.Null(pins.Find(stranger));
    }

    [Fact]
    public void Validators_that_cannot_be_told_apart_are_refused()
    {
        Digest pin = HashFunction.Sha256.Hash("a key"u8);
        Assert.Contains("have the same TLS pin", Assert.Throws<ArgumentException>(() => new CommitteePins([pin, pin])).Message, StringComparison.Ordinal);
        Assert.Contains("has no TLS pin", Assert.Throws<ArgumentException>(() => new CommitteePins([pin, default])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_of_a_chain_hold_its_largest_block_run_and_batch()
    {
        var chain = new ChainLimits { MaxPayloadBytes = 8 << 20, MaxRunBytes = 1 << 20 };
        PeerLimits limits = PeerLimits.For(chain);
        Assert.True(limits.MaxConsensusBytes >= chain.MaxBlockBytes + (1 << 20));
        Assert.True(limits.MaxGossipBytes >= chain.MaxRunBytes + 82);
        Assert.True(limits.MaxRepairBytes >= chain.MaxBlockBytes);
        Assert.True(limits.MaxFrameBytes >= limits.MaxConsensusBytes + 4);
        Assert.True(limits.MaxQueuedConsensusBytes > limits.MaxConsensusBytes + PeerLimits.MessageOverheadBytes);
        Assert.True(limits.MaxQueuedRepairBytes > limits.MaxRepairBytes + PeerLimits.MessageOverheadBytes);
        Assert.True(limits.MaxQueuedGossipBytes > limits.MaxGossipBytes + PeerLimits.MessageOverheadBytes);
    }
}
