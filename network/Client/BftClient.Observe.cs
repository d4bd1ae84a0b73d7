using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;
using Bft.Network.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Bft.Client;

public sealed partial class BftClient
{
    /// <summary>What every endpoint says of itself. Information, not evidence.</summary>
    public async Task<IReadOnlyList<EndpointStatus>> StatusAsync(CancellationToken cancellation = default) =>
        await Task.WhenAll(_links.Select(link => StatusAsync(link, cancellation)));

    /// <summary>
    /// A height that is committed, at least as high as f+1 honest validators know: of the words of a quorum of validators, the (f+1)-th highest. f liars can
    /// neither raise it above what an honest one has, nor lower it below what f+1 honest ones have. Waits until a quorum answers.
    /// </summary>
    /// <param name="notice">Told why there is no quorum, once, when the first try finds none; null to wait in silence.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<Height> HeightAsync(Action<string>? notice = null, CancellationToken cancellation = default)
    {
        for (int attempt = 0; ; attempt++)
        {
            var reasons = new List<string>();
            if (await TryHeightAsync(reasons, cancellation) is { } height)
            {
                return height;
            }

            if (attempt == 0)
            {
                notice?.Invoke($"fewer than {Chain.Committee.QuorumSize} validators say how far they are: {string.Join("; ", reasons)}");
            }

            await Task.Delay(WatchBackoff, cancellation);
        }
    }

    /// <summary>The committed block at that height, its commit proved against genesis; null when no endpoint has one.</summary>
    /// <exception cref="BftClientException">Endpoints answered, none with a block whose proof holds.</exception>
    public Task<CommittedBlock?> BlockAsync(Height height, CancellationToken cancellation = default) =>
        BlockAsync(new BlockRequest { Height = height.Value }, block => block.Block.Height == height, cancellation);

    /// <summary>The committed block of that digest, its commit proved against genesis; null when no endpoint has one.</summary>
    /// <exception cref="BftClientException">Endpoints answered, none with a block whose proof holds.</exception>
    public Task<CommittedBlock?> BlockAsync(Digest digest, CancellationToken cancellation = default) =>
        BlockAsync(new BlockRequest { Digest = ByteString.CopyFrom(digest.ToArray()) }, block => block.Block.Digest == digest, cancellation);

    /// <summary>
    /// Which block executed a transaction, and its result; null when no endpoint has it. A block is found that holds the transaction, its commit proved
    /// against genesis; height and result are on the word of f+1 validators, who are asked by repeating the run: a repeat returns the first
    /// result, whatever later blocks repeat the run.
    /// </summary>
    /// <remarks>
    /// Where the sessions of validators hold no result any more (a code from <see cref="ReceiptCodes.FirstReserved"/> on), the height is that of the lowest block, of those
    /// that f+1 endpoints name and that are proved to hold it.
    /// </remarks>
    /// <exception cref="BftClientException">Fewer than f+1 validators are there or know of it, or they rejected the repeat.</exception>
    public async Task<CommittedTransaction?> TransactionAsync(TransactionId id, CancellationToken cancellation = default)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<Height?>[] asked = [.. _links.Select(link => WhereAsync(link, id, found.Token))];
        await foreach (Task<Height?> answer in Task.WhenEach(asked).WithCancellation(cancellation))
        {
            // A validator only says where to look; the block is what is believed.
            if (await answer is not { } height || await RunAtAsync(id, height, cancellation) is not { } run)
            {
                continue;
            }

            int index = (int)(id.Sequence - run.First);
            RunResult result = await SubmitRunAsync(run, cancellation);
            byte code = result.Receipt is { } receipt
                ? receipt.CodeAt(index)
                : throw new BftClientException($"Transaction {id} is in block {height}, but f+1 validators gave no result for it: {result.Rejection}");
            Height executed = code >= ReceiptCodes.FirstReserved ? await FirstAsync(id, asked, cancellation) : result.HeightAt(index);

            // A client may have signed its sequence twice: the result is of what the first block holds, and so is the command.
            run = executed == height ? run : await RunAtAsync(id, executed, cancellation)
                ?? throw new BftClientException($"No endpoint gives block {executed}, which executed transaction {id}.");
            await found.CancelAsync();
            return new CommittedTransaction(id, executed, code, run.Commands[(int)(id.Sequence - run.First)]);
        }

