using System.Runtime.CompilerServices;
using Bft.Engine;
using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Grpc.Core;

namespace Bft.Client;

public sealed partial class BftClient
{
    private static readonly TimeSpan WatchBackoff = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Committed blocks from that height on, in order and without gaps, each proved against genesis; history first, then as they come.
    /// Goes on at another endpoint when one ends, or when it is silent for <see cref="BftClientOptions.CallTimeout"/> while another one has the block; stalls no one when
    /// read slowly, and is resumed with the height after the last seen.
    /// </summary>
    public IAsyncEnumerable<CommittedBlock> WatchAsync(Height from, CancellationToken cancellation = default) => WatchAsync(from, null, cancellation);

    /// <summary>The same, and tells when nobody gives blocks; it keeps trying.</summary>
    /// <param name="from">The first height.</param>
    /// <param name="notice">Told once, with each endpoint's reason, when all failed one after the other; again when that happens after a block came.</param>
    /// <param name="cancellation">Ends the stream.</param>
    public async IAsyncEnumerable<CommittedBlock> WatchAsync(Height from, Action<string>? notice, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var next = new Height(Math.Max(1, from.Value));
        var failures = new List<string>();
        for (int turn = 0; ; turn = (turn + 1) % _links.Length)
        {
            await foreach (CommittedBlock block in WatchOneAsync(_links[turn], next, failures, cancellation))
            {
                yield return block;
                next = next.Next();
            }

            if (failures.Count == _links.Length)
            {
                notice?.Invoke($"no validator gives block {next}: {string.Join("; ", failures)}");
            }

            await Task.Delay(WatchBackoff, cancellation);
        }
    }

    // Ends at the first error, lie or silence and adds the reason to the failures in a row; the caller goes on elsewhere.
    private async IAsyncEnumerable<CommittedBlock> WatchOneAsync(
        ValidatorLink link, Height next, List<string> failures, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using AsyncServerStreamingCall<RawFrame> call = link.Watch(next, cancellation);
        while (true)
        {
            (CommittedBlock? block, string? reason) = await NextAsync(call.ResponseStream, next, failures, cancellation);
            if (block is null)
            {
                // One more than are told: a silence of days does not add up.
                if (failures.Count <= _links.Length)
                {
                    failures.Add($"{link.Endpoint}: {reason}");
                }

                yield break;
            }

            failures.Clear();
            yield return block;
            next = next.Next();
        }
    }

    // The block, or why it does not come from here.
    private async Task<(CommittedBlock? Block, string? Reason)> NextAsync(
        IAsyncStreamReader<RawFrame> stream, Height next, List<string> failures, CancellationToken cancellation)
    {
        try
        {
            Task<bool> moving = stream.MoveNext(cancellation);
            while (await IsLateAsync(moving, cancellation))
            {
                // On an idle chain there is nothing to give. Whether it is idle the others know, and who has the block has its proof.
                (bool answered, bool found) = await LookAroundAsync(next, cancellation);
                if (found || !answered)
                {
                    return (null, found ? "withholds a block that another one has" : "is silent, and so are the others");
                }

                failures.Clear();
            }

            if (!await moving)
            {
                return (null, "ended the stream");
            }

            return Decode(stream.Current.Content) is { } block && block.Block.Height == next && _light.IsCommitted(block)
                ? (block, null)
                : (null, "the block is malformed, not the next one, or its proof does not hold");
        }
        catch (RpcException refused)
        {
            cancellation.ThrowIfCancellationRequested();
            return (null, $"{refused.StatusCode}: {refused.Status.Detail}");
        }
    }

    private async Task<bool> IsLateAsync(Task<bool> moving, CancellationToken cancellation)
    {
        try
        {
            await moving.WaitAsync(_options.CallTimeout, cancellation);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    // Whether anybody answers, and whether anybody has a block of that height that is proved.
    private async Task<(bool Answered, bool Found)> LookAroundAsync(Height height, CancellationToken cancellation)
    {
        (bool Answered, bool Found)[] all = await Task.WhenAll(_links.Select(async link =>
        {
            try
            {
                BlockReply reply = await link.Api.GetBlockAsync(
                    new BlockRequest { Height = height.Value }, deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
                return (true, Decode(reply.CommittedBlock.Memory) is { } block && block.Block.Height == height && _light.IsCommitted(block));
            }
            catch (RpcException refused)
            {
                cancellation.ThrowIfCancellationRequested();
                return (refused.StatusCode == StatusCode.NotFound, false);
            }
        }));
        return (all.Any(one => one.Answered), all.Any(one => one.Found));
    }
}
