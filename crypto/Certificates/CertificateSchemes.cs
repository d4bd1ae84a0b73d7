using System.Collections.Immutable;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>The certificate schemes there are, by the name a genesis uses.</summary>
/// <remarks>A scheme's votes are signed with the voting scheme of the same name.</remarks>
public static class CertificateSchemes
{
    private delegate ICertificateScheme? Factory(CommitteeKeys keys, VerifiedCache? cache, out KeyRefusal? refusal);

    // One line a scheme; the first is the default.
    private static readonly (ISignatureScheme Voting, Factory Create)[] Known =
    [
        (Ed25519Scheme.Instance, (keys, cache, out refusal) => List(Ed25519Scheme.Instance, keys, cache, out refusal)),
        (BlsVoting.Aggregated, (keys, _, out refusal) => BlsAggregateScheme.TryCreate(keys, out refusal)),
        (BlsVoting.Shared, (keys, _, out refusal) => BlsThresholdScheme.TryCreate(keys, out refusal)),
        (MlDsaScheme.Instance, (keys, cache, out refusal) => List(MlDsaScheme.Instance, keys, cache, out refusal)),
    ];

    /// <summary>The name used when nothing is said.</summary>
    public static string Default => Names[0];

    /// <summary>Every known name, the default first.</summary>
    public static ImmutableArray<string> Names { get; } = [.. Known.Select(static scheme => scheme.Voting.Name)];

    /// <summary>True when <see cref="TryCreate"/> knows the name.</summary>
    public static bool IsKnown(string name) => Names.Contains(name, StringComparer.Ordinal);

    /// <summary>
    /// The scheme that votes of the certificate scheme of that name are signed with; null when there is none. Not all of them are for clients
    /// (<see cref="SignatureSchemes"/>).
    /// </summary>
    public static ISignatureScheme? VotingScheme(string name) =>
        Known.FirstOrDefault(scheme => string.Equals(scheme.Voting.Name, name, StringComparison.Ordinal)).Voting;

    /// <summary>Makes the scheme of that name for a committee, after checking every key and every proof.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="keys">The committee's.</param>
    /// <param name="cache">Where verified signatures are remembered, or null for nowhere.</param>
    /// <param name="refusal">Whose key was refused and why; null when the scheme is there.</param>
    /// <returns>The scheme; null when refused.</returns>
    public static ICertificateScheme? TryCreate(string name, CommitteeKeys keys, VerifiedCache? cache, out KeyRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach ((ISignatureScheme voting, Factory create) in Known)
        {
            if (string.Equals(voting.Name, name, StringComparison.Ordinal))
            {
                return create(keys, cache, out refusal);
            }
        }

        refusal = new KeyRefusal(null, $"There is no certificate scheme '{name}'; known are: {string.Join(", ", Names)}.");
        return null;
    }

    /// <summary>Makes the scheme of that name for a committee whose keys need neither proofs nor a dealer.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="publicKeys">Replica i has key i.</param>
    /// <param name="cache">Where verified signatures are remembered, or null for nowhere.</param>
    /// <exception cref="ArgumentException">The name is unknown (the message lists the known ones), or the keys do not fit the scheme.</exception>
    public static ICertificateScheme Create(string name, IReadOnlyList<ReadOnlyMemory<byte>> publicKeys, VerifiedCache? cache = null) =>
        TryCreate(name, new CommitteeKeys([.. publicKeys], publicKeys.Count), cache, out KeyRefusal? refusal) ?? throw new ArgumentException(refusal!.ToString(), nameof(publicKeys));

    private static SignatureListScheme? List(ISignatureScheme voting, CommitteeKeys keys, VerifiedCache? cache, out KeyRefusal? refusal)
    {
        refusal = keys.FindSuperfluous(possessions: false, commitments: false) ?? SignatureListScheme.CheckKeys(voting, keys.PublicKeys);
        return refusal is null ? new SignatureListScheme(voting, keys.PublicKeys, cache) : null;
    }
}
