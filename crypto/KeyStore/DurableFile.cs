using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Bft.Crypto.KeyStore;

/// <summary>Small files that are wholly there or not at all, also after a power failure, and on Unix readable by their owner only (mode 600).</summary>
internal static partial class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnlyAccess = 0;

    /// <summary>Temporary file, flush to the device, rename, flush of the directory.</summary>
    /// <exception cref="IOException">A step failed; the file of that name is the old one or, when only the last step failed, perhaps the new one.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory or the file may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool overwrite)
    {
        string fullPath = Path.GetFullPath(path);
        string directory = Path.GetDirectoryName(fullPath) ?? throw new IOException($"{fullPath} is a root directory.");
        string temporary = $"{fullPath}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, NewFile()))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, fullPath, overwrite);
        }
        finally
        {
            // After the rename there is nothing of that name, and nothing happens.
            File.Delete(temporary);
        }

        FlushDirectory(directory);
    }

    /// <summary>Makes the names in a directory durable. Windows has no call for it; there NTFS keeps the order in its journal.</summary>
    /// <exception cref="IOException">The flush failed.</exception>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = OpenFile(directory, ReadOnlyAccess);
        if (descriptor < 0)
        {
            throw LastError("open", directory);
        }

        try
        {
            if (FlushFile(descriptor) != 0)
            {
                throw LastError("flush", directory);
            }
        }
        finally
        {
            // The descriptor is gone whatever close answers, and the flush has spoken already.
            _ = CloseFile(descriptor);
        }
    }

    private static FileStreamOptions NewFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    private static IOException LastError(string call, string directory)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot {call} the directory {directory}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushFile(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int descriptor);
}
