using Bft.Applications.KeyValue;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>Sends runs of key-value commands through the client library, under sequences that are known before they leave.</summary>
internal sealed class BftTransactionClient : ITransactionClient
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(20);

    private readonly ClientTarget _target;
    private readonly ClientIdentity _identity;
    private readonly BftClient _client;

    /// <summary>Makes a client; nothing is connected until it is used.</summary>
    public BftTransactionClient(ClientTarget target, ClientIdentity identity)
    {
        _target = target;
        _identity = identity;
        _client = new BftClient(BftClients.Options(target.Genesis, target.WithCommittee(), identity) with { ConnectTimeout = ConnectWithin });
    }

    /// <inheritdoc/>
    public Digest Client => _client.ClientId;

    /// <inheritdoc/>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        try
        {
            await _client.ConnectAsync(cancellation);
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ulong> ReserveAsync(int count, CancellationToken cancellation) => ValueTask.FromResult(_identity.Sequences.Reserve(count));

    /// <inheritdoc/>
    public Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<Operation> operations, CancellationToken cancellation)
    {
        var commands = new ReadOnlyMemory<byte>[operations.Count];
        for (int i = 0; i < commands.Length; i++)
        {
            commands[i] = operations[i].Value is { } value ? KeyValueCommand.Put(operations[i].Key.Span, value.Span) : KeyValueCommand.Delete(operations[i].Key.Span);
        }

        return SubmitAsync(first, commands, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands, CancellationToken cancellation)
    {
        Run run = _identity.SignsRuns
            ? Run.Sign(_client.Chain, _identity.Signer, first, commands)
            : Run.WithoutSignature(_client.Chain, _identity.Signer.PublicKey.Span, first, commands);
        try
        {
            Bft.Client.RunResult result = await _client.SubmitRunAsync(run, cancellation);
            return result.Receipt is { } receipt
                ? new RunResult(receipt.Client, receipt.First, receipt.Height, receipt.Codes)
                : throw new RunRejectedException(
                    $"the validators did not take it: {result.Rejection}", new TransactionId(Client, first).ToString(), "correct the transactions and send them again");
        }
        catch (BftClientException exception)
        {
            throw BftClients.Failed(exception, _target.Endpoints);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
