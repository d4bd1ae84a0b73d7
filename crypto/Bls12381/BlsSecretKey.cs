using Bft.Crypto.Bls12381.Hashing;

namespace Bft.Crypto.Bls12381;

/// <summary>A secret key: a number in [1, r). Erased when disposed of.</summary>
public sealed class BlsSecretKey : IDisposable
{
    /// <summary>Length of the encoding in bytes, big-endian.</summary>
    public const int Bytes = Scalar.Bytes;

    /// <summary>The least length of a seed in bytes.</summary>
    public const int LeastSeedBytes = 32;

    private Scalar _number;
    private bool _disposed;

    /// <summary>Takes over a number: a share, a derived key.</summary>
    /// <param name="number">Not zero.</param>
    /// <exception cref="ArgumentException">It is zero.</exception>
    public BlsSecretKey(Scalar number)
    {
        if (number.IsZero)
        {
            throw new ArgumentException("Zero is no secret key.", nameof(number));
        }

        _number = number;
    }

    /// <summary>The number.</summary>
    /// <exception cref="ObjectDisposedException">The key was erased.</exception>
    public Scalar Number
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _number;
        }
    }

    /// <summary>A fresh key from the operating system's random source.</summary>
    public static BlsSecretKey Generate() => new(Scalar.Random());

    /// <summary>Reads <see cref="Bytes"/> bytes.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="key">The key; null when refused.</param>
    /// <returns><see cref="BlsRefusal.WrongLength"/>, <see cref="BlsRefusal.SecretOutOfRange"/> or none.</returns>
    public static BlsRefusal Read(ReadOnlySpan<byte> source, out BlsSecretKey? key)
    {
        key = null;
        if (source.Length != Bytes)
        {
            return BlsRefusal.WrongLength;
        }

        if (!Scalar.TryRead(source, out Scalar number) || number.IsZero)
        {
            return BlsRefusal.SecretOutOfRange;
        }

        key = new BlsSecretKey(number);
        return BlsRefusal.None;
    }

    /// <summary>derive_master_SK of EIP-2333, which is KeyGen of the CFRG draft (draft-irtf-cfrg-bls-signature-05 §2.3) without key_info.</summary>
    /// <param name="seed">At least <see cref="LeastSeedBytes"/> secret bytes of full entropy.</param>
    /// <exception cref="ArgumentException">The seed is too short.</exception>
    public static BlsSecretKey FromSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length < LeastSeedBytes)
        {
            throw new ArgumentException($"A seed has at least {LeastSeedBytes} bytes, this one has {seed.Length}.", nameof(seed));
        }

        return new BlsSecretKey(KeyDerivation.HashToScalar(seed));
    }

    /// <summary>derive_child_SK of EIP-2333.</summary>
    /// <param name="index">Which child.</param>
    /// <exception cref="ObjectDisposedException">The key was erased.</exception>
    public BlsSecretKey DeriveChild(uint index) => new(KeyDerivation.Child(Number, index));

    /// <summary>Writes <see cref="Bytes"/> bytes; they are secret.</summary>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key was erased.</exception>
    public void Write(Span<byte> destination) => Number.Write(destination);

    /// <summary>Erases the number.</summary>
    public void Dispose()
    {
        _number = default;
        _disposed = true;
    }
}
