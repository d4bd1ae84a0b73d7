using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;

namespace Bft.Simulation.Mutations;

/// <summary>What is executed, what a vote vouches for, and what waits to be ordered, broken once each.</summary>
internal static class MutatedResults
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new Mutation("result-unchecked", "votes for a block that vouches for a state which it does not have")
        {
            Rule = "Executed equal to our own state at that height; DESIGN port rule 4, PROTOCOLS 16.8",
            By = "C-06",
            Apply = options => options with { BlockRules = new AnyResult() },
        },
        new Mutation("clock-ahead-unchecked", "votes for a block of any time to come")
        {
            Rule = "no proposal far ahead of one's own clock; PROTOCOLS 25 \"block time\"",
            By = "C-06",
            Apply = options => options with { BlockRules = new AnyTime() },
        },
        new Mutation("execution-differs", "computes another state at every seventh height than the others do")
        {
            Rule = "execution is deterministic; PROTOCOLS 16.8",
            By = null,
            Apply = options => options with { WrapApplication = (application, self) => new OfItsOwn(application, self) },
        },
        new Mutation("included-taken-for-committed", "forgets a command when a block with it is stored, committed or not")
        {
            Rule = "a run stays until a block with it is committed; DESIGN \"IPayloadSource\", PROTOCOLS 25 P8",
            By = null,
            Apply = options => options with { WrapPool = pool => new Forgetful(pool) },
        },
        new Mutation("read-index-is-own-commit", "answers a read as soon as what it has committed itself is executed")
        {
            Rule = "a read waits for whatever may be committed; PROTOCOLS 7d, etcd#7331, tikv#6340",
            By = "C-10",
            Apply = options => options with { WrapLoop = (protocol, _) => new AnswersAtOnce().Around(protocol) },
        },
    ];

    private sealed class AnyResult : BlockRules
    {
        public override bool IsOwnResult(StatePoint claimed, StatePoint own) => true;
    }

    private sealed class AnyTime : BlockRules
    {
        public override bool IsFromTheFuture(ulong time, ulong now) => false;
    }

    private sealed class AnswersAtOnce : ChangedProtocol
    {
        public override void ReadReady(ReadId read, Height atLeast) => base.ReadReady(read, default);
    }

    private sealed class Forgetful(IPayloadSource pool) : IPayloadSource
    {
        public TimeSpan? OldestArrival => pool.OldestArrival;

        public Payload Take(PayloadRequest request) => pool.Take(request);

        public void Included(Block block)
        {
            pool.Included(block);
            pool.Committed(block);
        }

        public void Committed(Block block) => pool.Committed(block);
    }

    private sealed class OfItsOwn(IApplication application, ReplicaId self) : IApplication
    {
        public string Name => application.Name;

        public Digest InitChain(Chain chain) => application.InitChain(chain);

        public string? CheckTx(ReadOnlySpan<byte> command) => application.CheckTx(command);

        public Digest FinalizeBlock(BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
        {
            Digest root = application.FinalizeBlock(context, commands, codes);
            if (context.Height.Value % 7 != 0)
            {
                return root;
            }

            Span<byte> own = stackalloc byte[Digest.Size];
            root.CopyTo(own);
            own[0] ^= (byte)self.Value;
            return new Digest(own);
        }

        public void Commit(Height height) => application.Commit(height);

        public QueryResult Query(ReadOnlySpan<byte> key, Height? proveAt) => application.Query(key, proveAt);

        public Action<Stream> Snapshot() => application.Snapshot();

        public void ReadSnapshot(Chain chain, Height height, Digest root, Stream stream) => application.ReadSnapshot(chain, height, root, stream);
    }
}
