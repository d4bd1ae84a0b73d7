using Bft.Crypto;
using Bft.Engine.Mempool;
using Bft.Engine.Tests.Execution;

namespace Bft.Engine.Tests.Mempool;

public sealed class TransactionPoolTests
{
    private static readonly Chain Chain = TestChain.Create();

    private readonly HashSet<Digest> _executed = [];
    private TimeSpan _now = TimeSpan.FromSeconds(100);
    private TransactionPool _pool;
    private ulong _view;

    public TransactionPoolTests() => _pool = Pool(new PoolOptions());

    [Fact]
    public void Runs_are_given_in_the_order_they_came_and_stay_until_committed()
    {
        Run[] runs = Add(1, 2, 3);
        Assert.Equal(runs, Take());
        Assert.Equal(runs, Take());
        Assert.Equal(3, _pool.Transactions);
        Commit(BlockOf(1, runs[1]));
        Assert.Equal([runs[0], runs[2]], Take());
    }

    [Fact]
    public void The_same_bytes_are_taken_once()
    {
        Run run = RunOf(1);
        Assert.Equal(PoolAnswer.Added, _pool.Add(run));
        Assert.Equal(PoolAnswer.Duplicate, _pool.Add(RunOf(1)));
        Block block = BlockOf(1, run);
        _pool.Included(block);
        Assert.Equal(PoolAnswer.Duplicate, _pool.Add(run));
        Commit(block);
        Assert.Equal(PoolAnswer.Duplicate, _pool.Add(run));
        _executed.Add(run.Digest);
        Assert.Equal(PoolAnswer.Executed, _pool.Add(run));
        Assert.Equal(0, _pool.Transactions);
        Assert.Equal(0, _pool.Bytes);
    }

    [Fact]
    public void A_run_that_nobody_vouched_for_is_not_proposed_until_somebody_does_or_its_time_is_up()
    {
        Run[] runs = [RunOf(1), RunOf(2), RunOf(3)];
        _pool.Add(runs[0], TimeSpan.FromSeconds(1));
        _pool.Add(runs[1], TimeSpan.FromSeconds(2));
        _pool.Add(runs[2]);
        Assert.Equal([runs[2]], Take());
        Assert.NotNull(_pool.OldestArrival);

        _now += TimeSpan.FromSeconds(1);
        Assert.Equal([runs[0], runs[2]], Take());
        _pool.Attested([runs[1], RunOf(9)]);
        Assert.Equal(runs, Take());
    }

    [Fact]
    public void No_run_overtakes_one_of_its_client_that_nobody_vouched_for()
    {
        Run first = Chain.Run(1, 1, [new byte[1]]), second = Chain.Run(1, 2, [new byte[1]]), other = Chain.Run(2, 1, [new byte[1]]);
        _pool.Add(first, TimeSpan.FromSeconds(1));
        _pool.Add(second);
        _pool.Add(other);
        Assert.Equal([other], Take());
        _pool.Attested([first]);
        Assert.Equal([first, second, other], Take());
    }

    [Fact]
    public void What_an_ancestor_holds_is_not_given_again()
    {
        Run[] runs = Add(1, 2, 3);
        Block parent = BlockOf(1, runs[0]);
        Block child = BlockOf(2, runs[1]);
        _pool.Included(parent);
        _pool.Included(child);
        Assert.Equal([runs[2]], Take(parent.Digest, child.Digest));
        Assert.Equal(3, _pool.Transactions);
    }

    [Fact]
    public void An_abandoned_block_gives_its_runs_back_in_front_and_takes_them_again_when_it_is_built_upon_after_all()
    {
        Run[] runs = Add(1, 2, 3, 4);
        Block abandoned = BlockOf(1, runs[2], runs[0]);
        _pool.Included(abandoned);
        Assert.Equal([runs[1], runs[3]], Take(abandoned.Digest));
        Assert.Equal(runs, Take());
        Assert.Equal([runs[1], runs[3]], Take(abandoned.Digest));
    }

    [Fact]
    public void A_run_in_two_forks_waits_only_when_neither_is_built_upon()
    {
        Run[] runs = Add(1, 2);
        Block left = BlockOf(1, runs[0]);
        Block right = BlockOf(1, runs[0]);
        _pool.Included(left);
        _pool.Included(right);
        Assert.Equal([runs[1]], Take(right.Digest));
        Assert.Equal([runs[1]], Take(left.Digest));
        Assert.Equal(runs, Take());
    }

