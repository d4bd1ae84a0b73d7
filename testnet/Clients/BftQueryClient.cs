using System.Runtime.CompilerServices;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>Reads through the client library.</summary>
internal sealed class BftQueryClient : IQueryClient
{
    // A chain that is idle exposes its last state by a few empty blocks, one quick round each.
    private static readonly TimeSpan BetweenProofs = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan OrderAfter = TimeSpan.FromMilliseconds(250);

    private readonly ClientTarget _target;
    private readonly Func<ClientIdentity>? _ordering;
    private readonly BftClient _named;
    private readonly Lazy<BftClient> _committee;

    /// <summary>Makes a client; nothing is connected until it is used.</summary>
    /// <param name="target">Whom to talk to.</param>
    /// <param name="ordering">Who orders a read when no quorum agrees; null when reads are not ordered.</param>
    public BftQueryClient(ClientTarget target, Func<ClientIdentity>? ordering)
    {
        _target = target;
        _ordering = ordering;
        _named = BftClients.Open(target.Genesis, target.Endpoints);
        _committee = new Lazy<BftClient>(() => BftClients.Open(target.Genesis, target.WithCommittee()));
    }

    /// <inheritdoc/>
    public async Task<KeyAnswer> GetAsync(ReadOnlyMemory<byte> key, Consistency consistency, bool prove, CancellationToken cancellation)
    {
        try
        {
            if (consistency == Consistency.Stale)
            {
                return prove ? Proven(await _named.ProveAsync(key, cancellation), "proof") : Of(await _named.GetAsync(key, linearizable: false, cancellation));
            }

            if (!prove)
            {
                return Of(await LinearizableAsync(key, cancellation));
            }

            ReadResult read = await ReadToProveAsync(key, cancellation);

            // A proof is of some certified state, a few heights behind the last: it keeps the promise when it is as new as the read, or proves the very
            // value that the read found to be current.
            while (true)
            {
                ProvenValue proven = await _named.ProveAsync(key, cancellation);
                if (proven.Height >= read.Height || (proven.Found == read.Found && proven.Value.Span.SequenceEqual(read.Value.Span)))
                {
                    return Proven(proven, Method(read.Path));
                }

                await Task.Delay(BetweenProofs, cancellation);
            }
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    /// <inheritdoc/>
    public Task<BlockAnswer?> BlockAsync(Height height, CancellationToken cancellation) => BlockAsync(_named.BlockAsync(height, cancellation));

    /// <inheritdoc/>
    public Task<BlockAnswer?> BlockAsync(Digest digest, CancellationToken cancellation) => BlockAsync(_named.BlockAsync(digest, cancellation));

    /// <inheritdoc/>
    public async Task<Height?> TransactionAsync(TransactionId id, CancellationToken cancellation)
    {
        try
        {
            return (await _committee.Value.TransactionAsync(id, cancellation))?.Height;
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlockAnswer> WatchAsync(Height? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Height first = from ?? await NextHeightAsync(cancellation);
        await foreach (CommittedBlock block in _named.WatchAsync(first, cancellation))
        {
            yield return Of(block);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _named.DisposeAsync();
        if (_committee.IsValueCreated)
        {
            await _committee.Value.DisposeAsync();
        }
    }

    // Whatever keeps a proof from holding, above all a foreign genesis, is the better reason when the read fails for it, too.
    private async Task<ReadResult> ReadToProveAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        BftClientException? refused = null;
        try
        {
            await _named.ProveAsync(key, cancellation);
        }
        catch (BftClientException exception)
        {
            // Or there is nothing certified yet: then the read's place in the log helps.
            refused = exception;
        }

        try
        {
            return await LinearizableAsync(key, cancellation);
        }
        catch (BftClientException) when (refused is not null)
        {
            throw refused;
        }
    }

    private async Task<ReadResult> LinearizableAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<ReadResult> quorum = _committee.Value.GetAsync(key, linearizable: true, enough.Token);
        if (_ordering is null)
        {
            return await quorum;
        }

        await Task.WhenAny(quorum, Task.Delay(OrderAfter, cancellation));
        if (quorum.IsCompletedSuccessfully)
        {
            return await quorum;
        }

        // No quorum agrees, or not yet: on an idle chain validators wait for a block that may be committed and is not known to be. A place in
        // the log settles both.
        using ClientIdentity identity = _ordering();
        await using BftClient ordering = BftClients.Open(_target.Genesis, _target.WithCommittee(), identity, ConnectWithin);
        Task<ReadResult> ordered = ordering.ReadOrderedAsync(key, enough.Token);
        Task<ReadResult> first = await Task.WhenAny(quorum, ordered);
        if (first.IsCompletedSuccessfully)
        {
            await enough.CancelAsync();
        }

        await ((Task)Task.WhenAll(quorum, ordered)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await (first.IsCompletedSuccessfully ? first : quorum.IsCompletedSuccessfully ? quorum : ordered);
    }

    private async Task<BlockAnswer?> BlockAsync(Task<CommittedBlock?> asked)
    {
        try
        {
            return await asked is { } block ? Of(block) : null;
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    private async Task<Height> NextHeightAsync(CancellationToken cancellation)
    {
        IReadOnlyList<EndpointStatus> all = await _named.StatusAsync(cancellation);
        return new Height(all.Max(answer => answer.Status?.Height ?? 0) + 1);
    }

    private static KeyAnswer Of(ReadResult read) => new(read.Found, read.Value, read.Height, Method(read.Path), null);

    private static KeyAnswer Proven(ProvenValue proven, string method) =>
        new(proven.Found, proven.Value, proven.Height, method, new KeyProof(true, proven.StateRoot, proven.CertificateView));

    private static BlockAnswer Of(CommittedBlock committed)
    {
        Block block = committed.Block;
        return new BlockAnswer(
            block.Height,
            block.Digest,
            block.Header.Proposer,
            block.Header.View,
            [.. block.Payload.Runs.SelectMany(run => Enumerable.Range(0, run.Count).Select(i => new TransactionId(run.Client, run.First + (ulong)i)))]);
    }

    private static string Method(ReadPath path) => path switch
    {
        ReadPath.Quorum => "quorum",
        ReadPath.Ordered => "ordered",
        _ => "one validator",
    };
}
