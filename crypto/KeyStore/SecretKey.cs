using System.Security.Cryptography;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.KeyStore;

/// <summary>What a key store says about a key without the passphrase.</summary>
/// <param name="Purpose">What the key is for, unique in its store, for example <c>consensus</c> or <c>tls</c>.</param>
/// <param name="Scheme">The scheme it belongs to, for example <c>ed25519</c>.</param>
/// <param name="PublicKey">The encoded public key, in the form of the scheme.</param>
public sealed record PublicKeyEntry(string Purpose, string Scheme, ReadOnlyMemory<byte> PublicKey);

/// <summary>One key of a key store with its 32-byte secret in memory. Disposing erases the secret.</summary>
public sealed class SecretKey : IDisposable
{
    /// <summary>The most characters of a purpose or a scheme name.</summary>
    public const int MostNameLength = 32;

    /// <summary>The most bytes of a public key.</summary>
    public const int MostPublicKeyBytes = 2048;

    // Pinned, so that the collector leaves no copies behind that nobody can erase.
    private readonly byte[] _seed = GC.AllocateUninitializedArray<byte>(Keys.SeedBytes, pinned: true);
    private bool _disposed;

    /// <summary>Holds a secret and its public key as they are; for schemes outside <see cref="SignatureSchemes"/>.</summary>
    /// <param name="purpose">1 to <see cref="MostNameLength"/> of <c>a-z 0-9 -</c>.</param>
    /// <param name="scheme">1 to <see cref="MostNameLength"/> of <c>a-z 0-9 -</c>.</param>
    /// <param name="publicKey">1 to <see cref="MostPublicKeyBytes"/> bytes.</param>
    /// <param name="seed">32 bytes, secret; copied, the caller may erase its own.</param>
    /// <exception cref="ArgumentException">A part has not the form said above.</exception>
    public SecretKey(string purpose, string scheme, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> seed)
    {
        RequireName(purpose, nameof(purpose));
        RequireName(scheme, nameof(scheme));
        if (publicKey.Length is 0 or > MostPublicKeyBytes)
        {
            throw new ArgumentException($"A public key has 1 to {MostPublicKeyBytes} bytes, got {publicKey.Length}.", nameof(publicKey));
        }

        if (seed.Length != Keys.SeedBytes)
        {
            throw new ArgumentException($"A seed has {Keys.SeedBytes} bytes, got {seed.Length}.", nameof(seed));
        }

        Purpose = purpose;
        Scheme = scheme;
        PublicKey = publicKey.ToArray();
        seed.CopyTo(_seed);
    }

    /// <summary>What the key is for.</summary>
    public string Purpose { get; }

    /// <summary>The name of the scheme it belongs to.</summary>
    public string Scheme { get; }

    /// <summary>The encoded public key.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The secret: 32 bytes.</summary>
    /// <exception cref="ObjectDisposedException">It was erased.</exception>
    public ReadOnlySpan<byte> Seed
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _seed;
        }
    }

    /// <summary>Makes a new key of a signature scheme.</summary>
    /// <exception cref="ArgumentException">The purpose has not the right form.</exception>
    public static SecretKey Generate(string purpose, ISignatureScheme scheme)
    {
        Span<byte> seed = stackalloc byte[Keys.SeedBytes];
        try
        {
            using ISigner signer = Keys.GenerateSigner(scheme, seed);
            return new SecretKey(purpose, scheme.Name, signer.PublicKey.Span, seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>The signer of this key.</summary>
    /// <exception cref="InvalidOperationException">Its scheme is neither one of <see cref="SignatureSchemes"/> nor a voting scheme of <see cref="CertificateSchemes"/>, or the secret does not make the public key.</exception>
    public ISigner CreateSigner()
    {
        ISignatureScheme scheme = SignatureSchemes.Find(Scheme) ?? CertificateSchemes.VotingScheme(Scheme)
            ?? throw new InvalidOperationException($"The key '{Purpose}' is of scheme '{Scheme}', which signs nothing; known are: {string.Join(", ", SignatureSchemes.All.Select(known => known.Name).Union(CertificateSchemes.Names))}.");
        ISigner signer = scheme.CreateSigner(Seed);
        if (!signer.PublicKey.Span.SequenceEqual(PublicKey.Span))
        {
            signer.Dispose();
            throw new InvalidOperationException($"The secret of key '{Purpose}' does not make its public key; restore the key store from a backup.");
        }

        return signer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_seed);
    }

    internal static bool IsName(string? name) =>
        name is { Length: > 0 and <= MostNameLength } && name.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private static void RequireName(string name, string parameter)
    {
        if (!IsName(name))
        {
            throw new ArgumentException($"'{name}' is not a name of 1 to {MostNameLength} characters a-z, 0-9 and '-'.", parameter);
        }
    }
}