    [Fact]
    public void A_commit_decides_the_height_and_runs_of_the_losing_fork_wait_again()
    {
        Run[] runs = Add(1, 2, 3);
        Block loser = BlockOf(1, runs[0], runs[1]);
        Block winner = BlockOf(1, runs[1]);
        Block child = BlockOf(2, runs[2]);
        _pool.Included(loser);
        _pool.Included(winner);
        _pool.Included(child);
        Commit(winner);
        Assert.Equal([runs[0]], Take(child.Digest));
        _pool.Included(loser);
        Assert.Equal([runs[0]], Take(child.Digest));
    }

    [Fact]
    public void Runs_first_heard_of_in_a_block_are_pending_and_taken_over_when_it_is_abandoned()
    {
        Run foreign = RunOf(9);
        Block block = BlockOf(1, foreign, foreign);
        _pool.Included(block);
        Assert.Equal(1, _pool.Transactions);
        Assert.Equal(0, _pool.Bytes);
        _now += TimeSpan.FromSeconds(2);
        Assert.Equal(TimeSpan.FromSeconds(2), _pool.Oldest(_now));
        Assert.Empty(Take(block.Digest));
        Assert.Equal([foreign], Take());
        Assert.NotEqual(0, _pool.Bytes);
        Commit(block);
        Assert.Null(_pool.Oldest(_now));
    }

    [Fact]
    public void The_oldest_is_pending_also_inside_an_uncommitted_block()
    {
        Assert.Null(_pool.Oldest(_now));
        Run[] first = Add(1);
        _now += TimeSpan.FromSeconds(1);
        Add(2);
        Block block = BlockOf(1, first);
        _pool.Included(block);
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(TimeSpan.FromSeconds(2), _pool.Oldest(_now));
        Commit(block);
        Assert.Equal(TimeSpan.FromSeconds(1), _pool.Oldest(_now));
    }

    [Fact]
    public void A_run_whose_sequences_were_executed_through_other_bytes_is_neither_given_nor_pending()
    {
        Run[] runs = Add(1, 2, 3);
        _executed.Add(runs[0].Digest);
        _now += TimeSpan.FromSeconds(1);
        Assert.NotNull(_pool.Oldest(_now));
        Assert.Equal(2, _pool.Transactions);
        _executed.Add(runs[2].Digest);
        Assert.Equal([runs[1]], Take());
        _executed.Add(runs[1].Digest);
        Assert.Null(_pool.Oldest(_now));
        Assert.Equal((0, 0L), (_pool.Transactions, _pool.Bytes));
    }

    [Fact]
    public void A_payload_keeps_to_its_size_and_a_large_run_is_not_overtaken()
    {
        var limits = new ChainLimits { MaxPayloadBytes = 4000, MaxRunBytes = 2000 };
        var chain = new Chain(Chain.Id, "test", new Committee(4), HashFunction.Sha256, limits, acceptUnsigned: true);
        var pool = new TransactionPool(chain, new PoolOptions(), () => _now, _ => false);
        Run[] runs = [.. new[] { 1500, 100, 1900, 1800, 50 }.Select((size, i) => chain.Run(i, 1, new byte[size]))];
        foreach (Run run in runs)
        {
            Assert.Equal(PoolAnswer.Added, pool.Add(run));
        }

        Payload payload = pool.Take(new PayloadRequest(default, default, []), int.MaxValue);
        Assert.Equal(runs[..3], payload.Runs);
        Assert.InRange(payload.Encoded.Length, 1, 4000);
        Assert.True(Payload.TryDecode(chain, payload.Encoded, out _));

        // A target below the first run still gives that one, else nothing would ever move.
        Assert.Equal(runs[..1], pool.Take(new PayloadRequest(default, default, []), 10).Runs);
        int exact = 4 + 4 + runs[0].Encoded.Length + 4 + runs[1].Encoded.Length;
        Assert.Equal(runs[..2], pool.Take(new PayloadRequest(default, default, []), exact).Runs);
        Assert.Equal(runs[..1], pool.Take(new PayloadRequest(default, default, []), exact - 1).Runs);
    }

