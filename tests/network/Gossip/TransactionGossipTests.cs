using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Mempool;
using Bft.Network.Gossip;
using static Bft.Network.Tests.Gossip.GossipNetwork;

namespace Bft.Network.Tests.Gossip;

public sealed class TransactionGossipTests
{
    private static ReplicaId A { get; } = new(0);

    [Fact]
    public void Among_four_a_batch_goes_to_three_once_and_nobody_relays()
    {
        using var network = new GossipNetwork(4);
        Run run = network.RunOf(1, 1);
        network.All[2].Spread(run);
        network.Settle();

        Assert.Equal([(2, 0), (2, 1), (2, 3)], network.Sent.Select(sent => (sent.From, sent.To)).Order());
        foreach (int other in new[] { 0, 1, 3 })
        {
            Assert.Equal([run.Digest], network.Pools[other].Runs);
            Assert.Equal((1, 0), (network.All[other].Counts.RunsAdded, network.All[other].Counts.Relayed));
        }

        Assert.Empty(network.Pools[2].Runs);
    }

    [Fact]
    public void Every_batch_sent_and_every_signature_is_booked()
    {
        using var network = new GossipNetwork(4);
        network.All[2].Spread(network.RunOf(1, 1));
        network.Settle();

        Assert.Equal((3, network.Sent.Sum(sent => sent.Message.Length), 1, 0), (network.Meters[2].Messages, network.Meters[2].Bytes, network.Meters[2].Made, network.Meters[2].Checked));
        // Straight from its origin, where nobody relays: nothing to check.
        Assert.All(new[] { 0, 1, 3 }, other => Assert.Equal((0, 0, 0), (network.Meters[other].Messages, network.Meters[other].Made, network.Meters[other].Checked)));

        network.All[0].OnMessage(new ReplicaId(3), network.BatchOf(1, 1, network.RunOf(2, 1)));
        Assert.Equal(1, network.Meters[0].Checked);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(40)]
    public void In_a_large_committee_six_receive_and_relays_reach_all(int size)
    {
        using var network = new GossipNetwork(size);
        for (ulong sequence = 1; sequence <= 20; sequence++)
        {
            int before = network.Sent.Count;
            int origin = (int)sequence % size;
            Run run = network.RunOf(1, sequence);
            network.All[origin].Spread(run);
            Assert.Equal(6, network.Sent.Count - before);
            network.Settle();
            network.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.All(Enumerable.Range(0, size).Where(i => i != origin), i => Assert.Contains(run.Digest, network.Pools[i].Runs));
            Assert.True(network.Sent.Count - before <= 6 * size);
        }

        Assert.All(network.All, gossip => Assert.Equal(0, gossip.Counts.Forged + gossip.Counts.Malformed + gossip.Counts.Conflicting));
        Assert.All(network.Sent.GroupBy(sent => (sent.From, sent.To, Convert.ToHexString(sent.Message))), same => Assert.Single(same));
    }

    [Fact]
    public void Relays_hand_on_the_origin_s_bytes_unchanged()
    {
        using var network = new GossipNetwork(16);
        network.All[0].Spread(network.RunOf(1, 1));
        network.Settle();
        Assert.Single(network.Sent.Select(sent => Convert.ToHexString(sent.Message)).Distinct());
        Assert.True(network.All.Sum(gossip => gossip.Counts.Relayed) > 0);
        Assert.Equal(1, network.All.Sum(gossip => gossip.Counts.Signed));
    }

    [Fact]
    public void Five_silent_relays_of_sixteen_cut_nobody_off_wherever_they_stand()
    {
        using var network = new GossipNetwork(16);
        for (ulong round = 1; round <= 200; round++)
        {
            var random = new Random((int)round);
            network.Silent.Clear();
            while (network.Silent.Count < 5)
            {
                network.Silent.Add(random.Next(1, 16));
            }

            Run run = network.RunOf(1, round);
            network.All[0].Spread(run);
            network.Time.Advance(TimeSpan.FromSeconds(1));
            network.Settle();
            Assert.All(Enumerable.Range(1, 15).Where(i => !network.Silent.Contains(i)), i => Assert.True(
                network.Pools[i].Runs.Contains(run.Digest), $"round {round}: {i} is cut off by {string.Join(',', network.Silent)}"));
        }
    }

