using System.Collections.Immutable;
using Bft.Client;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Clients;

/// <summary>Who sends transactions: a key, and the sequences it has not used yet. Disposing erases the key.</summary>
/// <param name="Signer">The key.</param>
/// <param name="Sequences">Where the next sequences come from.</param>
/// <param name="SignsRuns">False to send unsigned, under the public key as a mere name; only on a chain that admits that.</param>
public sealed record ClientIdentity(ISigner Signer, ISequenceSource Sequences, bool SignsRuns = true) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Signer.Dispose();
}

/// <summary>The key of a client: in an encrypted key store, made on first use, with its sequences beside it.</summary>
public static class ClientKey
{
    /// <summary>The purpose of the key in its store.</summary>
    public const string Purpose = "client";

    /// <summary>Opens the key, or makes it when there is no such file.</summary>
    /// <param name="path">The key store.</param>
    /// <param name="source">
    /// Where its passphrase comes from; null for a file beside it (<c>….passphrase</c>, mode 600), generated with the key. That
    /// protects a backup of the key store, not the machine.
    /// </param>
    /// <exception cref="HomeException">Key store or passphrase cannot be used.</exception>
    public static ClientIdentity OpenOrMake(string path, PassphraseSource? source = null)
    {
        string fullPath = Path.GetFullPath(path);
        if (File.Exists(fullPath))
        {
            return Open(fullPath, source);
        }

        HomeLayout directory = HomeLayout.At(Path.GetDirectoryName(fullPath)!);
        try
        {
            Directory.CreateDirectory(directory.Root);
            ISigner made = Make(fullPath, source is null ? PassphraseSource.Generate(Beside(fullPath)) : source.Read(directory), source is null);
            return new ClientIdentity(made, SequenceFile.Beside(fullPath, keyIsNew: true, DateTimeOffset.UtcNow));
        }
        catch (KeyStoreException exception)
        {
            throw Unusable(fullPath, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the client key cannot be made: {exception.Message}", fullPath, "name a writable place with --key", exception);
        }
    }

    /// <summary>Opens a key that is there.</summary>
    /// <param name="path">The key store.</param>
    /// <param name="source">Where its passphrase comes from; null for the file beside it.</param>
    /// <exception cref="HomeException">Key store or passphrase are missing or cannot be used.</exception>
    public static ClientIdentity Open(string path, PassphraseSource? source = null)
    {
        string fullPath = Path.GetFullPath(path);
        try
        {
            string passphrase = (source ?? new PassphraseSource.FromFile(Beside(fullPath))).Read(HomeLayout.At(Path.GetDirectoryName(fullPath)!));
            return new ClientIdentity(Open(fullPath, passphrase), SequenceFile.Beside(fullPath, keyIsNew: false, DateTimeOffset.UtcNow));
        }
        catch (KeyStoreException exception)
        {
            throw Unusable(fullPath, exception);
        }
    }

    private static string Beside(string path) => path + ".passphrase";

    private static HomeException Unusable(string path, KeyStoreException exception) => new(
        exception.Message.TrimEnd('.'), path, "name the right key and passphrase with --key and --passphrase-file, or move the file away to make a new client", exception);

    private static ISigner Make(string path, string passphrase, bool passphraseIsBeside)
    {
        // Guessing is not the danger when the passphrase is 256 random bits: the light derivation keeps small commands quick.
        using SecretKey key = SecretKey.Generate(Purpose, SignatureSchemes.Ed25519);
        KeyStoreFile.Write(path, [key], passphrase, passphraseIsBeside ? KeyDerivationCost.Light : KeyDerivationCost.Default);
        return key.CreateSigner();
    }

    private static ISigner Open(string path, string passphrase)
    {
        ImmutableArray<SecretKey> keys = KeyStoreFile.Open(path, passphrase);
        try
        {
            SecretKey key = keys.FirstOrDefault(candidate => candidate.Purpose == Purpose)
                ?? throw new HomeException($"the key store holds no \"{Purpose}\" key", path, "name the client's key store with --key");
            return key.CreateSigner();
        }
        finally
        {
            foreach (SecretKey key in keys)
            {
                key.Dispose();
            }
        }
    }
}
