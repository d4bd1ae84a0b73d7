using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>A secret at 0 and random coefficients above it (Shamir, "How to share a secret", 1979). Disposing erases all of it.</summary>
internal sealed class SecretPolynomial : IDisposable
{
    private readonly Scalar[] _coefficients;

    private SecretPolynomial(Scalar[] coefficients) => _coefficients = coefficients;

    /// <summary>A uniform polynomial of that many coefficients: as many values as that determine it, one less tells nothing about its value at 0.</summary>
    public static SecretPolynomial Random(int coefficients)
    {
        // Pinned, so that the collector leaves no copies behind. No coefficient is zero: the degree is exactly one below the number of coefficients.
        Scalar[] all = GC.AllocateArray<Scalar>(coefficients, pinned: true);
        for (int i = 0; i < coefficients; i++)
        {
            all[i] = Scalar.Random();
        }

        return new SecretPolynomial(all);
    }

    /// <summary>The polynomial that follows from a seed and what it is for: HKDF-SHA-256 (RFC 5869), 48 bytes a coefficient.</summary>
    /// <param name="seed">32 secret, uniform bytes.</param>
    /// <param name="purpose">Polynomials of different purposes are independent.</param>
    /// <param name="coefficients">How many.</param>
    /// <param name="constant">The secret at 0; null for one from the seed.</param>
    public static SecretPolynomial FromSeed(ReadOnlySpan<byte> seed, string purpose, int coefficients, Scalar? constant = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(coefficients, 1);
        Scalar[] all = GC.AllocateArray<Scalar>(coefficients, pinned: true);
        byte[] info = [.. Encoding.ASCII.GetBytes("bft keygen " + purpose), 0, 0, 0, 0];
        Span<byte> wide = stackalloc byte[Scalar.WideBytes];
        for (int i = 0; i < coefficients; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(info.Length - sizeof(int)), i);
            HKDF.Expand(HashAlgorithmName.SHA256, seed, wide, info);
            all[i] = Scalar.FromWideBytes(wide);
        }

        CryptographicOperations.ZeroMemory(wide);
        if (constant is { } secret)
        {
            all[0] = secret;
        }

        return new SecretPolynomial(all);
    }

    /// <summary>The value at a place, by Horner's rule. Constant-time in the coefficients.</summary>
    public Scalar At(int index) => At(Scalar.FromInteger((ulong)index));

    /// <summary>The same at any place.</summary>
    public Scalar At(Scalar place)
    {
        Scalar value = Scalar.Zero;
        for (int i = _coefficients.Length - 1; i >= 0; i--)
        {
            value = (value * place) + _coefficients[i];
        }

        return value;
    }

    /// <summary>The multiples of the generator of the keys' group by the coefficients, the secret's own first (Feldman 1987). Constant-time.</summary>
    public G2Point[] Commit() => Array.ConvertAll(_coefficients, coefficient => G2Point.Multiply(G2Point.Generator, coefficient));

    /// <summary>The same with another generator.</summary>
    public G2Point[] Commit(G2Point generator) => Array.ConvertAll(_coefficients, coefficient => G2Point.Multiply(generator, coefficient));

    /// <inheritdoc/>
    public void Dispose() => Array.Clear(_coefficients);
}
