using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Bft.Crypto.KeyStore;

/// <summary>
/// The JSON of a key store, without any secret arithmetic: written in one form, read back with every bound checked.
/// </summary>
/// <remarks>
/// <code>
/// { "version": 1,
///   "keys":   [ { "purpose": "consensus", "scheme": "ed25519", "publicKey": hex } … ],
///   "kdf":    { "name": "argon2id", "memoryKiB": 65536, "passes": 3, "parallelism": 1, "salt": hex of 16 bytes },
///   "cipher": { "name": "xchacha20-poly1305", "nonce": hex of 24 bytes, "ciphertext": hex of 32 bytes a key + 16 },
///   "checksum": hex of SHA-256 over all of the above }
/// </code>
/// The checksum keeps nothing secret and stops nobody. It tells damage (wrong checksum) from a wrong passphrase
/// (right checksum, but the cipher's tag does not fit), which need different answers from the operator.
/// </remarks>
internal sealed record KeyStoreDocument(
    ImmutableArray<PublicKeyEntry> Keys,
    KeyDerivationCost Cost,
    byte[] Salt,
    byte[] Nonce,
    byte[] Ciphertext)
{
    public const int Version = 1;
    public const int SaltBytes = 16;
    public const int NonceBytes = 24;
    public const int TagBytes = 16;
    public const int MostKeys = 16;

    /// <summary>A document of 16 keys of the largest size has less than this; more is refused before it is read.</summary>
    public const int MostBytes = 96 * 1024;

    private const string KdfName = "argon2id";
    private const string CipherName = "xchacha20-poly1305";
    private const int Parallelism = 1;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>What the cipher authenticates beside the secrets: every clear field, length-prefixed, under a domain tag.</summary>
    public byte[] AssociatedBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("bft/key-store");
        writer.Write(Version);
        writer.Write(Keys.Length);
        foreach (PublicKeyEntry key in Keys)
        {
            writer.Write(key.Purpose);
            writer.Write(key.Scheme);
            writer.Write(key.PublicKey.Length);
            writer.Write(key.PublicKey.Span);
        }

        writer.Write(KdfName);
        writer.Write(Cost.MemoryKiB);
        writer.Write(Cost.Passes);
        writer.Write(Parallelism);
        writer.Write(Salt);
        writer.Write(CipherName);
        writer.Write(Nonce);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>The JSON, UTF-8, ending with a line feed.</summary>
    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteStartArray("keys");
            foreach (PublicKeyEntry key in Keys)
            {
                writer.WriteStartObject();
                writer.WriteString("purpose", key.Purpose);
                writer.WriteString("scheme", key.Scheme);
                writer.WriteString("publicKey", Convert.ToHexStringLower(key.PublicKey.Span));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartObject("kdf");
            writer.WriteString("name", KdfName);
            writer.WriteNumber("memoryKiB", Cost.MemoryKiB);
            writer.WriteNumber("passes", Cost.Passes);
            writer.WriteNumber("parallelism", Parallelism);
            writer.WriteString("salt", Convert.ToHexStringLower(Salt));
            writer.WriteEndObject();
            writer.WriteStartObject("cipher");
            writer.WriteString("name", CipherName);
            writer.WriteString("nonce", Convert.ToHexStringLower(Nonce));
            writer.WriteString("ciphertext", Convert.ToHexStringLower(Ciphertext));
            writer.WriteEndObject();
            writer.WriteString("checksum", Convert.ToHexStringLower(Checksum()));
            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Reads and checks a document.</summary>
    /// <param name="json">The whole file.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="KeyStoreException">Corrupted, of an unknown version, or with parameters out of bounds.</exception>
    public static KeyStoreDocument Parse(ReadOnlyMemory<byte> json, string source)
    {
        if (json.Length > MostBytes)
        {
            throw Corrupted(source, $"it has {json.Length} bytes, more than {MostBytes}");
        }

        try
        {
            using var parsed = JsonDocument.Parse(json, Strict);
            return Parse(new KeyStoreFields(parsed.RootElement, "the document", source), source);
        }
        catch (JsonException e)
        {
            throw Corrupted(source, "it is not JSON: " + e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            // Names and strings of broken UTF-8 or half a surrogate pair pass as JSON and throw this when they are read.
            throw Corrupted(source, "a string in it is not Unicode", e);
        }
    }

    private static KeyStoreDocument Parse(KeyStoreFields root, string source)
    {
        int version = root.Number("version");
        if (version != Version)
        {
            throw new KeyStoreException(KeyStoreError.UnknownVersion, $"The key store {source} is of version {version}; this program reads version {Version}. Open it with the program that wrote it.");
        }

        root.RequireOnly("version", "keys", "kdf", "cipher", "checksum");
        ImmutableArray<PublicKeyEntry> keys = ParseKeys(root, source);

        KeyStoreFields kdf = root.Object("kdf");
        kdf.RequireOnly("name", "memoryKiB", "passes", "parallelism", "salt");
        RequireKnown(kdf.Text("name"), KdfName, "key derivation", source);
        var cost = new KeyDerivationCost(kdf.Number("memoryKiB"), kdf.Number("passes"));
        int parallelism = kdf.Number("parallelism");
        if (!cost.IsWithinBounds || parallelism != Parallelism)
        {
            throw Unsupported(source, $"key derivation with {cost.MemoryKiB} KiB, {cost.Passes} passes and parallelism {parallelism} is out of bounds");
        }

        KeyStoreFields cipher = root.Object("cipher");
        cipher.RequireOnly("name", "nonce", "ciphertext");
        RequireKnown(cipher.Text("name"), CipherName, "cipher", source);
        var document = new KeyStoreDocument(
            keys,
            cost,
            kdf.Bytes("salt", SaltBytes, SaltBytes),
            cipher.Bytes("nonce", NonceBytes, NonceBytes),
            cipher.Bytes("ciphertext", CiphertextBytes(keys.Length), CiphertextBytes(keys.Length)));
        if (!document.Checksum().AsSpan().SequenceEqual(root.Bytes("checksum", SHA256.HashSizeInBytes, SHA256.HashSizeInBytes)))
        {
            throw Corrupted(source, "its checksum does not fit its content");
        }

        return document;
    }

    private static ImmutableArray<PublicKeyEntry> ParseKeys(KeyStoreFields root, string source)
    {
        ImmutableArray<PublicKeyEntry>.Builder keys = ImmutableArray.CreateBuilder<PublicKeyEntry>();
        foreach (KeyStoreFields key in root.Objects("keys", MostKeys))
        {
            key.RequireOnly("purpose", "scheme", "publicKey");
            string purpose = key.Text("purpose");
            string scheme = key.Text("scheme");
            if (!SecretKey.IsName(purpose) || !SecretKey.IsName(scheme) || keys.Any(other => other.Purpose == purpose))
            {
                throw Corrupted(source, $"key {keys.Count} has a malformed or repeated name");
            }

            keys.Add(new PublicKeyEntry(purpose, scheme, key.Bytes("publicKey", 1, SecretKey.MostPublicKeyBytes)));
        }

        return keys.ToImmutable();
    }

    /// <summary>Length of the ciphertext in bytes: one seed a key, and the tag.</summary>
    public static int CiphertextBytes(int keys) => (keys * Crypto.Keys.SeedBytes) + TagBytes;

    internal static KeyStoreException Corrupted(string source, string reason, Exception? inner = null) =>
        new(KeyStoreError.Corrupted, $"The key store {source} is damaged: {reason}. Restore it from a backup.", inner);

    private static KeyStoreException Unsupported(string source, string reason) =>
        new(KeyStoreError.UnsupportedParameters, $"The key store {source} is refused: {reason}. Restore it from a backup, or make it anew with this program.");

    private static void RequireKnown(string name, string known, string what, string source)
    {
        if (name != known)
        {
            throw Unsupported(source, $"{what} '{name}' is not known, only '{known}'");
        }
    }

    private byte[] Checksum() => SHA256.HashData([.. AssociatedBytes(), .. Ciphertext]);
}
