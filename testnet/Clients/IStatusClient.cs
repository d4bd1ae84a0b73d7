using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.SharedKeys;

namespace Bft.Testnet.Clients;

/// <summary>Asks single validators how they are: one validator's word, for people who operate it.</summary>
public interface IStatusClient : IAsyncDisposable
{
    /// <summary>The status of one validator.</summary>
    /// <exception cref="ClientException">It did not answer.</exception>
    Task<ValidatorStatus> StatusAsync(ClientEndpoint endpoint, CancellationToken cancellation);
}

/// <summary>What a validator says about itself.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Height">The last committed height.</param>
/// <param name="Executed">The last executed height.</param>
/// <param name="View">The view it is in.</param>
/// <param name="Leader">Who leads that view, or null when nobody does.</param>
/// <param name="Head">The digest of the block at <paramref name="Height"/>.</param>
/// <param name="StateRoot">The state after <paramref name="Executed"/>.</param>
/// <param name="CommittedTransactions">Transactions executed since genesis; one that was committed twice is one.</param>
/// <param name="Mempool">Transactions that wait.</param>
/// <param name="Voting">Whether it votes; false after it lost its safety records.</param>
/// <param name="NotVotingBecause">Why it does not vote; null when it does.</param>
/// <param name="ViewChanges">Views it gave up since it was started.</param>
/// <param name="TransactionsPerSecond">Transactions it executed a second, lately (<see cref="Node.RateWindow"/>).</param>
/// <param name="BlocksPerSecond">Blocks it executed a second, lately.</param>
/// <param name="Scheme">The chain's certificate scheme; null when an older build does not say.</param>
/// <param name="Backend">What does the scheme's arithmetic in its process: <c>managed</c>, or a native library's name; null as above.</param>
/// <param name="Peers">The other validators as it sees them.</param>
/// <param name="SharedKeys">Key generations as it sees them; null when it does not say.</param>
public sealed record ValidatorStatus(
    ReplicaId Id,
    Height Height,
    Height Executed,
    View View,
    ReplicaId? Leader,
    Digest Head,
    Digest StateRoot,
    ulong CommittedTransactions,
    long Mempool,
    bool Voting,
    string? NotVotingBecause,
    ulong ViewChanges,
    double TransactionsPerSecond,
    double BlocksPerSecond,
    string? Scheme,
    string? Backend,
    ImmutableArray<PeerStatus> Peers,
    SharedKeyView? SharedKeys = null);

/// <summary>A peer as a validator sees it.</summary>
/// <param name="Id">The peer.</param>
/// <param name="Connected">Whether there is a connection.</param>
/// <param name="Height">The last height it told.</param>
public sealed record PeerStatus(ReplicaId Id, bool Connected, Height Height);
