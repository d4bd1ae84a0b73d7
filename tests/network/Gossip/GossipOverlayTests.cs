using System.Numerics;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Gossip;

namespace Bft.Network.Tests.Gossip;

public sealed class GossipOverlayTests
{
    [Fact]
    public void Up_to_eight_everybody_is_reached_directly_and_beyond_six_are()
    {
        for (int size = 1; size <= 64; size++)
        {
            var overlay = new GossipOverlay(size, null, 0);
            Assert.Equal(size <= 8, overlay.ReachesAll);
            foreach (int self in new[] { 0, size - 1 })
            {
                ReplicaId[] receivers = [.. overlay.Receivers(new ReplicaId(self), HashFunction.Sha256.Hash([(byte)size]))];
                Assert.Equal(size <= 8 ? size - 1 : 6, receivers.Distinct().Count());
                Assert.DoesNotContain(new ReplicaId(self), receivers);
                Assert.All(receivers, receiver => Assert.InRange(receiver.Value, 0, size - 1));
            }
        }
    }

    [Fact]
    public void Every_fan_out_is_kept_and_the_full_one_needs_no_relay()
    {
        for (int size = 2; size <= 40; size++)
        {
            for (int fanOut = 1; fanOut < size; fanOut++)
            {
                var overlay = new GossipOverlay(size, fanOut, 7);
                Assert.Equal(fanOut, overlay.Receivers(new ReplicaId(0), Digest.None).Distinct().Count());
                Assert.Equal(fanOut == size - 1, overlay.ReachesAll);
            }
        }
    }

    [Fact]
    public void No_five_silent_of_sixteen_cut_any_other_off()
    {
        // All C(15,5) placements; the circle's order does not matter, every place looks the same.
        const int Size = 16;
        var overlay = new GossipOverlay(Size, null, 0);
        int[] onward = [.. Enumerable.Range(0, Size).Select(i => overlay.Receivers(new ReplicaId(i), Digest.None).Aggregate(0, (set, receiver) => set | (1 << receiver.Value)))];
        int placements = 0;
        for (int silent = 0; silent < 1 << Size; silent += 2)
        {
            if (BitOperations.PopCount((uint)silent) != 5)
            {
                continue;
            }

            placements++;
            int reached = 1;
            for (int before = 0; before != reached;)
            {
                before = reached;
                for (int i = 0; i < Size; i++)
                {
                    reached |= (before & ~silent & (1 << i)) != 0 ? onward[i] : 0;
                }
            }

            Assert.Equal((1 << Size) - 1, reached | silent);
        }

        Assert.Equal(3003, placements);
    }

    [Fact]
    public void Another_batch_goes_another_way_and_another_seed_too()
    {
        Digest one = HashFunction.Sha256.Hash("one"u8);
        Digest two = HashFunction.Sha256.Hash("two"u8);
        ReplicaId[] Way(ulong seed, Digest batch) => [.. new GossipOverlay(40, null, seed).Receivers(new ReplicaId(3), batch)];
        Assert.Equal(Way(1, one), Way(1, one));
        Assert.NotEqual(Way(1, one), Way(1, two));
        Assert.NotEqual(Way(1, one), Way(2, one));
    }
}
