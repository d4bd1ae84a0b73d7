using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Ledger.Tests;

/// <summary>A chain with a certificate "scheme" that anyone can compute: enough to tell a changed certificate from a right one.</summary>
internal sealed class TestChain
{
    public TestChain(string name = "test", ChainLimits? limits = null) => Chain = new Chain(
        HashFunction.Sha256.Hash(System.Text.Encoding.ASCII.GetBytes(name)), "toy", new Committee(4), HashFunction.Sha256, limits, acceptUnsigned: true);

    public Chain Chain { get; }

    public StatePoint GenesisPoint => new(default, Chain.Hash.Hash("initial state"u8), BlockStore.ChainStart(Chain));

    public static byte[] Client(int number)
    {
        var name = new byte[32];
        BinaryPrimitives.WriteInt32LittleEndian(name, number);
        return name;
    }

    public Run Run(int client, ulong first, int count = 1, int bytes = 20) => Engine.Run.WithoutSignature(
        Chain, Client(client), first, [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)Enumerable.Repeat((byte)(first + (ulong)i), bytes).ToArray())]);

    public Payload Payload(params Run[] runs) => Engine.Payload.Of(Chain, runs);

    public Block Block(ulong height, Digest parent, Payload payload, StatePoint executed, ulong view = 0, QuorumCertificate? justify = null) => new(
        Chain, new BlockHeader(default, new Height(height), new View(view == 0 ? height : view), parent, payload.Root, executed, new ReplicaId((int)(height % 4)), 1000 + height), payload, justify);

    /// <summary>A block for tests that care about nothing but height, fork and size.</summary>
    public Block Block(ulong height, ulong fork = 0, int bytes = 20) => Block(
        height, Digest.None, Payload(Run((int)fork + 1, height, 1, bytes)), GenesisPoint, view: (fork * 1000) + height);

    public QuorumCertificate Certify(Block block)
    {
        var statement = new Statement(StatementKind.Vote, default, block.View, block.Height, block.Digest);
        return new QuorumCertificate(statement, ReplicaSet.Of(0, 1, 2), SignatureOf(statement));
    }

    public byte[] SignatureOf(Statement statement)
    {
        var bytes = new byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, bytes);
        return Chain.Hash.Hash(bytes).ToArray();
    }

    /// <summary>What convicts a validator of two votes in one view.</summary>
    public Evidence DoubleVote(int signer, ulong view)
    {
        Vote Signed(string subject)
        {
            var statement = new Statement(StatementKind.Vote, default, new View(view), new Height(3), Chain.Hash.Hash(System.Text.Encoding.ASCII.GetBytes(subject)));
            return new Vote(statement, new ReplicaId(signer), SignatureOf(statement));
        }

        return new Evidence(Signed("one"), Signed("another"));
    }

    /// <summary>A chain of committed blocks, each vouching for the state two heights before, with one run of two transactions each.</summary>
    public IReadOnlyList<CommittedBlock> Committed(int count, int bytes = 20)
    {
        var replay = new TestReplay(this);
        List<StatePoint> points = [GenesisPoint];
        List<CommittedBlock> blocks = [];
        Block parent = Chain.GenesisBlock;
        QuorumCertificate justify = Chain.GenesisCertificate;
        for (ulong height = 1; height <= (ulong)count; height++)
        {
            Block block = Block(height, parent.Digest, Payload(Run((int)(height % 3), (2 * height) - 1, 2, bytes)), points[(int)Math.Max(0, (long)height - 3)], justify: justify);
            justify = Certify(block);
            var committed = new CommittedBlock(block, new CommitProof(justify, []));
            blocks.Add(committed);
            points.Add(replay.Execute(committed));
            parent = block;
        }

        return blocks;
    }

    /// <summary>The toy protocol's rule: the block's own certificate.</summary>
    public static bool Rule(BlockHeader header, CommitProof proof, IClaims claims) =>
        proof.Certificate is { } certificate && certificate.Statement.Subject == header.DigestOn(claims.Chain) && certificate.View.Value > 0 && claims.IsCertificate(certificate);
}

/// <summary>Believes the certificates of <see cref="TestChain"/>, and runs whose first command does not start with 0xBA.</summary>
internal sealed class TestClaims(TestChain test) : IClaims
{
    public Chain Chain => test.Chain;

    public bool IsVote(in Vote vote) => vote.Signature.Span.SequenceEqual(test.SignatureOf(vote.Statement));

    public bool IsCertificate(QuorumCertificate certificate) => certificate.ContentEquals(Chain.GenesisCertificate) ||
        (Chain.Committee.IsQuorum(certificate.Signers) && certificate.Signature.Span.SequenceEqual(test.SignatureOf(certificate.Statement)));

    public bool IsPayload(Payload payload) => payload.Runs.All(run => run.Commands[0].Span[0] != 0xBA);
}

/// <summary>An application whose state is the hash of everything executed.</summary>
internal sealed class TestReplay(TestChain test) : IReplay
{
    private readonly HashSet<(Digest, ulong)> _seen = [];
    private StatePoint _last = test.GenesisPoint;

    public StatePoint Genesis => test.GenesisPoint;

    public long Transactions { get; private set; }

    public StatePoint Execute(CommittedBlock block)
    {
        // What was executed before is none of the audit's business: here every run is new once.
        Transactions += block.Block.Payload.Runs.Where(run => _seen.Add((run.Client, run.First))).Sum(run => run.Commands.Length);
        return _last = new StatePoint(
            block.Block.Height,
            test.Chain.Hash.Hash(_last.StateRoot.ToArray(), block.Block.Header.PayloadRoot.ToArray()),
            test.Chain.Link(_last.Chain, block.Block.Digest));
    }
}
