using System.Collections.Immutable;
using System.Globalization;
using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Threshold;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Homes;

namespace Bft.Testnet.KeyGeneration;

/// <summary>
/// What a validator keeps of key generations, beside its key store and under the same passphrase: the seed of one that runs (<c>generation-….json</c>), its shares (<c>shared-key.json</c>), and
/// in clear the height up to which it took part (<c>generation.mark</c>). All are durable before anything that follows from them is said; a seed goes when its share is kept, an old share when the new key is in effect.
/// </summary>
/// <param name="home">Paths and passphrase.</param>
/// <param name="directory">The directory of the key store.</param>
/// <param name="source">Where the passphrase comes from.</param>
/// <param name="cost">The work of the key derivation.</param>
internal sealed class SharedKeyStore(HomeLayout home, string directory, PassphraseSource source, KeyDerivationCost cost)
{
    private const string SeedPurpose = "generation-seed";
    private const string SeedPrefix = "generation-";
    private const int NameDigits = 16;
    private const int MostMarkBytes = 32;

    private Height? _mark;

    /// <summary>The name of the file of the shares.</summary>
    public const string SharesName = "shared-key.json";

    /// <summary>The file of the shares.</summary>
    public string SharesPath => Path.Combine(directory, SharesName);

    private string MarkPath => Path.Combine(directory, "generation.mark");

    /// <summary>The height at which the last generation began that a seed was made for; 0 when there was none.</summary>
    /// <exception cref="HomeException">It cannot be read.</exception>
    public Height Mark() => _mark ??= !File.Exists(MarkPath) ? default
        : ulong.TryParse(System.Text.Encoding.ASCII.GetString(HomeFile.Read(MarkPath, MostMarkBytes, "restore it")).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong height) ? new Height(height)
        : throw new HomeException("this is no height", MarkPath, "write the height up to which this validator surely took part in key generations, for example the chain's");

    /// <summary>Raises the mark; a lower height changes nothing.</summary>
    /// <exception cref="HomeException">It cannot be written.</exception>
    public void RaiseMark(Height height)
    {
        if (height > Mark())
        {
            HomeFile.Write(MarkPath, System.Text.Encoding.ASCII.GetBytes(height.Value.ToString(CultureInfo.InvariantCulture) + "\n"));
            _mark = height;
        }
    }

    /// <summary>The seed of a generation; null when there is none.</summary>
    /// <exception cref="KeyStoreException">It cannot be opened.</exception>
    public byte[]? Seed(Digest generation)
    {
        string path = SeedPath(generation);
        if (!File.Exists(path))
        {
            return null;
        }

        using var keys = new Opened(KeyStoreFile.Open(path, source.Read(home)));
        return keys.All.FirstOrDefault(key => key.Purpose == SeedPurpose)?.Seed.ToArray();
    }

    /// <summary>Keeps a new seed.</summary>
    public void KeepSeed(Digest generation, ReadOnlySpan<byte> seed)
    {
        using var box = ShareBox.ToReceive(seed);
        using var key = new SecretKey(SeedPurpose, "generation", box.PublicKey.Span, seed);
        KeyStoreFile.Write(SeedPath(generation), [key], source.Read(home), cost);
    }

    /// <summary>Removes a seed that is of no more use.</summary>
    public void EraseSeed(Digest generation) => File.Delete(SeedPath(generation));

    /// <summary>Removes the seeds of all generations but those.</summary>
    public void EraseSeedsBut(params Digest[] generations)
    {
        string[] kept = [.. generations.Select(SeedPath)];
        foreach (string path in Directory.EnumerateFiles(directory, SeedPrefix + "*.json").Except(kept, StringComparer.Ordinal).ToArray())
        {
            File.Delete(path);
        }
    }

    /// <summary>The generations of which a share is kept, as the first digits of their ids. Needs no passphrase.</summary>
    public ImmutableArray<string> Kept() => File.Exists(SharesPath) ? [.. KeyStoreFile.ReadPublicKeys(SharesPath).Select(key => key.Purpose)] : [];

    /// <summary>The name under which the share of a generation is kept.</summary>
    public static string NameOf(Digest generation) => "share-" + generation.ToString()[..NameDigits];

    /// <summary>The share of a generation; null when none is kept.</summary>
    public Scalar? Share(Digest generation)
    {
        if (!Kept().Contains(NameOf(generation)))
        {
            return null;
        }

        using var keys = new Opened(KeyStoreFile.Open(SharesPath, source.Read(home)));
        return keys.All.FirstOrDefault(key => key.Purpose == NameOf(generation)) is { } found && Scalar.TryRead(found.Seed, out Scalar share) ? share : null;
    }

    /// <summary>Keeps a share beside those that are kept.</summary>
    public void KeepShare(SharedKeyOutcome outcome, int place, in Scalar share)
    {
        var bytes = new byte[Scalar.Bytes];
        share.Write(bytes);
        using var key = new SecretKey(NameOf(outcome.Generation), BlsVoting.Shared.Name, outcome.ShareKey(place), bytes);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        Rewrite(keys => [.. keys.Where(other => other.Purpose != key.Purpose), key]);
    }

    /// <summary>Writes what is public of a key beside the share, if it is not there already.</summary>
    /// <exception cref="HomeException">It cannot be written.</exception>
    public void Publish(PublishedKey key)
    {
        string path = Path.Combine(directory, PublishedKey.FileName);
        byte[] content = key.Write();
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
        {
            HomeFile.Write(path, content);
        }
    }

    /// <summary>Erases all shares but that of one generation, which need not be among them.</summary>
    public void EraseAllBut(Digest generation)
    {
        ImmutableArray<string> kept = Kept();
        if (!kept.IsEmpty && !kept.Contains(NameOf(generation)))
        {
            File.Delete(SharesPath);
        }
        else if (kept.Length > 1)
        {
            Rewrite(keys => [.. keys.Where(key => key.Purpose == NameOf(generation))]);
        }
    }

    private string SeedPath(Digest generation) => Path.Combine(directory, $"{SeedPrefix}{generation.ToString()[..NameDigits]}.json");

    private void Rewrite(Func<ImmutableArray<SecretKey>, ImmutableArray<SecretKey>> change)
    {
        string passphrase = source.Read(home);
        using var keys = new Opened(File.Exists(SharesPath) ? KeyStoreFile.Open(SharesPath, passphrase) : []);
        KeyStoreFile.Write(SharesPath, change(keys.All), passphrase, cost, overwrite: true);
    }

    private sealed record Opened(ImmutableArray<SecretKey> All) : IDisposable
    {
        public void Dispose()
        {
            foreach (SecretKey key in All)
            {
                key.Dispose();
            }
        }
    }
}