    [Fact]
    public void The_first_run_after_silence_goes_at_once_and_the_next_are_collected()
    {
        using var network = new GossipNetwork(4);
        network.All[0].Spread(network.RunOf(1, 1));
        Assert.Equal(1, network.All[0].Counts.Signed);
        network.All[0].Spread(network.RunOf(2, 1));
        network.All[0].Spread(network.RunOf(3, 1));
        Assert.Equal(1, network.All[0].Counts.Signed);
        network.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, network.All[0].Counts.Signed);

        // Still collecting: the last batch was sent just now.
        network.All[0].Spread(network.RunOf(4, 1));
        Assert.Equal(2, network.All[0].Counts.Signed);
        network.Time.Advance(TimeSpan.FromMilliseconds(3));
        Assert.Equal(3, network.All[0].Counts.Signed);
        Assert.Equal(0, network.Time.Armed);
        network.All[0].Spread(network.RunOf(5, 1));
        Assert.Equal(4, network.All[0].Counts.Signed);

        network.Settle();
        Assert.Equal(Enumerable.Range(1, 5).Select(client => network.RunOf(client, 1).Digest), network.Pools[1].Runs);
    }

    [Fact]
    public void Behind_many_others_runs_are_collected_longer()
    {
        using var network = new GossipNetwork(4, options => options with { LoadFrom = 2 });
        network.Pools[0].Add(network.RunOf(8, 1));
        network.Pools[0].Add(network.RunOf(9, 1));
        network.All[0].Spread(network.RunOf(1, 1));
        network.All[0].Spread(network.RunOf(2, 1));
        network.Time.Advance(TimeSpan.FromMilliseconds(9));
        Assert.Equal(1, network.All[0].Counts.Signed);
        network.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, network.All[0].Counts.Signed);
    }

    [Fact]
    public void A_batch_is_closed_at_64_KiB_and_a_larger_run_travels_alone()
    {
        using var network = new GossipNetwork(4);
        network.All[0].Spread(network.RunOf(1, 1));
        for (ulong i = 2; i <= 30; i++)
        {
            network.All[0].Spread(network.RunOf(1, i, 10_000));
        }

        network.All[0].Spread(network.RunOf(1, 31, 79_000));
        network.All[0].Spread(network.RunOf(1, 32));
        network.Time.Advance(TimeSpan.FromMilliseconds(1));
        network.Settle();
        Assert.All(network.Sent, sent => Assert.True(sent.Message.Length <= GossipBatch.TargetBytes + 100 || sent.Message.Length is > 79_000 and < 80_000, $"{sent.Message.Length}"));
        Assert.Equal(8, network.All[0].Counts.Signed);
        Assert.Equal(32, network.All[1].Counts.RunsAdded);
    }

    [Fact]
    public void The_largest_run_a_chain_admits_can_be_spread()
    {
        using var network = new GossipNetwork(4, isSigned: _ => true);
        var command = new byte[network.Chain.Limits.MaxCommandBytes];
        var run = Run.WithoutSignature(network.Chain, new byte[32], 1, [command, command, command, command.AsMemory(0, network.Chain.Limits.MaxRunBytes - (3 * command.Length) - 59)]);
        Assert.Equal(network.Chain.Limits.MaxRunBytes, run.Encoded.Length);
        network.All[0].Spread(run);
        network.Settle();
        Assert.Equal([run.Digest], network.Pools[3].Runs);
        Assert.All(network.Sent, sent => Assert.True(sent.Message.Length <= GossipBatch.MaxMessageBytes(network.Chain.Limits)));
    }

    [Fact]
    public void A_batch_that_comes_again_is_dropped_without_verifying_or_relaying_it_again()
    {
        using var network = new GossipNetwork(16);
        byte[] batch = network.BatchOf(5, 1, network.RunOf(1, 1));
        network.All[0].OnMessage(new ReplicaId(5), batch);
        int sent = network.Sent.Count;
        for (int i = 1; i < 10; i++)
        {
            network.All[0].OnMessage(new ReplicaId(i), batch);
        }

        Assert.Equal((1, 9, sent), (network.All[0].Counts.Accepted, network.All[0].Counts.Duplicates, network.Sent.Count));
        Assert.Single(network.Pools[0].Offered.All);
    }

    [Fact]
    public void A_batch_its_origin_did_not_sign_is_neither_pooled_nor_relayed_nor_remembered()
    {
        using var network = new GossipNetwork(16);
        byte[] good = network.BatchOf(5, 1, network.RunOf(1, 1));
        network.All[0].OnMessage(new ReplicaId(7), network.Resigned(good, 7));
        Assert.Equal((1, 0), (network.All[0].Counts.Forged, network.All[0].Counts.Accepted));
        Assert.Empty(network.Sent);
        Assert.Empty(network.Pools[0].Offered.All);

        // A forgery under the real sequence must not shut the real batch out.
        byte[] other = network.BatchOf(7, 1, network.RunOf(9, 9));
        other[2] = 5;
        network.All[0].OnMessage(new ReplicaId(7), other);
        Assert.Equal(2, network.All[0].Counts.Forged);
        network.All[0].OnMessage(new ReplicaId(7), good);
        Assert.Equal(1, network.All[0].Counts.Accepted);
        Assert.Equal([network.RunOf(1, 1).Digest], network.Pools[0].Runs);
    }

    [Fact]
    public void A_signature_of_another_chain_is_a_forgery_here()
    {
        using var network = new GossipNetwork(4);
        var elsewhere = new Chain(HashFunction.Sha256.Hash("another"u8), "hotstuff", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);
        using Bft.Crypto.Signatures.ISigner signer = TestEd25519.NewSigner(2);
        GossipBatch batch = GossipBatch.Sign(elsewhere, signer, new ReplicaId(1), 1, [network.RunOf(1, 1)]);
        network.All[0].OnMessage(new ReplicaId(2), batch.Message);
        Assert.Equal(1, network.All[0].Counts.Forged);
    }

    [Fact]
    public void A_batch_in_another_validators_name_is_a_forgery_also_where_nobody_relays()
    {
        using var network = new GossipNetwork(4);
        byte[] forged = network.Resigned(network.BatchOf(1, 1, network.RunOf(1, 1)), 2);
        network.All[0].OnMessage(new ReplicaId(2), forged);
        Assert.Equal((1, 0), (network.All[0].Counts.Forged, network.All[0].Counts.Accepted));
        Assert.Empty(network.Pools[0].Offered.All);
    }

    [Fact]
    public void What_a_relay_must_answer_for_is_checked_also_when_its_origin_sent_it()
    {
        using var network = new GossipNetwork(16);
        byte[] badlySigned = network.Resigned(network.BatchOf(5, 1, network.RunOf(1, 1)), 7);
        network.All[0].OnMessage(new ReplicaId(5), badlySigned);
        Assert.Equal((1, 0), (network.All[0].Counts.Forged, network.All[0].Counts.Accepted));
        Assert.Empty(network.Sent);
    }

    [Fact]
    public void A_run_its_client_did_not_sign_costs_the_whole_batch()
    {
        using var network = new GossipNetwork(16);
        Run tampered = Run.WithoutSignature(network.Chain, new byte[32], 1, ["pay me"u8.ToArray(), new byte[32]]);
        network.All[0].OnMessage(new ReplicaId(5), network.BatchOf(5, 1, network.RunOf(1, 1), tampered));
        Assert.Equal((1, 0), (network.All[0].Counts.Unsound, network.All[0].Counts.Accepted));
        Assert.Empty(network.Sent);
        Assert.Empty(network.Pools[0].Offered.All);
    }

    [Fact]
    public void Another_content_under_a_used_sequence_is_dropped_and_counted_against_its_origin()
    {
        using var network = new GossipNetwork(16);
        network.All[0].OnMessage(new ReplicaId(5), network.BatchOf(5, 1, network.RunOf(1, 1)));
        int sent = network.Sent.Count;
        network.All[0].OnMessage(new ReplicaId(5), network.BatchOf(5, 1, network.RunOf(1, 2)));
        Assert.Equal((1, 1, 0), (network.All[0].Counts.Accepted, network.All[0].Counts.Conflicting, network.All[0].Counts.Duplicates));
        Assert.Equal(sent, network.Sent.Count);
        Assert.Equal([network.RunOf(1, 1).Digest], network.Pools[0].Runs);
    }

    [Fact]
    public void A_batch_older_than_the_memory_is_stale_and_the_memory_stays_bounded()
    {
        using var network = new GossipNetwork(4, options => options with { RememberedBatches = 10 });
        byte[][] batches = [.. Enumerable.Range(1, 30).Select(i => network.BatchOf(1, (ulong)i, network.RunOf(1, (ulong)i)))];
        foreach (byte[] batch in batches)
        {
            network.All[0].OnMessage(new ReplicaId(1), batch);
        }

        foreach (byte[] batch in batches)
        {
            network.All[0].OnMessage(new ReplicaId(2), batch);
        }

        GossipCounts counts = network.All[0].Counts;
        Assert.Equal((30, 20, 10), (counts.Accepted, counts.Stale, counts.Duplicates));
        Assert.Equal(30, network.Pools[0].Offered.All.Length);
    }

    [Fact]
    public void A_flooding_origin_is_held_to_its_rate_and_nobody_else_is()
    {
        using var network = new GossipNetwork(4, options => options with { MaxOriginBurstBytes = 10_000, MaxOriginBytesPerSecond = 1_000 });
        for (ulong i = 1; i <= 50; i++)
        {
            network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, i, network.RunOf(1, i, 860)));
        }

        Assert.Equal(50, network.All[0].Counts.Accepted + network.All[0].Counts.OverRate);
        Assert.InRange(network.All[0].Counts.Accepted, 8, 10);
        network.All[0].OnMessage(new ReplicaId(2), network.BatchOf(2, 1, network.RunOf(2, 1)));
        Assert.Contains(network.RunOf(2, 1).Digest, network.Pools[0].Runs);
        network.Time.Advance(TimeSpan.FromSeconds(2));
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 51, network.RunOf(1, 51)));
        Assert.Contains(network.RunOf(1, 51).Digest, network.Pools[0].Runs);
    }

    [Fact]
    public async Task A_sender_s_unverified_batches_are_bounded_and_served_in_turn()
    {
        using var gate = new ManualResetEventSlim();
        using var network = new GossipNetwork(4, options => options with { Workers = 1, MaxWaitingBytes = 5_000 }, run =>
        {
            gate.Wait(Peers.Recorder<int>.Patience);
            return IsSigned(run);
        });
        for (ulong i = 1; i <= 50; i++)
        {
            network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, i, network.RunOf(1, i, 860)));
        }

        Assert.InRange(network.All[0].Counts.Crowded, 44, 46);
        network.All[0].OnMessage(new ReplicaId(2), network.BatchOf(2, 1, network.RunOf(2, 1)));
        gate.Set();
        await network.Pools[0].Offered.First(digest => digest == network.RunOf(2, 1).Digest);
        Assert.InRange(Array.IndexOf(network.Pools[0].Offered.All, network.RunOf(2, 1).Digest), 0, 3);
    }

    [Fact]
    public async Task With_workers_every_batch_of_many_senders_is_taken_once()
    {
        const int Each = 100;
        using var network = new GossipNetwork(4, options => options with { Workers = 2 });
        byte[][][] batches = [.. Enumerable.Range(1, 3).Select(origin => (byte[][])[.. Enumerable.Range(1, Each).Select(i => network.BatchOf(origin, (ulong)i, network.RunOf(origin, (ulong)i)))])];
        await Task.WhenAll(Enumerable.Range(1, 3).Select(sender => Task.Run(() =>
        {
            foreach (byte[] batch in batches.SelectMany(one => one))
            {
                network.All[0].OnMessage(new ReplicaId(sender), batch);
            }
        })));
        await network.Pools[0].Offered.Count(3 * Each);
        Assert.Equal(3 * Each, network.Pools[0].Runs.Length);
        Assert.Equal(3 * Each, network.All[0].Counts.Accepted);
    }

    [Fact]
    public async Task A_check_that_fails_costs_its_batch_and_the_worker_goes_on()
    {
        using var network = new GossipNetwork(4, options => options with { Workers = 1 }, run => run.First == 1 ? throw new InvalidOperationException("a fault") : true);
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 1, network.RunOf(1, 1)));
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 2, network.RunOf(1, 2)));
        await network.Pools[0].Offered.Count(1);
        Assert.Equal([network.RunOf(1, 2).Digest], network.Pools[0].Runs);
    }

    [Fact]
    public void What_the_pool_knows_or_has_no_room_for_is_no_error()
    {
        using var network = new GossipNetwork(4);
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 1, network.RunOf(1, 1)));
        network.All[0].OnMessage(new ReplicaId(2), network.BatchOf(2, 1, network.RunOf(1, 1)));
        network.Pools[0].WhenNew = PoolAnswer.Full;
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 2, network.RunOf(1, 2)));
        network.Pools[0].WhenNew = PoolAnswer.Executed;
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 3, network.RunOf(1, 3)));
        GossipCounts counts = network.All[0].Counts;
        Assert.Equal((4, 1, 2, 1), (counts.Accepted, counts.RunsAdded, counts.RunsKnown, counts.RunsRefused));
    }

    [Fact]
    public void Our_own_batches_coming_back_are_nothing_new()
    {
        using var network = new GossipNetwork(16);
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(0, 1, network.RunOf(1, 1)));
        Assert.Equal(1, network.All[0].Counts.Duplicates);
        Assert.Empty(network.Pools[0].Offered.All);
        Assert.Empty(network.Sent);
    }

    [Fact]
    public void Every_cut_and_every_flipped_bit_is_dropped_and_nothing_throws()
    {
        using var network = new GossipNetwork(16);
        byte[] good = network.BatchOf(5, 1, network.RunOf(1, 1), network.RunOf(2, 1));
        for (int length = 0; length < good.Length; length++)
        {
            network.All[0].OnMessage(new ReplicaId(5), good.AsMemory(0, length));
        }

        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] flipped = [.. good];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            network.All[0].OnMessage(new ReplicaId(5), flipped);
        }

        network.All[0].OnMessage(new ReplicaId(5), (byte[])[.. good, 0]);
        GossipCounts counts = network.All[0].Counts;
        Assert.Equal(0, counts.Accepted + counts.Conflicting + counts.RunsAdded);
        Assert.Empty(network.Sent);
        network.All[0].OnMessage(new ReplicaId(5), good);
        Assert.Equal(1, network.All[0].Counts.Accepted);
    }

    [Fact]
    public void A_count_of_2_32_minus_1_runs_allocates_nothing_by_it()
    {
        using var network = new GossipNetwork(4);
        byte[] liar = network.BatchOf(1, 1, network.RunOf(1, 1));
        liar.AsSpan(12, 4).Fill(0xFF);
        liar = network.Resigned(liar, 1);
        network.All[0].OnMessage(new ReplicaId(1), network.BatchOf(1, 2, network.RunOf(1, 2)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        network.All[0].OnMessage(new ReplicaId(1), liar);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 10);
        Assert.Equal(1, network.All[0].Counts.Unsound);
    }

    [Fact]
    public void A_message_above_the_limit_is_dropped_before_its_signature_is_looked_at()
    {
        using var network = new GossipNetwork(4);
        byte[] huge = new byte[GossipBatch.MaxMessageBytes(network.Chain.Limits) + 1];
        huge[0] = 2;
        huge[1] = 1;
        network.All[0].OnMessage(new ReplicaId(1), huge);
        Assert.Equal((1, 0), (network.All[0].Counts.Malformed, network.All[0].Counts.Forged));
    }

    [Fact]
    public void A_small_message_does_not_keep_a_large_frame_alive()
    {
        using var network = new GossipNetwork(4, options => options with { Workers = 0 });
        byte[] batch = network.BatchOf(1, 1, network.RunOf(1, 1));
        byte[] frame = new byte[1 << 20];
        batch.CopyTo(frame, 100);
        Assert.True(GossipBatch.TryOpen(network.Chain, 64, frame.AsMemory(100, batch.Length), out GossipBatch opened));
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(opened.Detached().Message, out ArraySegment<byte> segment));
        Assert.Equal(batch.Length, segment.Array!.Length);
        Assert.Equal(batch, opened.Detached().Message.ToArray());
        Assert.True(GossipBatch.TryOpen(network.Chain, 64, batch, out GossipBatch whole));
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(whole.Detached().Message, out segment));
        Assert.Same(batch, segment.Array);
    }

    [Fact]
    public void An_identity_that_is_not_genesis_s_is_refused_at_start()
    {
        using var network = new GossipNetwork(4);
        using Bft.Crypto.Signatures.ISigner stranger = TestEd25519.NewSigner(99);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new GossipIdentity(
            network.Chain, A, stranger, [.. Enumerable.Range(1, 4).Select(i => TestEd25519.NewSigner((byte)i).PublicKey)]));
        Assert.Contains("is not the one genesis has for validator 0", exception.Message, StringComparison.Ordinal);
    }
}
