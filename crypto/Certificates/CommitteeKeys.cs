using System.Collections.Immutable;

namespace Bft.Crypto.Certificates;

/// <summary>Everything public that a committee's certificates are checked by, as genesis names it. Nothing is checked yet: a scheme does that before a key counts.</summary>
/// <param name="PublicKeys">Replica i has key i.</param>
/// <param name="Quorum">How many different replicas make a certificate.</param>
public sealed record CommitteeKeys(ImmutableArray<ReadOnlyMemory<byte>> PublicKeys, int Quorum)
{
    /// <summary>Replica i's proof that it knows the secret of key i; empty where the scheme needs none.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Possessions { get; init; } = [];

    /// <summary>The dealer's commitments to the polynomial that the secrets lie on, from the group key upwards; empty where nothing is shared.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Commitments { get; init; } = [];

    /// <summary>Two replicas under one key would let one holder count twice.</summary>
    internal static KeyRefusal? FindShared(IReadOnlyList<ReadOnlyMemory<byte>> publicKeys)
    {
        if (publicKeys.Count == 0)
        {
            return new KeyRefusal(null, "a committee needs at least one public key");
        }

        var owners = new Dictionary<string, int>(publicKeys.Count, StringComparer.Ordinal);
        for (int replica = 0; replica < publicKeys.Count; replica++)
        {
            string key = Convert.ToHexString(publicKeys[replica].Span);
            if (!owners.TryAdd(key, replica))
            {
                return new KeyRefusal(replica, $"replicas {owners[key]} and {replica} have the same public key; each needs its own");
            }
        }

        return null;
    }

    /// <summary>What a scheme has no use for must not be there: it would be taken for something checked.</summary>
    internal KeyRefusal? FindSuperfluous(bool possessions, bool commitments)
    {
        if (!possessions && Possessions.Any(proof => !proof.IsEmpty))
        {
            return new KeyRefusal(Possessions.IndexOf(Possessions.First(proof => !proof.IsEmpty)), "there is a proof of possession, which this scheme does not use");
        }

        return !commitments && !Commitments.IsEmpty ? new KeyRefusal(null, "there are commitments of a dealer, which this scheme does not use") : null;
    }
}

/// <summary>Why keys make no committee.</summary>
/// <param name="Replica">Whose key or proof is wrong; null when it is about all of them.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record KeyRefusal(int? Replica, string Reason)
{
    /// <summary>Replica and reason.</summary>
    public override string ToString() => Replica is { } replica ? $"replica {replica}: {Reason}" : Reason;
}
