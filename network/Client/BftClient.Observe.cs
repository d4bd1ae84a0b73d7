using System.Runtime.CompilerServices;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Network.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Bft.Client;

public sealed partial class BftClient
{
    private static readonly TimeSpan WatchBackoff = TimeSpan.FromMilliseconds(200);

    /// <summary>What every endpoint says of itself. Information, not evidence.</summary>
    public async Task<IReadOnlyList<EndpointStatus>> StatusAsync(CancellationToken cancellation = default)
    {
        EndpointStatus[] all = await Task.WhenAll(_links.Select(async link =>
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
        }));
        return all;
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
    /// Where a transaction was committed, and its result; null when no endpoint has it. The block's commit is proved against genesis, the
    /// result is on the word of f+1 validators, who are asked by repeating the run: a repeat returns the first result.
    /// </summary>
    /// <exception cref="BftClientException">The block's proof does not hold, or fewer than f+1 validators are there.</exception>
    public async Task<CommittedTransaction?> TransactionAsync(TransactionId id, CancellationToken cancellation = default)
    {
        var request = new TransactionRequest { Client = ByteString.CopyFrom(id.Client.ToArray()), Sequence = id.Sequence };
        foreach (ValidatorLink link in _links)
        {
            TransactionReply reply;
            try
            {
                reply = await link.Api.GetTransactionAsync(request, deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
            }
            catch (RpcException)
            {
                cancellation.ThrowIfCancellationRequested();
                continue;
            }

            // The validator only says where to look; the block is what is believed.
            CommittedBlock? block = await BlockAsync(new Height(reply.Height), cancellation);
            if (block?.Block.Payload.Runs.FirstOrDefault(run => run.Client == id.Client && run.First <= id.Sequence && id.Sequence <= run.Last) is { } run)
            {
                int index = (int)(id.Sequence - run.First);
                RunResult result = await SubmitRunAsync(run, cancellation);
                return result.Receipt is { } receipt
                    ? new CommittedTransaction(id, block.Block.Height, receipt.CodeAt(index), run.Commands[index])
                    : throw new BftClientException($"Transaction {id} is in block {block.Block.Height}, but f+1 validators gave no result for it: {result.Rejection}");
            }
        }

        return null;
    }

    /// <summary>
    /// Committed blocks from that height on, in order and without gaps, each proved against genesis; history first, then as they come.
    /// Goes on at another endpoint when one ends, stalls no one when read slowly, and is resumed with the height after the last seen.
    /// </summary>
    public async IAsyncEnumerable<CommittedBlock> WatchAsync(Height from, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var next = new Height(Math.Max(1, from.Value));
        for (int turn = 0; ; turn = (turn + 1) % _links.Length)
        {
            await foreach (CommittedBlock block in WatchOneAsync(_links[turn], next, cancellation))
            {
                yield return block;
                next = next.Next();
            }

            await Task.Delay(WatchBackoff, cancellation);
        }
    }

    // Ends at the first error or lie; the caller goes on elsewhere.
    private async IAsyncEnumerable<CommittedBlock> WatchOneAsync(ValidatorLink link, Height next, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = link.Watch(next, cancellation);
        while (true)
        {
            CommittedBlock? block;
            try
            {
                if (!await call.ResponseStream.MoveNext(cancellation))
                {
                    yield break;
                }

                block = Decode(call.ResponseStream.Current.Content);
            }
            catch (RpcException)
            {
                cancellation.ThrowIfCancellationRequested();
                yield break;
            }

            cancellation.ThrowIfCancellationRequested();
            if (block is null || block.Block.Height != next || !_light.IsCommitted(block))
            {
                yield break;
            }

            yield return block;
            next = next.Next();
        }
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
