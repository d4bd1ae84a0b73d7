using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Bft.Crypto.Files;
using NSec.Cryptography;

namespace Bft.Crypto.KeyStore;

/// <summary>
/// The encrypted file in which a validator or client keeps its secrets: 32-byte seeds under a passphrase (Argon2id, then
/// XChaCha20-Poly1305), public keys in clear and authenticated with them.
/// </summary>
/// <remarks>
/// XChaCha20-Poly1305 because its 24-byte nonces may be random for ever, because it needs no AES instructions to be fast and
/// constant-time, and because it comes with Argon2id from the same library. Salt and nonce are new in every file.
/// <para>Sealing is separate from files: <see cref="Seal"/> and <see cref="Unseal"/> work on bytes.</para>
/// </remarks>
public static class KeyStoreFile
{
    /// <summary>The most keys of one store.</summary>
    public const int MostKeys = KeyStoreDocument.MostKeys;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static AeadAlgorithm Cipher => AeadAlgorithm.XChaCha20Poly1305;

    /// <summary>Seals keys and writes them to a file: mode 600 on Unix, durable, and never half there.</summary>
    /// <param name="path">The file; its directory must exist.</param>
    /// <param name="keys">1 to <see cref="MostKeys"/> keys with different purposes.</param>
    /// <param name="passphrase">Not empty.</param>
    /// <param name="cost">Work of the key derivation, <see cref="KeyDerivationCost.Default"/> unless this is for development.</param>
    /// <param name="overwrite">Replace a file of that name; otherwise it is an error.</param>
    /// <exception cref="ArgumentException">Keys, passphrase or cost are not as said.</exception>
    /// <exception cref="KeyStoreException"><see cref="KeyStoreError.AlreadyExists"/> or <see cref="KeyStoreError.Unwritable"/>.</exception>
    public static void Write(string path, IReadOnlyList<SecretKey> keys, ReadOnlySpan<char> passphrase, KeyDerivationCost cost, bool overwrite = false)
    {
        if (!overwrite && Path.Exists(path))
        {
            throw AlreadyExists(path, null);
        }

        byte[] json = Seal(keys, passphrase, cost);
        try
        {
            DurableFile.Write(path, json, overwrite);
        }
        catch (IOException e) when (!overwrite && Path.Exists(path) && e is not DirectoryNotFoundException)
        {
            throw AlreadyExists(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException(KeyStoreError.Unwritable, $"The key store {path} cannot be written: {e.Message} Check the directory, its permissions and the free space.", e);
        }
    }

    /// <summary>Opens a file. Every key returned holds a secret: dispose it.</summary>
    /// <exception cref="KeyStoreException">Any <see cref="KeyStoreError"/> of reading.</exception>
    public static ImmutableArray<SecretKey> Open(string path, ReadOnlySpan<char> passphrase) => Unseal(Read(path), passphrase, path);

    /// <summary>The public keys of a file, without its passphrase, hence not authenticated.</summary>
    /// <exception cref="KeyStoreException">Any <see cref="KeyStoreError"/> of reading but <see cref="KeyStoreError.WrongPassphrase"/>.</exception>
    public static ImmutableArray<PublicKeyEntry> ReadPublicKeys(string path) => KeyStoreDocument.Parse(Read(path), path).Keys;

    /// <summary>The bytes of a key store file.</summary>
    /// <param name="keys">1 to <see cref="MostKeys"/> keys with different purposes.</param>
    /// <param name="passphrase">Not empty.</param>
    /// <param name="cost">Work of the key derivation.</param>
    /// <exception cref="ArgumentException">Keys, passphrase or cost are not as said.</exception>
    public static byte[] Seal(IReadOnlyList<SecretKey> keys, ReadOnlySpan<char> passphrase, KeyDerivationCost cost)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count is 0 or > MostKeys || keys.DistinctBy(static key => key.Purpose, StringComparer.Ordinal).Count() != keys.Count)
        {
            throw new ArgumentException($"A key store holds 1 to {MostKeys} keys, each with its own purpose.", nameof(keys));
        }

        if (passphrase.IsEmpty)
        {
            throw new ArgumentException("The passphrase is empty; a key store without one protects nothing.", nameof(passphrase));
        }

        if (!cost.IsWithinBounds)
        {
            throw new ArgumentException($"Key derivation with {cost.MemoryKiB} KiB and {cost.Passes} passes is out of bounds.", nameof(cost));
        }

