using System.Collections.Immutable;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>Whom to talk to, and against what to check what they say.</summary>
/// <param name="Genesis">The chain: answers are believed against this alone.</param>
/// <param name="Endpoints">The validators to talk to, in order of preference; at least one.</param>
public sealed record ClientTarget(Genesis Genesis, ImmutableArray<ClientEndpoint> Endpoints)
{
    /// <summary>
    /// The endpoints, and behind them those of genesis: for what one validator's word does not suffice for, so that naming one endpoint is
    /// enough to write and to read.
    /// </summary>
    public ImmutableArray<ClientEndpoint> WithCommittee() => [.. Endpoints.Concat(Genesis.Validators.Select(ClientEndpoint.Of)).Distinct()];
}

/// <summary>Makes clients. The one place where the commands and the client library meet; tests put fakes here.</summary>
public interface IClients
{
    /// <summary>A client that sends transactions.</summary>
    /// <param name="target">Whom to talk to.</param>
    /// <param name="identity">Who sends; owned by the caller.</param>
    ITransactionClient Transactions(ClientTarget target, ClientIdentity identity);

    /// <summary>A client that reads.</summary>
    /// <param name="target">Whom to talk to.</param>
    /// <param name="ordering">Opens the identity under which a read is ordered when no quorum agrees; called once at the most, and only then. Null to fail then.</param>
    IQueryClient Queries(ClientTarget target, Func<ClientIdentity>? ordering = null);

    /// <summary>A client that asks for status.</summary>
    IStatusClient Status(ClientTarget target);
}
