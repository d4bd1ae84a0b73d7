using System.Security.Cryptography;

namespace Bft.Crypto;

/// <summary>The one hash port: every digest of the chain (blocks, payloads, state) comes from here. Stateless and thread-safe.</summary>
public abstract class HashFunction
{
    /// <summary>The name a genesis uses, for example <c>sha256</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public abstract Digest Hash(ReadOnlySpan<byte> data);

    /// <summary>The digest of <paramref name="prefix"/> followed by <paramref name="data"/>, without copying them together.</summary>
    public abstract Digest Hash(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data);

    /// <summary>SHA-256 (FIPS 180-4) through the platform's library: the default.</summary>
    public static HashFunction Sha256 { get; } = new Sha256Function();

    /// <summary>The hash function of that name, or null when there is none.</summary>
    public static HashFunction? Find(string name) => name == Sha256.Name ? Sha256 : null;

    private sealed class Sha256Function : HashFunction
    {
        public override string Name => "sha256";

        public override Digest Hash(ReadOnlySpan<byte> data)
        {
            Span<byte> digest = stackalloc byte[Digest.Size];
            SHA256.HashData(data, digest);
            return new Digest(digest);
        }

        public override Digest Hash(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data)
        {
            IncrementalHash hash = _reused ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> digest = stackalloc byte[Digest.Size];
            hash.AppendData(prefix);
            hash.AppendData(data);
            hash.GetHashAndReset(digest);
            return new Digest(digest);
        }

        // One instance a thread: creating one costs more than hashing a header.
        [ThreadStatic]
        private static IncrementalHash? _reused;
    }
}
