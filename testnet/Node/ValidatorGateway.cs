using System.Runtime.CompilerServices;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;
using Bft.Engine.Mempool;
using Bft.Engine.SharedKeys;
using Bft.Network.Api;
using Bft.Network.Gossip;

namespace Bft.Testnet.Node;

/// <summary>The client API's way into a running validator.</summary>
internal sealed class ValidatorGateway(ValidatorParts parts, TransactionGossip gossip) : IValidatorGateway
{
    /// <inheritdoc/>
    public Chain Chain => parts.Chain;

    /// <inheritdoc/>
    public Genesis Genesis => parts.Settings.Genesis;

    /// <inheritdoc/>
    public ReplicaId Self => parts.Self;

    /// <inheritdoc/>
    public ISigner Identity => parts.Keys.Identity;

    /// <inheritdoc/>
    public string Backend => parts.Certificates.Backend;

    /// <inheritdoc/>
    public ReceiptFeed Receipts => parts.Receipts;

    /// <inheritdoc/>
    public SubmitAnswer Submit(Run run)
    {
        for (int i = 0; i < run.Count; i++)
        {
            if (SharedKeyRegistry.Check(parts.Application, run.Commands[i].Span) is { } reason)
            {
                return new SubmitAnswer(SubmitVerdict.Rejected, Reason: $"command {i} of the run that starts at sequence {run.First}: {reason}");
            }
        }

        if (!parts.Claims.IsRun(run))
        {
            return new SubmitAnswer(SubmitVerdict.Rejected, Reason: run.Scheme == Run.Unsigned
                ? "the run is unsigned and this chain admits signed ones only: sign it with the client's key"
                : "the run's signature does not hold for this chain, key and content: sign exactly the bytes of the run, with this chain's id");
        }

        switch (parts.Pool.Add(run, gossip.UnattestedFor))
        {
            case PoolAnswer.Added:
                gossip.Spread(run);
                return new SubmitAnswer(SubmitVerdict.Accepted);
            case PoolAnswer.Duplicate:
                return new SubmitAnswer(SubmitVerdict.Duplicate);
            case PoolAnswer.Executed:
                return parts.Executor.Sessions.Find(run.Client, run.First, run.Count) is { } receipts
                    ? new SubmitAnswer(SubmitVerdict.Executed, receipts)
                    : new SubmitAnswer(SubmitVerdict.Duplicate);
            default:
                return new SubmitAnswer(SubmitVerdict.Full, Reason: "the mempool has no room for this client now: wait for receipts, then send the same bytes again");
        }
    }

    /// <inheritdoc/>
    public QueryAnswer Query(ReadOnlyMemory<byte> key)
    {
        QueryResult result = parts.Reader.Read(key.Span);
        return new QueryAnswer(result.Found, result.Value, result.Height);
    }

    /// <inheritdoc/>
    public ProofAnswer Prove(ReadOnlyMemory<byte> key)
    {
        foreach ((BlockHeader header, QuorumCertificate certificate) in parts.Certified.Newest())
        {
            if (parts.Reader.Prove(key.Span, header.Executed.Height) is { } proved && proved.Point == header.Executed)
            {
                var writer = new CanonicalWriter(1024);
                proved.Proof.Encode(writer);
                return new ProofAnswer(new KeyProof(proved.Answer.Found, proved.Answer.Value, writer.ToArray(), header, certificate));
            }
        }

        return new ProofAnswer(null, "no certified header vouches for a state that is still kept here: ask again after the next block");
    }

    /// <inheritdoc/>
    public async ValueTask<ReadIndexAnswer> ReadIndexAsync(CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<Height?>(TaskCreationOptions.RunContinuationsAsynchronously);
        parts.Replica.ReadIndex(height => answer.TrySetResult(height));
        Height? atLeast = await answer.Task.WaitAsync(cancellation);
        return atLeast is { } height ? new ReadIndexAnswer(height) : new ReadIndexAnswer(default, ReadRefusal.Behind);
    }

    /// <inheritdoc/>
    public async ValueTask<Height> WaitExecutedAsync(Height atLeast, CancellationToken cancellation)
    {
        while (true)
        {
            Task next = parts.Pipeline.NextBlock();
            if (parts.Executor.Point.Height >= atLeast)
            {
                return parts.Executor.Point.Height;
            }

            await next.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public StatusAnswer Status()
    {
        StatePoint point = parts.Executor.Point;
        Height height = parts.Ledger.Height;
        ProtocolStatus protocol = parts.Replica.Status;
        (double transactions, double blocks) = parts.Rates.PerSecond();
        return new StatusAnswer(
            height,
            point.Height,
            protocol.View,
            protocol.Leader,
            parts.Ledger.ReadHeader(height)?.DigestOn(parts.Chain) ?? parts.Chain.GenesisBlock.Digest,
            point.StateRoot,
            (ulong)parts.Pipeline.Transactions,
            parts.Pool.Transactions,
            parts.Replica.Voting,
            parts.NotVotingBecause,
            transactions,
            blocks,
            protocol.ViewChanges,
            [.. parts.Peers.States.Select(peer => new PeerAnswer(peer.Id, peer.Connected, parts.Replica.HeightOf(peer.Id)))],
            parts.SharedKeys.View);
    }

    /// <inheritdoc/>
    public string? OutOfService =>
        parts.Replica.JournalFailed ? "a flush of the journal failed: it promises nothing until it is restarted"
        : parts.Replica.Paused ? "the disk behind the journal is full"
        : null;

    /// <inheritdoc/>
    public Height CommittedHeight => parts.Ledger.Height;

    /// <inheritdoc/>
    public CommittedBlock? Block(Height height) => parts.Ledger.Read(height);

    /// <inheritdoc/>
    public CommittedBlock? Block(Digest digest) => parts.Ledger.Find(digest) is { } height ? parts.Ledger.Read(height) : null;

    /// <inheritdoc/>
    public IReadOnlyList<Height> BlocksByDigest(string digits, int atMost) => [.. parts.Index.Search(digits, atMost).Select(block => block.Height)];

    /// <inheritdoc/>
    public TransactionAnswer? Transaction(TransactionId id)
    {
        if (parts.Ledger.Find(id) is not { } height || parts.Ledger.Read(height) is not { } block)
        {
            return null;
        }

        foreach (Run run in block.Block.Payload.Runs)
        {
            if (run.Client == id.Client && run.First <= id.Sequence && id.Sequence <= run.Last)
            {
                byte code = parts.Executor.Sessions.Find(id.Client, id.Sequence, 1) is [var receipt] ? receipt.CodeAt(0) : ReceiptCodes.Forgotten;
                return new TransactionAnswer(height, code, run);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CommittedBlock> Watch(Height from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (Height height = from.Value == 0 ? new Height(1) : from; ; height = height.Next())
        {
            while (true)
            {
                Task next = parts.Pipeline.NextBlock();
                if (parts.Ledger.Height >= height)
                {
                    break;
                }

                await next.WaitAsync(cancellation);
            }

            yield return parts.Ledger.Read(height) ?? throw new InvalidDataException($"The ledger lost height {height}.");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Evidence> Evidence(int atMost) => parts.Evidence.Newest(atMost);
}
