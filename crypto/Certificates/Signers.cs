namespace Bft.Crypto.Certificates;

/// <summary>Who stands behind a certificate: counted by replica number, never by signature bytes; checked in Release, too.</summary>
internal static class Signers
{
    /// <summary>Somebody, everybody known, nobody twice: checked before any signature is.</summary>
    public static bool AreDistinctReplicas(ReadOnlySpan<int> signers, int replicas)
    {
        int previous = -1;
        foreach (int signer in signers)
        {
            if (signer <= previous || signer >= replicas)
            {
                return false;
            }

            previous = signer;
        }

        return signers.Length > 0;
    }

    /// <summary>What whoever combines votes must see to.</summary>
    /// <exception cref="ArgumentException">It did not.</exception>
    public static void Require(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures, int replicas)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        if (!AreDistinctReplicas(signers, replicas))
        {
            throw new ArgumentException($"Signers must be one or more replica numbers below {replicas}, strictly ascending.", nameof(signers));
        }

        if (signatures.Count != signers.Length)
        {
            throw new ArgumentException($"{signers.Length} signers need as many signatures, got {signatures.Count}.", nameof(signatures));
        }
    }
}
