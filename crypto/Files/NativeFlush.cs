using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bft.Crypto.Files;

/// <summary>
/// Makes content and names durable, for everything in the house that must survive a power failure. On Unix the C library is asked: .NET opens no directories, and its own flush of files takes EROFS,
/// EINVAL and ENOTSUP for success.
/// </summary>
public static partial class NativeFlush
{
    private const int ReadOnly = 0;
    private const int Interrupted = 4; // EINTR
    private const int AppleNotSupported = 45; // ENOTSUP
    private const int AppleFullSync = 51; // F_FULLFSYNC

    /// <summary>Brings what was written to a file to the medium: fsync; on Apple systems F_FULLFSYNC where the file system has it.</summary>
    /// <param name="handle">The open file.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <exception cref="IOException">It failed, for whatever reason.</exception>
    public static void File(SafeFileHandle handle, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(handle);
            return;
        }

        if (OperatingSystem.IsMacOS())
        {
            int error = Repeat(() => NativeMethods.Control(handle, AppleFullSync));
            if (error != AppleNotSupported)
            {
                Demand(error, "F_FULLFSYNC", name);
                return;
            }
        }

        Demand(Repeat(() => NativeMethods.Sync(handle)), "fsync", name);
    }

    /// <summary>Brings what was written to a stream to the medium, its own buffer included.</summary>
    /// <exception cref="IOException">It failed, for whatever reason.</exception>
    public static void File(FileStream stream)
    {
        stream.Flush();
        File(stream.SafeFileHandle, stream.Name);
    }

    /// <summary>fsync of a directory on Unix; Windows keeps names in its own journal and has no such call.</summary>
    /// <param name="directory">Its path.</param>
    /// <exception cref="IOException">It failed, for whatever reason.</exception>
    public static void Directory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = NativeMethods.Open(directory, ReadOnly);
        if (descriptor < 0)
        {
            Demand(Marshal.GetLastPInvokeError(), "open", directory);
        }

        try
        {
            Demand(Repeat(() => NativeMethods.Sync(descriptor)), "fsync", directory);
        }
        finally
        {
            // A descriptor that was only read from has nothing to lose at close.
            _ = NativeMethods.Close(descriptor);
        }
    }

    // The error of a call, 0 for none; a signal in the middle is none.
    private static int Repeat(Func<int> call)
    {
        while (true)
        {
            if (call() >= 0)
            {
                return 0;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return error;
            }
        }
    }

    private static void Demand(int error, string call, string path)
    {
        if (error != 0)
        {
            throw new IOException($"{call} of {path} failed: {Marshal.GetPInvokeErrorMessage(error)}.", error);
        }
    }

    private static partial class NativeMethods
    {
        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Sync(int descriptor);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Sync(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Control(SafeFileHandle file, int command);

        [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Close(int descriptor);
    }
}
