using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bft.Ledger.Disks;

/// <summary>A directory of the operating system. Flushes reach the device (fsync; FlushFileBuffers on Windows).</summary>
public sealed class FileDisk : IDisk
{
    private readonly string _directory;

    /// <summary>Takes a directory, making it (and its name durable) when it is missing.</summary>
    /// <param name="directory">The path.</param>
    /// <param name="create">False to demand that it exists: an audit makes nothing.</param>
    /// <exception cref="DirectoryNotFoundException">It is missing and <paramref name="create"/> is false.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public FileDisk(string directory, bool create = true)
    {
        _directory = Path.GetFullPath(directory);
        if (Directory.Exists(_directory))
        {
            return;
        }

        if (!create)
        {
            throw new DirectoryNotFoundException($"There is no directory {_directory}.");
        }

        Translate(() => Directory.CreateDirectory(_directory));
        if (Path.GetDirectoryName(_directory) is { } parent)
        {
            DirectoryFlush.Run(parent);
        }
    }

    /// <inheritdoc/>
    public string Location => _directory;

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        string[] names = [.. new DirectoryInfo(_directory).EnumerateFiles().Select(file => file.Name)];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public IDiskFile Open(string name, bool writable = true) => Translate(() => new OpenFile(
        name, File.OpenHandle(PathOf(name), FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)));

    /// <inheritdoc/>
    public IDiskFile Create(string name) => Translate(() => new OpenFile(
        name, File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)));

    /// <inheritdoc/>
    public void Rename(string from, string to) => Translate(() => File.Move(PathOf(from), PathOf(to), overwrite: true));

    /// <inheritdoc/>
    public void Delete(string name) => Translate(() => File.Delete(PathOf(name)));

    /// <inheritdoc/>
    public void Flush() => DirectoryFlush.Run(_directory);

    private string PathOf(string name) => Path.Combine(_directory, name);

    private static void Translate(Action action) => Translate<object?>(() =>
    {
        action();
        return null;
    });

    // Callers handle one kind of failure: a directory without permission is one more way in which a disk refuses.
    private static T Translate<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException($"{refused.Message} Check owner and permissions of the home directory.", refused);
        }
    }

    private sealed class OpenFile(string name, SafeFileHandle handle) : IDiskFile
    {
        public string Name => name;

        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> destination)
        {
            int total = 0;
            while (total < destination.Length)
            {
                int read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}

/// <summary>Makes the names in a directory durable: .NET opens no directories, so the C library is asked.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;

    /// <summary>fsync of the directory on Unix; Windows keeps names in its own journal and has no such call.</summary>
    public static void Run(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = NativeMethods.Open(directory, ReadOnly);
        if (descriptor < 0)
        {
            throw Failure("open", directory);
        }

        try
        {
            if (NativeMethods.Sync(descriptor) != 0)
            {
                throw Failure("fsync", directory);
            }
        }
        finally
        {
            // A descriptor that was only read from has nothing to lose at close.
            _ = NativeMethods.Close(descriptor);
        }
    }

    private static IOException Failure(string call, string directory)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of the directory {directory} failed: {Marshal.GetPInvokeErrorMessage(error)}.", error);
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

        [DllImport("libc", EntryPoint = "close", SetLastError = true, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
    }
}
