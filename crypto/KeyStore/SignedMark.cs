using Bft.Crypto.Files;

namespace Bft.Crypto.KeyStore;

/// <summary>
/// The mark "this key has signed in consensus", a small file kept in the directory of the key store, not with the chain's records.
/// </summary>
/// <remarks>
/// A replica that lost its safety records may have promised anything, and counts as Byzantine until it has learnt enough; a new
/// replica may vote at once. After the data directory is wiped the two look alike, but for this mark. So it is set durably
/// <em>before</em> the first signature leaves, and moves and is backed up with the key.
/// </remarks>
public static class SignedMark
{
    /// <summary>The name of the file in the key store's directory.</summary>
    public const string FileName = "signed.mark";

    /// <summary>True when the key of this directory may have signed. Anything of that name counts, whatever it holds.</summary>
    /// <param name="directory">The directory of the key store.</param>
    /// <exception cref="KeyStoreException"><see cref="KeyStoreError.Unreadable"/>: it cannot be told, and must not be taken for "no".</exception>
    public static bool Exists(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            // Not File.Exists, which answers "no" when it is not allowed to look.
            _ = File.GetAttributes(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException(KeyStoreError.Unreadable, $"The mark {path} cannot be looked up: {e.Message} Check the owner and mode of the directory.", e);
        }
    }

    /// <summary>Sets the mark. When this returns, it outlives a power failure; setting it again does no harm.</summary>
    /// <param name="directory">The directory of the key store; it must exist.</param>
    /// <exception cref="KeyStoreException"><see cref="KeyStoreError.Unwritable"/>: sign nothing.</exception>
    public static void Set(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            if (Exists(directory))
            {
                // Perhaps seen only in memory: a process that set it was killed before its directory was flushed.
                NativeFlush.Directory(directory);
                return;
            }

            DurableFile.Write(path, "This key has signed in consensus. Keep this file with the key.\n"u8, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException(KeyStoreError.Unwritable, $"The mark {path} cannot be written: {e.Message} Check the directory, its permissions and the free space.", e);
        }
    }
}
