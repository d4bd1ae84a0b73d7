using System.Security.Cryptography;
using Bft.Crypto.Signatures;

namespace Bft.Crypto;

/// <summary>Makes new secrets from the operating system's random source.</summary>
public static class Keys
{
    /// <summary>Length of every seed in bytes.</summary>
    public const int SeedBytes = 32;

    /// <summary>A scheme that refuses this many random seeds is broken; its error is let out.</summary>
    private const int MostDraws = 16;

    /// <summary>Fills <paramref name="seed"/> with a fresh seed that is a valid secret of <paramref name="scheme"/>.</summary>
    /// <param name="scheme">The scheme the seed is for.</param>
    /// <param name="seed">Receives <see cref="SeedBytes"/> bytes; secret, erase it after use (<see cref="CryptographicOperations.ZeroMemory"/>).</param>
    /// <exception cref="ArgumentException">The destination is not <see cref="SeedBytes"/> long.</exception>
    public static void FillSeed(ISignatureScheme scheme, Span<byte> seed)
    {
        using ISigner signer = GenerateSigner(scheme, seed);
    }

    /// <summary>A signer with a fresh key that is written down nowhere: for tests and one-off clients.</summary>
    public static ISigner GenerateSigner(ISignatureScheme scheme)
    {
        Span<byte> seed = stackalloc byte[SeedBytes];
        try
        {
            return GenerateSigner(scheme, seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Fills <paramref name="seed"/> with a fresh seed and returns its signer.</summary>
    /// <param name="scheme">The scheme the seed is for.</param>
    /// <param name="seed">Receives <see cref="SeedBytes"/> bytes; secret, erase it after use.</param>
    /// <exception cref="ArgumentException">The destination is not <see cref="SeedBytes"/> long.</exception>
    public static ISigner GenerateSigner(ISignatureScheme scheme, Span<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        if (seed.Length != SeedBytes)
        {
            throw new ArgumentException($"A seed has {SeedBytes} bytes, the destination has {seed.Length}.", nameof(seed));
        }

        for (int draw = 1; ; draw++)
        {
            RandomNumberGenerator.Fill(seed);
            try
            {
                return scheme.CreateSigner(seed);
            }
            catch (ArgumentException) when (draw < MostDraws)
            {
                // Not a secret of the scheme: for secp256k1 one draw in 2^128 is zero or at least n. Draw again.
            }
        }
    }
}
