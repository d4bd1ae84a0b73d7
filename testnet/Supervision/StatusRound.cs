using System.Collections.Immutable;
using Bft.Testnet.Clients;

namespace Bft.Testnet.Supervision;

/// <summary>What every validator answered when all were asked at once.</summary>
/// <param name="Statuses">One an endpoint; null for one that did not answer.</param>
/// <param name="FirstError">Why the first of those did not, or null.</param>
public sealed record StatusRound(ImmutableArray<ValidatorStatus?> Statuses, string? FirstError)
{
    /// <summary>How long a validator may take to say how it is: 2 s.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>Asks all.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="endpoints">Whom.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="within">How long each may take; null for <see cref="AnswerWithin"/>.</param>
    public static async Task<StatusRound> AskAsync(IStatusClient client, IReadOnlyList<ClientEndpoint> endpoints, CancellationToken cancellation, TimeSpan? within = null)
    {
        (ValidatorStatus? Status, string? Error)[] answers = await Task.WhenAll(endpoints.Select(endpoint => AskOneAsync(client, endpoint, within ?? AnswerWithin, cancellation)));
        return new StatusRound([.. answers.Select(answer => answer.Status)], answers.Select(answer => answer.Error).FirstOrDefault(error => error is not null));
    }

    /// <summary>
    /// True when everybody who lives answered and all stand at one height with one head and one state.
    /// </summary>
    /// <param name="lives">Whether a validator is known to live, so that its silence counts.</param>
    public bool IsLevel(Func<int, bool> lives)
    {
        ValidatorStatus? first = null;
        for (int i = 0; i < Statuses.Length; i++)
        {
            if (Statuses[i] is not { } status)
            {
                if (lives(i))
                {
                    return false;
                }

                continue;
            }

            first ??= status;
            if (status.Executed != status.Height || status.Height != first.Height || status.Head != first.Head || status.StateRoot != first.StateRoot)
            {
                return false;
            }
        }

        return first is not null;
    }

    private static async Task<(ValidatorStatus? Status, string? Error)> AskOneAsync(IStatusClient client, ClientEndpoint endpoint, TimeSpan within, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(within);
        try
        {
            return (await client.StatusAsync(endpoint, limit.Token), null);
        }
        catch (ClientException exception)
        {
            return (null, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"no answer within {within.TotalSeconds:0} s ({endpoint})");
        }
    }
}
