using System.Collections.Immutable;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>Whom to talk to, and against what to check what they say.</summary>
/// <param name="Genesis">The chain: answers are believed against this alone.</param>
/// <param name="Endpoints">The validators to talk to, in order of preference; at least one.</param>
public sealed record ClientTarget(Genesis Genesis, ImmutableArray<ClientEndpoint> Endpoints);

/// <summary>Makes clients. The one place where the commands and the client library meet; tests put fakes here.</summary>
public interface IClients
{
    /// <summary>A client that sends transactions.</summary>
    /// <param name="target">Whom to talk to.</param>
    /// <param name="identity">Who sends; owned by the caller.</param>
    ITransactionClient Transactions(ClientTarget target, ClientIdentity identity);

    /// <summary>A client that reads.</summary>
    IQueryClient Queries(ClientTarget target);

    /// <summary>A client that asks for status.</summary>
    IStatusClient Status(ClientTarget target);
}
