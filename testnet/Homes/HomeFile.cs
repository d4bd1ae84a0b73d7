using Bft.Crypto.Files;

namespace Bft.Testnet.Homes;

/// <summary>Reads and writes the small files of a home: bounded when read, wholly there or not at all when written.</summary>
internal static class HomeFile
{
    /// <summary>Mode 600: for what nobody else should read.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The content of a file of at most <paramref name="mostBytes"/> bytes.</summary>
    /// <exception cref="HomeException">It is not there, cannot be read, or is too long.</exception>
    public static byte[] Read(string path, int mostBytes, string todoWhenMissing)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[Math.Min(stream.Length, mostBytes) + 1];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= mostBytes
                ? content[..length]
                : throw new HomeException($"the file is longer than {mostBytes} bytes", path, "restore it; it was damaged or replaced");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HomeException("there is no such file", path, todoWhenMissing, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the file cannot be read: {exception.Message}", path, "check its owner and mode", exception);
        }
    }

    /// <summary>Writes a file beside its final name, flushes it, renames it and flushes the directory.</summary>
    /// <exception cref="HomeException">It cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool ownerOnly = false)
    {
        try
        {
            DurableFile.Write(path, content, overwrite: true, ownerOnly);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the file cannot be written: {exception.Message}", path, "check the directory, its permissions and the free space", exception);
        }
    }
}
