using System.Collections.Concurrent;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Network.Protocol;

namespace Bft.Testnet.Clients;

/// <summary>Asks validators how they are through the client library.</summary>
/// <param name="target">The chain; a validator of another one counts as not answering.</param>
internal sealed class BftStatusClient(ClientTarget target) : IStatusClient
{
    private const int MostNameLength = 128;
    private const double MostPerSecond = 1e12;

    private readonly ConcurrentDictionary<ClientEndpoint, BftClient> _clients = new();

    /// <inheritdoc/>
    public async Task<ValidatorStatus> StatusAsync(ClientEndpoint endpoint, CancellationToken cancellation)
    {
        BftClient client = _clients.GetOrAdd(endpoint, one => BftClients.Open(target.Genesis, [one]));
        EndpointStatus answer = (await client.StatusAsync(cancellation))[0];
        return answer.Status is { } status && Of(status) is { } read
            ? read
            : throw new ClientException(answer.Error ?? "the answer is malformed", endpoint.ToString(), "start the validator, or check endpoint and genesis");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (BftClient client in _clients.Values)
        {
            await client.DisposeAsync();
        }
    }

    // A failure in the place of a key, or a key in that of a failure, is no answer of an honest validator: whoever shows it counts on a group key.
    private static bool TryRead(Google.Protobuf.ByteString encoded, bool failed, out SharedKeyOutcome? outcome)
    {
        outcome = encoded.Length == 0 ? null : SharedKeyOutcome.Decode(encoded.Memory);
        return encoded.Length == 0 || (outcome is not null && (outcome.Failure is not null) == failed);
    }

    // Neither NaN nor without end, which JSON cannot say.
    private static bool IsRate(double value) => value is >= 0 and <= MostPerSecond;

    // Shown on a terminal.
    private static bool IsName(string text) => text.Length <= MostNameLength && !text.Any(char.IsControl);

    // The answer is one validator's and may be anything: numbers are bounded before they are believed even that much.
    internal static ValidatorStatus? Of(StatusReply status)
    {
        if (status.Head.Length != Digest.Size || status.StateRoot.Length != Digest.Size || status.Validator >= ReplicaSet.Capacity || status.Leader >= ReplicaSet.Capacity ||
            !IsRate(status.TransactionsPerSecond) || !IsRate(status.BlocksPerSecond) || !IsName(status.Scheme) || !IsName(status.Backend) || status.Peers.Any(peer => peer.Id >= ReplicaSet.Capacity))
        {
            return null;
        }

        if (!TryRead(status.SharedKeyBefore, failed: false, out SharedKeyOutcome? before) || !TryRead(status.SharedKey, failed: false, out SharedKeyOutcome? key) ||
            !TryRead(status.SharedKeyFailure, failed: true, out SharedKeyOutcome? failure) || status.Generation.Length is not (0 or Digest.Size) || status.GenerationPhase > (uint)GenerationPhase.Failed)
        {
            return null;
        }

        RunningGeneration? running = status.Generation.Length == 0
            ? null
            : new RunningGeneration(new Digest(status.Generation.Span), (GenerationPhase)status.GenerationPhase, new Height(status.GenerationDeadline));
        var keys = new SharedKeyView(running, before, key, failure);
        return new ValidatorStatus(
            new ReplicaId((int)status.Validator),
            new Height(status.Height),
            new Height(status.ExecutedHeight),
            new View(status.View),
            status.Leader < 0 ? null : new ReplicaId(status.Leader),
            new Digest(status.Head.Span),
            new Digest(status.StateRoot.Span),
            status.CommittedTransactions,
            status.Mempool,
            status.Voting,
            status.NotVotingBecause.Length == 0 ? null : status.NotVotingBecause,
            status.ViewChanges,
            status.TransactionsPerSecond,
            status.BlocksPerSecond,
            status.Scheme.Length == 0 ? null : status.Scheme,
            status.Backend.Length == 0 ? null : status.Backend,
            [.. status.Peers.Select(peer => new PeerStatus(new ReplicaId((int)peer.Id), peer.Connected, new Height(peer.Height)))],
            keys);
    }
}