    [Fact]
    public void One_client_cannot_fill_the_pool_and_room_returns_with_commits()
    {
        _pool = Pool(new PoolOptions { MaxTransactions = 4096 });
        Run[] greedy = [.. Enumerable.Range(0, 1024).Select(i => Chain.Run(1, 1 + (ulong)i, new byte[1]))];
        Assert.All(greedy, run => Assert.Equal(PoolAnswer.Added, _pool.Add(run)));
        Assert.Equal(PoolAnswer.Full, _pool.Add(Chain.Run(1, 2000, new byte[1])));
        for (int client = 2; client <= 4; client++)
        {
            ReadOnlyMemory<byte>[] commands = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[1], 1024)];
            Assert.Equal(PoolAnswer.Added, _pool.Add(Chain.Run(client, 1, commands)));
        }

        Assert.Equal(PoolAnswer.Full, _pool.Add(RunOf(5)));
        Commit(BlockOf(1, greedy[0]));
        Assert.Equal(PoolAnswer.Added, _pool.Add(RunOf(5)));
        Assert.Equal(PoolAnswer.Full, _pool.Add(Chain.Run(1, 2000, new byte[1])));
    }

    [Fact]
    public void The_pool_is_bounded_in_bytes()
    {
        _pool = Pool(new PoolOptions { MaxBytes = 4 * ((256 << 10) + PoolOptions.RunOverheadBytes) });
        int added = 0;
        while (_pool.Add(Chain.Run(added, 1, new byte[60_000])) == PoolAnswer.Added)
        {
            added++;
        }

        Assert.Equal(17, added);
        Assert.InRange(_pool.Bytes, 17 * 60_000, 4 * ((256 << 10) + PoolOptions.RunOverheadBytes));
    }

    [Fact]
    public void Foreign_runs_of_an_abandoned_block_do_not_burst_a_full_pool()
    {
        _pool = Pool(new PoolOptions { MaxTransactions = 4096 });
        Run foreign = RunOf(9);
        Block block = BlockOf(1, foreign);
        _pool.Included(block);
        ReadOnlyMemory<byte>[] commands = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[1], 1024)];
        Run[] full = [.. Enumerable.Range(1, 4).Select(client => Chain.Run(client, 1, commands))];
        Assert.All(full, run => Assert.Equal(PoolAnswer.Added, _pool.Add(run)));

        // It is known from the block, but this replica cannot promise to propose it.
        Assert.Equal(PoolAnswer.Full, _pool.Add(foreign));
        Assert.Equal(full, Take());
        Assert.Equal(4096, _pool.Transactions);

        // Named as an ancestor after all, it is held back again.
        Take(block.Digest);
        Assert.Equal(4097, _pool.Transactions);

        // Room came with the commit that decided against its block: this replica took it over.
        Commit(BlockOf(1, full[0]));
        Assert.Equal(PoolAnswer.Duplicate, _pool.Add(foreign));
        Assert.Contains(foreign, Take());
    }

    [Fact]
    public void Uncommitted_blocks_are_bounded()
    {
        _pool = Pool(new PoolOptions { MaxBlocks = 2 });
        Run[] runs = Add(1, 2, 3);
        Block[] blocks = [.. runs.Select((run, i) => BlockOf((ulong)i + 1, run))];
        Assert.All(blocks, _pool.Included);
        Assert.Equal([runs[0]], Take([.. blocks.Select(block => block.Digest)]));
    }

    [Fact]
    public void Late_copies_of_committed_runs_are_refused_as_far_as_memory_goes()
    {
        _pool = Pool(new PoolOptions { RecentRuns = 2 });
        Run[] runs = [RunOf(1), RunOf(2), RunOf(3)];
        Commit(BlockOf(1, runs));
        Assert.Equal([PoolAnswer.Added, PoolAnswer.Duplicate, PoolAnswer.Duplicate], runs.Select(run => _pool.Add(run)));
    }

    [Fact]
    public void Whoever_sleeps_is_woken_by_the_first_run_only()
    {
        int woken = 0;
        _pool = new TransactionPool(Chain, new PoolOptions(), () => _now, _ => false) { BecamePending = () => woken++ };
        Run[] runs = Add(1, 2);
        Assert.Equal(1, woken);
        Commit(BlockOf(1, runs));
        Add(3);
        Assert.Equal(2, woken);
    }

    [Fact]
    public void Bounds_that_could_never_hold_the_largest_run_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Pool(new PoolOptions { MaxBytes = 1 << 20 }));
        Assert.Throws<ArgumentException>(() => Pool(new PoolOptions { MaxTransactions = 1024 }));
        var limits = new ChainLimits { MaxPayloadBytes = 1 << 16 };
        var chain = new Chain(Chain.Id, "test", new Committee(4), HashFunction.Sha256, limits);
        Assert.Throws<ArgumentException>(() => new TransactionPool(chain, new PoolOptions(), () => _now, _ => false));
    }

    [Fact]
    public void Threads_that_add_lose_nothing_while_the_loop_takes_and_commits()
    {
        const int Clients = 4;
        const int RunsEach = 2000;
        Parallel.For(0, Clients + 1, new ParallelOptions { MaxDegreeOfParallelism = Clients + 1 }, worker =>
        {
            if (worker == Clients)
            {
                int committed = 0;
                for (ulong height = 1; committed < Clients * RunsEach; height++)
                {
                    Payload payload = _pool.Take(new PayloadRequest(default, default, []), 4096);
                    Block block = BlockOf(height, [.. payload.Runs]);
                    _pool.Included(block);
                    _pool.Committed(block);
                    committed += payload.Transactions;
                }
            }
            else
            {
                for (ulong sequence = 1; sequence <= RunsEach; sequence++)
                {
                    Assert.Equal(PoolAnswer.Added, _pool.Add(Chain.Run(worker, sequence, new byte[8])));
                }
            }
        });
        Assert.Equal((0, 0L), (_pool.Transactions, _pool.Bytes));
        Assert.Null(_pool.Oldest(_now));
    }

    [Fact]
    public void Only_runs_that_waited_long_are_overdue_the_oldest_first_and_no_more_than_the_bound()
    {
        Run[] old = Add(1, 2, 3, 4);
        _now += TimeSpan.FromSeconds(1);
        Add(5);
        Commit(BlockOf(1, old[1]));
        Assert.Empty(Overdue(int.MaxValue));
        _now += TimeSpan.FromSeconds(1);
        int bytes = old[0].Encoded.Length;
        Assert.Equal([old[0]], Overdue(bytes - 1));
        Assert.Equal([old[2], old[3]], Overdue(3 * bytes));
        Assert.Empty(Overdue(int.MaxValue));
        Assert.Equal(4, _pool.Transactions);
    }

    [Fact]
    public void A_run_in_a_block_that_perhaps_nobody_else_has_is_overdue_too()
    {
        Run[] given = Add(1);
        Run met = RunOf(2);
        _pool.Included(BlockOf(1, given[0], met));
        Assert.NotNull(_pool.Oldest(_now));
        Assert.Empty(Overdue(int.MaxValue));
        _now += TimeSpan.FromSeconds(2);
        Assert.Equal([given[0], met], Overdue(int.MaxValue));
        Assert.Empty(Overdue(int.MaxValue));
    }

    [Fact]
    public void A_run_is_overdue_again_only_after_it_waited_twice_as_long()
    {
        Run[] run = Add(1);
        List<int> offered = [];
        for (int second = 1; second <= 40; second++)
        {
            _now += TimeSpan.FromSeconds(1);
            if (Overdue(int.MaxValue).Count > 0)
            {
                offered.Add(second);
            }
        }

        Assert.Equal([2, 4, 8, 16, 32], offered);
        Assert.Equal(run, Take());
    }

    [Fact]
    public void What_was_executed_in_other_bytes_is_not_overdue_but_gone()
    {
        Run[] runs = Add(1, 2);
        _executed.Add(runs[0].Digest);
        _now += TimeSpan.FromSeconds(2);
        Assert.Equal([runs[1]], Overdue(int.MaxValue));
        Assert.Equal(1, _pool.Transactions);
    }

    private IReadOnlyList<Run> Overdue(int maxBytes) => _pool.TakeOverdue(TimeSpan.FromSeconds(2), maxBytes);

    private static Run RunOf(int client) => Chain.Run(client, 1, new byte[] { (byte)client });

    private TransactionPool Pool(PoolOptions options) => new(Chain, options, () => _now, run => _executed.Contains(run.Digest));

    private Run[] Add(params int[] clients)
    {
        Run[] runs = [.. clients.Select(RunOf)];
        Assert.All(runs, run => Assert.Equal(PoolAnswer.Added, _pool.Add(run)));
        return runs;
    }

    private IReadOnlyList<Run> Take(params Digest[] ancestors) => _pool.Take(new PayloadRequest(default, default, [.. ancestors]), int.MaxValue).Runs;

    private void Commit(Block block) => _pool.Committed(block);

    /// <summary>A block of its own view, so that equal payloads make different blocks.</summary>
    private Block BlockOf(ulong height, params Run[] runs)
    {
        Payload payload = Payload.Of(Chain, runs);
        return new Block(Chain, new BlockHeader(default, new Height(height), new View(++_view), Digest.None, payload.Root, default, default, 0), payload, null);
    }
}