        var document = new KeyStoreDocument(
            [.. keys.Select(static key => new PublicKeyEntry(key.Purpose, key.Scheme, key.PublicKey))],
            cost,
            RandomNumberGenerator.GetBytes(KeyStoreDocument.SaltBytes),
            RandomNumberGenerator.GetBytes(KeyStoreDocument.NonceBytes),
            new byte[KeyStoreDocument.CiphertextBytes(keys.Count)]);
        byte[] seeds = NewSeeds(keys.Count);
        try
        {
            for (int i = 0; i < keys.Count; i++)
            {
                keys[i].Seed.CopyTo(seeds.AsSpan(i * Keys.SeedBytes));
            }

            using Key key = DeriveKey(document, passphrase);
            Cipher.Encrypt(key, document.Nonce, document.AssociatedBytes(), seeds, document.Ciphertext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seeds);
        }

        return document.ToJson();
    }

    /// <summary>Opens the bytes of a key store file. Every key returned holds a secret: dispose it.</summary>
    /// <param name="json">The whole file.</param>
    /// <param name="passphrase">What it was sealed with.</param>
    /// <param name="source">Where the bytes came from, for messages.</param>
    /// <exception cref="KeyStoreException"><see cref="KeyStoreError.Corrupted"/>, <see cref="KeyStoreError.UnknownVersion"/>,
    /// <see cref="KeyStoreError.UnsupportedParameters"/> or <see cref="KeyStoreError.WrongPassphrase"/>.</exception>
    public static ImmutableArray<SecretKey> Unseal(ReadOnlyMemory<byte> json, ReadOnlySpan<char> passphrase, string source)
    {
        KeyStoreDocument document = KeyStoreDocument.Parse(json, source);
        byte[] seeds = NewSeeds(document.Keys.Length);
        try
        {
            if (!Decrypt(document, passphrase, seeds))
            {
                throw new KeyStoreException(KeyStoreError.WrongPassphrase, $"The passphrase does not open the key store {source}. Check the passphrase file or variable (blanks count, and line ends but for one at the end of a file).");
            }

            ImmutableArray<SecretKey>.Builder keys = ImmutableArray.CreateBuilder<SecretKey>(document.Keys.Length);
            foreach (PublicKeyEntry entry in document.Keys)
            {
                keys.Add(new SecretKey(entry.Purpose, entry.Scheme, entry.PublicKey.Span, seeds.AsSpan(keys.Count * Keys.SeedBytes, Keys.SeedBytes)));
            }

            return keys.MoveToImmutable();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seeds);
        }
    }

    private static bool Decrypt(KeyStoreDocument document, ReadOnlySpan<char> passphrase, Span<byte> seeds)
    {
        if (passphrase.IsEmpty)
        {
            return false;
        }

        try
        {
            using Key key = DeriveKey(document, passphrase);
            return Cipher.Decrypt(key, document.Nonce, document.AssociatedBytes(), document.Ciphertext, seeds);
        }
        catch (EncoderFallbackException)
        {
            // Half a surrogate pair: no file was ever sealed with that.
            return false;
        }
    }

    private static Key DeriveKey(KeyStoreDocument document, ReadOnlySpan<char> passphrase)
    {
        byte[] utf8 = GC.AllocateUninitializedArray<byte>(StrictUtf8.GetMaxByteCount(passphrase.Length), pinned: true);
        try
        {
            int length = StrictUtf8.GetBytes(passphrase, utf8);
            var parameters = new Argon2Parameters
            {
                DegreeOfParallelism = 1,
                MemorySize = document.Cost.MemoryKiB,
                NumberOfPasses = document.Cost.Passes,
            };
            return PasswordBasedKeyDerivationAlgorithm.Argon2id(parameters).DeriveKey(utf8.AsSpan(0, length), document.Salt, Cipher);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(utf8);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);

            // One byte more than allowed is read at most, so that an endless or growing file is refused, too.
            var content = new byte[KeyStoreDocument.MostBytes + 1];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return content.AsSpan(0, length).ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyStoreException(KeyStoreError.NotFound, $"There is no key store {path}. Check the path, or make the keys first.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException(KeyStoreError.Unreadable, $"The key store {path} cannot be read: {e.Message} Check its owner and mode.", e);
        }
    }

    private static byte[] NewSeeds(int keys) => GC.AllocateArray<byte>(keys * Keys.SeedBytes, pinned: true);

    private static KeyStoreException AlreadyExists(string path, Exception? inner) =>
        new(KeyStoreError.AlreadyExists, $"The key store {path} exists already and is not replaced: its keys would be lost. Remove it yourself, or choose another path.", inner);
}
