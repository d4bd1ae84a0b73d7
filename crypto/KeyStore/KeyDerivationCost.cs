namespace Bft.Crypto.KeyStore;

/// <summary>How much work Argon2id (RFC 9106) does to turn a passphrase into a key; recorded in the file. Parallelism is always 1.</summary>
/// <param name="MemoryKiB">Memory in KiB, from <see cref="LeastMemoryKiB"/> to <see cref="MostMemoryKiB"/>.</param>
/// <param name="Passes">Passes over the memory, from 1 to <see cref="MostPasses"/>.</param>
public readonly record struct KeyDerivationCost(int MemoryKiB, int Passes)
{
    /// <summary>The least memory: 1 MiB, that of <see cref="Light"/>.</summary>
    public const int LeastMemoryKiB = 1024;

    /// <summary>The most memory: 1 GiB.</summary>
    public const int MostMemoryKiB = 1024 * 1024;

    /// <summary>The most passes.</summary>
    public const int MostPasses = 64;

    /// <summary>The most memory times passes: 4 GiB of memory traffic, some seconds of one core.</summary>
    public const long MostWorkKiB = 4L * 1024 * 1024;

    /// <summary>64 MiB and 3 passes (the second recommendation of RFC 9106 §4, with one lane): about 0.2 s of one core.</summary>
    public static KeyDerivationCost Default => new(64 * 1024, 3);

    /// <summary>
    /// 1 MiB and 1 pass: about a millisecond. Only for development testnets, whose passphrase lies in a file beside the key, and for
    /// tests; it hardly slows down somebody who guesses passphrases.
    /// </summary>
    public static KeyDerivationCost Light => new(LeastMemoryKiB, 1);

    /// <summary>True within all bounds. Checked before any work, so that a file cannot make its reader compute for hours or run out of memory.</summary>
    public bool IsWithinBounds =>
        MemoryKiB is >= LeastMemoryKiB and <= MostMemoryKiB
        && Passes is >= 1 and <= MostPasses
        && (long)MemoryKiB * Passes <= MostWorkKiB;
}
