using System.Collections.Immutable;
using Bft.Applications.KeyValue;
using Bft.Client;
using Bft.Engine;
using Bft.Engine.Execution;

namespace Bft.Testnet.Clients;

/// <summary>Clients over the client library.</summary>
public sealed class BftClients : IClients
{
    /// <inheritdoc/>
    public ITransactionClient Transactions(ClientTarget target, ClientIdentity identity) => new BftTransactionClient(target, identity);

    /// <inheritdoc/>
    public IQueryClient Queries(ClientTarget target, Func<ClientIdentity>? ordering = null) => new BftQueryClient(target, ordering);

    /// <inheritdoc/>
    public IStatusClient Status(ClientTarget target) => new BftStatusClient(target);

    /// <summary>A client of the library that talks to some endpoints.</summary>
    /// <param name="genesis">The chain.</param>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="identity">Who sends, or null for a reader.</param>
    internal static BftClient Open(Genesis genesis, ImmutableArray<ClientEndpoint> endpoints, ClientIdentity? identity = null) => new(Options(genesis, endpoints, identity));

    /// <summary>What such a client is made of.</summary>
    internal static BftClientOptions Options(Genesis genesis, ImmutableArray<ClientEndpoint> endpoints, ClientIdentity? identity = null) => new()
    {
        Genesis = genesis,
        Endpoints = [.. endpoints.Select(endpoint => endpoint.Uri)],
        Signer = identity is { SignsRuns: true } ? identity.Signer : null,
        UnsignedName = identity is { SignsRuns: false } ? identity.Signer.PublicKey : null,
        Sequences = identity?.Sequences,
        Barrier = static () => KeyValueCommand.Barrier(),
        StateProofCheck = Shows,
    };

    /// <summary>What the library says, as an error of this program.</summary>
    internal static ClientException Failed(BftClientException exception, IEnumerable<ClientEndpoint> endpoints) => new(
        exception.Message.TrimEnd('.', ' '), string.Join(", ", endpoints), "check with \"bft status\" that a quorum of this genesis' validators runs there", exception);

    // The root binds everything that was proved; the height inside the proof is that of the header whose root it must reach.
    private static bool Shows(Chain chain, Crypto.Digest stateRoot, ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> proof) =>
        StateProof.Decode(proof) is { } decoded && decoded.Shows(chain, new StatePoint(decoded.Height, stateRoot, default), key, value is not null, (value ?? default).Span);
}
