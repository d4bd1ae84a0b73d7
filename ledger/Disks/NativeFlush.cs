using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bft.Ledger.Disks;

/// <summary>
/// Makes content and names durable. On Unix the C library is asked: .NET opens no directories, and its own flush of files takes EROFS,
/// EINVAL and ENOTSUP for success.
/// </summary>
internal static class NativeFlush
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

    private static class NativeMethods
    {
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which the house does without.
        [DllImport("libc", EntryPoint = "open", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Sync(int descriptor);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Sync(SafeFileHandle file);

        [DllImport("libc", EntryPoint = "fcntl", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Control(SafeFileHandle file, int command);

        [DllImport("libc", EntryPoint = "close", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
    }
}
