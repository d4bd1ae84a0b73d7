using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Mempool;
using Bft.Engine.Tests.Execution;
using CsCheck;

namespace Bft.Engine.Tests.Mempool;

/// <summary>Random arrivals, forks, commits and executions against a model that looks at everything every time.</summary>
public sealed class TransactionPoolModelTests
{
    private const int Runs = 12;
    private const int RunsOfAClient = 4;
    private const int RunTransactions = 1024;

    private static readonly Chain Chain = TestChain.Create();

    private static readonly Run[] Universe = [.. Enumerable.Range(0, Runs).Select(i => Chain.Run(
        i / RunsOfAClient, 1 + (ulong)(RunTransactions * (i % RunsOfAClient)), [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[1], RunTransactions)]))];

    private enum Act
    {
        Add,
        Include,
        Take,
        Commit,
        Execute,
        Oldest,
    }

    private static readonly Act[] Weighted = [Act.Add, Act.Add, Act.Include, Act.Include, Act.Take, Act.Take, Act.Commit, Act.Execute, Act.Oldest];

    private static readonly Gen<(Act Act, int Choice, int[] Runs)[]> GenActs = Gen.Select(
        Gen.Int[0, Weighted.Length - 1].Select(i => Weighted[i]),
        Gen.Int[0, 1000],
        Gen.Int[0, Runs - 1].Array[0, 4]).Array[1, 60];

    [Fact]
    public void The_pool_does_what_the_model_does() => GenActs.Sample(
        acts =>
        {
            var model = new Model();
            TimeSpan now = TimeSpan.Zero;
            var pool = new TransactionPool(
                Chain,
                new PoolOptions { MaxTransactions = 8 * RunTransactions, RecentRuns = Runs },
                () => now,
                run => model.Executed.Contains(run.Digest));
            foreach ((Act act, int choice, int[] runs) in acts)
            {
                now += TimeSpan.FromSeconds(1);
                switch (act)
                {
                    case Act.Add:
                        Run run = Universe[choice % Runs];
                        Assert.Equal(model.Add(run, now), pool.Add(run));
                        break;
                    case Act.Include:
                        Block? parent = model.Blocks.Count == 0 || choice % 3 == 0 ? null : model.Blocks[choice % model.Blocks.Count];
                        Block block = BlockOf(parent, parent?.Height.Next() ?? model.Committed.Next(), choice, [.. runs.Select(i => Universe[i])]);
                        model.Include(block, now);
                        pool.Included(block);
                        break;
                    case Act.Take:
                        ImmutableArray<Digest> ancestors = model.Blocks.Count == 0 || choice % 4 == 0 ? [] : model.PathOf(model.Blocks[choice % model.Blocks.Count]);
                        Assert.Equal(model.Take(ancestors, now), pool.Take(new PayloadRequest(default, default, ancestors), int.MaxValue).Runs);
                        break;
                    case Act.Commit:
                        if (model.Blocks.Find(candidate => candidate.Height == model.Committed.Next()) is { } next)
                        {
                            model.Commit(next);
                            pool.Committed(next);
                        }

                        break;
                    case Act.Execute:
                        model.Executed.Add(Universe[choice % Runs].Digest);
                        break;
                    default:
                        Assert.Equal(model.Oldest(now), pool.Oldest(now));
                        break;
                }

                Assert.Equal(model.Transactions, pool.Transactions);
                Assert.Equal(model.Bytes, pool.Bytes);
            }
        },
        iter: 2000);

    private static Block BlockOf(Block? parent, Height height, int view, Run[] runs)
    {
        Payload payload = Payload.Of(Chain, runs);
        return new Block(Chain, new BlockHeader(default, height, new View((ulong)view), parent?.Digest ?? Digest.None, payload.Root, default, default, 0), payload, null);
    }

    private sealed class Entry(Run run, TimeSpan arrived, int order)
    {
        public Run Run { get; } = run;

        public TimeSpan Arrived { get; } = arrived;

        public int Order { get; } = order;

        public bool Counted { get; set; }
    }

    private sealed class Model
    {
        private readonly List<Entry> _entries = [];
        private readonly HashSet<Digest> _recent = [];
        private readonly HashSet<Digest> _holding = [];
        private int _order;

        public HashSet<Digest> Executed { get; } = [];

        public List<Block> Blocks { get; } = [];

        public Height Committed { get; private set; }

        public int Transactions => _entries.Count * RunTransactions;

        public long Bytes => _entries.Where(entry => entry.Counted).Sum(entry => (long)entry.Run.Encoded.Length + PoolOptions.RunOverheadBytes);

        public PoolAnswer Add(Run run, TimeSpan now)
        {
            if (Find(run) is { } known)
            {
                return known.Counted || (known.Counted = HasRoom(run)) ? PoolAnswer.Duplicate : PoolAnswer.Full;
            }

            if (Executed.Contains(run.Digest))
            {
                return PoolAnswer.Executed;
            }

            if (_recent.Contains(run.Digest))
            {
                return PoolAnswer.Duplicate;
            }

            if (!HasRoom(run))
            {
                _order++;
                return PoolAnswer.Full;
            }

            _entries.Add(new Entry(run, now, _order++) { Counted = true });
            return PoolAnswer.Added;
        }

        public void Include(Block block, TimeSpan now)
        {
            if (block.Height <= Committed || block.Payload.IsEmpty || Blocks.Exists(known => known.Digest == block.Digest))
            {
                return;
            }

            Blocks.Add(block);
            Hold(block, now);
        }

        public List<Run> Take(ImmutableArray<Digest> ancestors, TimeSpan now)
        {
            foreach (Block block in Blocks.Where(block => ancestors.Contains(block.Digest) && !_holding.Contains(block.Digest)))
            {
                Hold(block, now);
            }

            foreach (Block block in Blocks.Where(block => !ancestors.Contains(block.Digest)))
            {
                Release(block);
            }

            _entries.RemoveAll(entry => !IsHeld(entry.Run) && Executed.Contains(entry.Run.Digest));
            return [.. _entries.Where(entry => !IsHeld(entry.Run)).OrderBy(entry => entry.Order).Select(entry => entry.Run)];
        }

        public void Commit(Block block)
        {
            Committed = block.Height;
            foreach (Run run in block.Payload.Runs)
            {
                _recent.Add(run.Digest);
                _entries.RemoveAll(entry => entry.Run.Digest == run.Digest);
            }

            foreach (Block decided in Blocks.FindAll(candidate => candidate.Height <= Committed))
            {
                Release(decided);
                Blocks.Remove(decided);
            }
        }

        public TimeSpan? Oldest(TimeSpan now)
        {
            while (_entries.OrderBy(entry => entry.Order).FirstOrDefault() is { } oldest)
            {
                if (IsHeld(oldest.Run) || !Executed.Contains(oldest.Run.Digest))
                {
                    return now - oldest.Arrived;
                }

                _entries.Remove(oldest);
            }

            return null;
        }

        public ImmutableArray<Digest> PathOf(Block tip)
        {
            ImmutableArray<Digest> path = [];
            for (Block? block = tip; block is not null; block = Blocks.Find(candidate => candidate.Digest == block.Header.Parent))
            {
                path = path.Add(block.Digest);
            }

            return path;
        }

        private Entry? Find(Run run) => _entries.Find(entry => entry.Run.Digest == run.Digest);

        private bool IsHeld(Run run) => Blocks.Exists(block => _holding.Contains(block.Digest) && block.Payload.Runs.Any(held => held.Digest == run.Digest));

        private bool HasRoom(Run run) =>
            _entries.Count(entry => entry.Counted) < 8 && _entries.Count(entry => entry.Counted && entry.Run.Client == run.Client) < 2;

        private void Hold(Block block, TimeSpan now)
        {
            _holding.Add(block.Digest);
            foreach (Run run in block.Payload.Runs)
            {
                if (Find(run) is null && !_recent.Contains(run.Digest))
                {
                    _entries.Add(new Entry(run, now, _order++));
                }
            }
        }

        private void Release(Block block)
        {
            if (!_holding.Remove(block.Digest))
            {
                return;
            }

            foreach (Run run in block.Payload.Runs)
            {
                if (Find(run) is { Counted: false } foreign && !IsHeld(run) && !(foreign.Counted = HasRoom(run)))
                {
                    _entries.Remove(foreign);
                }
            }
        }
    }
}