        cancellation.ThrowIfCancellationRequested();
        return null;
    }

    private async Task<EndpointStatus> StatusAsync(ValidatorLink link, CancellationToken cancellation)
    {
        try
        {
            StatusReply status = await link.Api.StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
            return status.ChainId.Span.SequenceEqual(Chain.Id.ToArray())
                ? new EndpointStatus(link.Endpoint, status, null)
                : new EndpointStatus(link.Endpoint, null, $"serves chain {Convert.ToHexStringLower(status.ChainId.Span)}, genesis is of {Chain.Id}");
        }
        catch (RpcException refused)
        {
            cancellation.ThrowIfCancellationRequested();
            return new EndpointStatus(link.Endpoint, null, $"{refused.StatusCode}: {refused.Status.Detail}");
        }
    }

    // Null when the answers of no quorum came; then the reasons say why.
    private async Task<Height?> TryHeightAsync(List<string> reasons, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var words = new Dictionary<ReplicaId, Height>();
        await foreach (Task<EndpointStatus> asked in Task.WhenEach(_links.Select(link => StatusAsync(link, enough.Token))).WithCancellation(cancellation))
        {
            EndpointStatus answer = await asked;
            if (answer.Status is not { } status)
            {
                reasons.Add($"{answer.Endpoint}: {answer.Error}");
                continue;
            }

            // One voice an endpoint: whom genesis names there, and what it calls itself only where genesis names nobody.
            ReplicaId? named = GenesisEndpoints.ValidatorAt(_options.Genesis, answer.Endpoint);
            if (status.Validator >= (uint)Chain.Committee.Size || (named is { } expected && expected.Value != (int)status.Validator))
            {
                reasons.Add($"{answer.Endpoint}: calls itself validator {status.Validator}, which it is not by genesis");
                continue;
            }

            var voice = new ReplicaId((int)status.Validator);
            if (!words.TryAdd(voice, new Height(status.Height)) && named is not null)
            {
                words[voice] = new Height(status.Height);
            }

            if (Chain.Committee.IsQuorum(words.Keys.Aggregate(ReplicaSet.Empty, (set, other) => set.With(other))))
            {
                await enough.CancelAsync();
                return words.Values.OrderDescending().ElementAt(Chain.Committee.HonestSize - 1);
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return null;
    }

    // Null when the endpoint does not have it, or does not answer.
    private async Task<Height?> WhereAsync(ValidatorLink link, TransactionId id, CancellationToken cancellation)
    {
        var request = new TransactionRequest { Client = ByteString.CopyFrom(id.Client.ToArray()), Sequence = id.Sequence };
        try
        {
            TransactionReply reply = await link.Api.GetTransactionAsync(request, deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
            return new Height(reply.Height);
        }
        catch (RpcException)
        {
            return null;
        }
    }

    // The run of a transaction in the block of that height; null when no such block is proved, or it holds no such transaction.
    private async Task<Run?> RunAtAsync(TransactionId id, Height height, CancellationToken cancellation)
    {
        CommittedBlock? block = await BlockAsync(height, cancellation);
        return block?.Block.Payload.Runs.FirstOrDefault(run => run.Client == id.Client && run.First <= id.Sequence && id.Sequence <= run.Last);
    }

    // Of f+1 endpoints that know where it is one is honest and names the first block: no other is below it.
    private async Task<Height> FirstAsync(TransactionId id, Task<Height?>[] asked, CancellationToken cancellation)
    {
        Height[] named = [.. (await Task.WhenAll(asked)).OfType<Height>()];
        cancellation.ThrowIfCancellationRequested();
        if (named.Length < Chain.Committee.HonestSize)
        {
            throw new BftClientException($"{named.Length} endpoints know where transaction {id} is, f+1 = {Chain.Committee.HonestSize} are needed: its client's session holds its result no longer.");
        }

        foreach (Height height in named.Distinct().Order())
        {
            if (await RunAtAsync(id, height, cancellation) is not null)
            {
                return height;
            }
        }

        throw new BftClientException($"No endpoint gives a block that holds transaction {id}.");
    }

    private async Task<CommittedBlock?> BlockAsync(BlockRequest request, Func<CommittedBlock, bool> isAsked, CancellationToken cancellation)
    {
        var reasons = new List<string>();
        bool anyAnswer = false;
        foreach (ValidatorLink link in _links)
        {
            try
            {
                BlockReply reply = await link.Api.GetBlockAsync(request, deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
                if (Decode(reply.CommittedBlock.Memory) is { } block && isAsked(block) && _light.IsCommitted(block))
                {
                    return block;
                }

                reasons.Add($"{link.Endpoint}: the block is malformed, not the one that was asked for, or its proof does not hold");
            }
            catch (RpcException refused)
            {
                cancellation.ThrowIfCancellationRequested();
                anyAnswer |= refused.StatusCode == StatusCode.NotFound;
                reasons.Add($"{link.Endpoint}: {refused.StatusCode}: {refused.Status.Detail}");
            }
        }

        return anyAnswer ? null : throw new BftClientException($"No endpoint gave the block: {string.Join("; ", reasons)}");
    }

    private CommittedBlock? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        CommittedBlock? block = CommittedBlock.Decode(Chain, ref reader);
        return reader.Complete ? block : null;
    }
}
