using System.Security.Cryptography;

namespace Bft.Crypto.Files;

/// <summary>Small files that are wholly there or not at all, also after a power failure.</summary>
public static class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Temporary file, flush to the device, rename, flush of the directory.</summary>
    /// <param name="path">The file; its directory must exist.</param>
    /// <param name="content">All of it.</param>
    /// <param name="overwrite">Whether a file of that name is replaced; otherwise it is an error.</param>
    /// <param name="ownerOnly">On Unix, whether only the owner may read and write it (mode 600); otherwise the process's mask decides.</param>
    /// <exception cref="IOException">A step failed; the file of that name is the old one or, when only the last step failed, perhaps the new one.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory or the file may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool overwrite, bool ownerOnly = true)
    {
        string fullPath = Path.GetFullPath(path);
        string directory = Path.GetDirectoryName(fullPath) ?? throw new IOException($"{fullPath} is a root directory.");
        string temporary = $"{fullPath}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, NewFile(ownerOnly)))
            {
                stream.Write(content);
                NativeFlush.File(stream);
            }

            File.Move(temporary, fullPath, overwrite);
        }
        finally
        {
            // After the rename there is nothing of that name, and nothing happens.
            File.Delete(temporary);
        }

        NativeFlush.Directory(directory);
    }

    private static FileStreamOptions NewFile(bool ownerOnly)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (ownerOnly && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }
}
