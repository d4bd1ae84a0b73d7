using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Mempool;
using Bft.Testnet.Node;

namespace Bft.Testnet.Tests.Node;

public sealed class OverdueRunsTests
{
    private static readonly Chain Chain = new(HashFunction.Sha256.Hash("overdue"u8), "toy", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);

    private TimeSpan _now;

    [Fact]
    public void A_run_whose_gossip_was_lost_reaches_the_others_without_its_client()
    {
        TransactionPool[] pools = [NewPool(), NewPool(), NewPool()];
        int copies = 0;
        var overdue = new OverdueRuns(pools[0], run =>
        {
            copies++;
            Array.ForEach(pools[1..], pool => pool.Add(run));
        });

        // Taken by the first; what it gossiped was lost.
        Run lost = Run.WithoutSignature(Chain, new byte[32], 1, [new byte[] { 1 }]);
        Assert.Equal(PoolAnswer.Added, pools[0].Add(lost));
        overdue.Spread();
        Assert.Equal(0, copies);
        for (int second = 0; second < 10; second++)
        {
            _now += TimeSpan.FromSeconds(1);
            overdue.Spread();
        }

        Assert.Equal(3, copies);
        Assert.All(pools, pool => Assert.Equal([lost], pool.Take(new PayloadRequest(default, default, [])).Runs));
    }

    [Fact]
    public void A_run_in_a_block_that_its_leader_showed_nobody_else_reaches_the_others_without_its_client()
    {
        TransactionPool[] pools = [NewPool(), NewPool(), NewPool()];
        var overdue = new OverdueRuns(pools[0], run => Array.ForEach(pools[1..], pool => pool.Add(run)));
        Run shown = Run.WithoutSignature(Chain, new byte[32], 1, [new byte[] { 1 }]);
        Assert.Equal(PoolAnswer.Added, pools[0].Add(shown));
        Payload payload = Payload.Of(Chain, [shown]);
        pools[0].Included(new Block(Chain, new BlockHeader(default, new Height(1), new View(1), Digest.None, payload.Root, default, default, 0), payload, null));
        for (int second = 0; second < 3; second++)
        {
            _now += TimeSpan.FromSeconds(1);
            overdue.Spread();
        }

        // Now all wait for it, and all give up the view of that leader.
        Assert.All(pools, pool => Assert.NotNull(pool.OldestArrival));
    }

    [Fact]
    public void However_much_is_overdue_a_round_stays_small_and_every_run_has_its_turn()
    {
        TransactionPool pool = NewPool();
        for (ulong sequence = 1; sequence <= 40; sequence++)
        {
            pool.Add(Run.WithoutSignature(Chain, new byte[32], sequence, [new byte[20_000]]));
        }

        List<Run> round = [];
        HashSet<ulong> offered = [];
        var overdue = new OverdueRuns(pool, round.Add);
        for (_now = OverdueRuns.After; offered.Count < 40; _now += TimeSpan.FromMilliseconds(100))
        {
            round.Clear();
            overdue.Spread();
            Assert.InRange(round.Sum(run => run.Encoded.Length), 1, OverdueRuns.MaxRoundBytes);
            Assert.All(round, run => Assert.True(offered.Add(run.First)));
        }
    }

    private TransactionPool NewPool() => new(Chain, new PoolOptions(), () => _now, _ => false);
}
