using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Testnet.Clients;

/// <summary>Reads through the client library.</summary>
internal sealed class BftQueryClient : IQueryClient
{
    // A chain that is idle exposes its last state by a few empty blocks, one quick round each.
    private static readonly TimeSpan BetweenProofs = TimeSpan.FromMilliseconds(50);

    // A read is ordered by a client made for that read: it either finds validators soon or was no help.
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);

    private readonly ClientTarget _target;
    private readonly Func<BftClientOptions, BftClientOptions> _change;
    private readonly BftClient _named;
    private readonly Lazy<BftClient> _committee;
    private readonly Lazy<ClientIdentity>? _ordering;

    /// <summary>Makes a client; nothing is connected until it is used.</summary>
    /// <param name="target">Whom to talk to.</param>
    /// <param name="ordering">Who orders a read when no quorum agrees; null when reads are not ordered.</param>
    /// <param name="change">Changes the options of every client of the library that is made here; null to change none.</param>
    public BftQueryClient(ClientTarget target, Func<ClientIdentity>? ordering, Func<BftClientOptions, BftClientOptions>? change = null)
    {
        _target = target;
        _change = change ?? (static options => options);
        _ordering = ordering is null ? null : new Lazy<ClientIdentity>(ordering);
        _named = Open(target.Endpoints);
        _committee = new Lazy<BftClient>(() => Open(target.WithCommittee()));
    }

    /// <summary>
    /// How long a quorum may disagree, or wait, before the read is ordered: 500 ms, counted from when a quorum of validators was reached. A process that is just starting
    /// takes longer than that to connect, which is no sign of anything.
    /// </summary>
    public TimeSpan OrderAfter { get; init; } = TimeSpan.FromMilliseconds(500);

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
            CommittedTransaction? found = await _committee.Value.TransactionAsync(id, cancellation);
            return found is { Code: ReceiptCodes.Refused }
                ? throw new ClientException(
                    $"block {found.Height} holds it, but it was not executed: {ResultCodes.Describe(ReceiptCodes.Refused)}", id.ToString(), "send it again under another client key")
                : found?.Height;
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlockAnswer> WatchAsync(Height? from, Action<string> notice, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Height first = from ?? (await _committee.Value.HeightAsync(notice, cancellation)).Next();
        await using IAsyncEnumerator<CommittedBlock> blocks = _committee.Value.WatchAsync(first, notice, cancellation).GetAsyncEnumerator(cancellation);
        while (await MoveAsync(blocks))
        {
            yield return Of(blocks.Current);
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

        if (_ordering is { IsValueCreated: true })
        {
            _ordering.Value.Dispose();
        }
    }

    private BftClient Open(ImmutableArray<ClientEndpoint> endpoints, ClientIdentity? identity = null) =>
        new(_change(BftClients.Options(_target.Genesis, endpoints, identity)));

    private async ValueTask<bool> MoveAsync(IAsyncEnumerator<CommittedBlock> blocks)
    {
        try
        {
            return await blocks.MoveNextAsync();
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
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
        catch (Exception exception) when (refused is not null && exception is BftClientException or ClientException)
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

        Task patience = PatienceAsync(enough.Token);
        await Task.WhenAny(quorum, patience);

        // No quorum agrees, or not yet: on an idle chain validators wait for a block that may be committed and is not known to be. A place in
        // the log settles both. The quorum goes on: it is the answer where nothing can be ordered.
        Task<ReadResult> ordered = quorum.IsCompletedSuccessfully || cancellation.IsCancellationRequested ? quorum : OrderAsync(_ordering, key, enough.Token);
        Task<ReadResult> first = await Task.WhenAny(quorum, ordered);
        Task<ReadResult> other = first == quorum ? ordered : quorum;
        if (first.IsCompletedSuccessfully)
        {
            await enough.CancelAsync();
        }

        await ((Task)Task.WhenAll(first, other)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await enough.CancelAsync();
        await patience.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return first.IsCompletedSuccessfully ? await first : other.IsCompletedSuccessfully ? await other : throw Neither(quorum, ordered);
    }

    // Once a quorum is reached it answers at once unless something keeps it from doing so.
    private async Task PatienceAsync(CancellationToken cancellation)
    {
        await _committee.Value.HeightAsync(cancellation: cancellation);
        await Task.Delay(OrderAfter, cancellation);
    }

    private async Task<ReadResult> OrderAsync(Lazy<ClientIdentity> ordering, ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        // Opening a key takes a moment of work, in which the quorum may answer.
        ClientIdentity identity = await Task.Run(() => ordering.Value, cancellation);
        await using var client = new BftClient(_change(BftClients.Options(_target.Genesis, _target.WithCommittee(), identity)) with { ConnectTimeout = ConnectWithin });
        return await client.ReadOrderedAsync(key, cancellation);
    }

    private Exception Neither(Task<ReadResult> quorum, Task<ReadResult> ordered) => ordered.Exception?.InnerException switch
    {
        DiagnosedException key => new ClientException(
            $"no quorum of {_target.Genesis.Committee.QuorumSize} validators gave equal answers, and the read cannot be ordered: {key.What} ({key.Where})",
            string.Join(", ", _target.Endpoints),
            key.Todo,
            key),
        { } failed => failed,
        null => quorum.Exception?.InnerException ?? new OperationCanceledException(),
    };

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
