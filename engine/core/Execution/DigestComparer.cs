using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// Equality of digests for look-up tables whose keys strangers choose. <see cref="Digest.GetHashCode"/> is public knowledge, and
/// grinding digests that collide in it costs a few million hashes each; a secret odd multiplier makes that grinding blind
/// (multiply-shift hashing: Dietzfelbinger et al., 1997). Only for look-up: nothing that depends on its order may leave a process.
/// </summary>
public sealed class DigestComparer : IEqualityComparer<Digest>
{
    private readonly ulong _multiplier;

    /// <summary>Makes a comparer.</summary>
    /// <param name="seed">A secret of this process; any value where nobody attacks (tests, simulation).</param>
    public DigestComparer(ulong seed)
    {
        // The finaliser of SplitMix64, so that small seeds give dense multipliers.
        ulong mixed = unchecked(seed + 0x9E3779B97F4A7C15UL);
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL);
        _multiplier = (mixed ^ (mixed >> 31)) | 1;
    }

    /// <inheritdoc/>
    public bool Equals(Digest x, Digest y) => x.Equals(y);

    /// <inheritdoc/>
    public int GetHashCode(Digest obj) => unchecked((int)((obj.Prefix * _multiplier) >> 32));
}
