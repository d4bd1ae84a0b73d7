using Bft.Crypto.Files;
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
        if (!create)
        {
            if (!Directory.Exists(_directory))
            {
                throw new DirectoryNotFoundException($"There is no directory {_directory}.");
            }

            return;
        }

        Translate(() => Directory.CreateDirectory(_directory));
        // Also when it was there: whoever made it may have been killed before its name was durable.
        if (Path.GetDirectoryName(_directory) is { } parent)
        {
            NativeFlush.Directory(parent);
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
    public void Flush() => NativeFlush.Directory(_directory);

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

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            try
            {
                RandomAccess.Write(handle, bytes, offset);
            }
            catch (ArgumentOutOfRangeException limited) when (offset >= 0)
            {
                throw Limited(limited);
            }
        }

        public void SetLength(long length)
        {
            try
            {
                RandomAccess.SetLength(handle, length);
            }
            catch (ArgumentOutOfRangeException limited) when (length >= 0)
            {
                throw Limited(limited);
            }
        }

        // What the platform makes of EFBIG: the process may not write files of this size.
        private static IOException Limited(Exception cause) => new("A limit on the sizes of files (ulimit -f, a quota) forbids the file to grow.", cause);

        public void Flush() => NativeFlush.File(handle, name);

        public void Dispose() => handle.Dispose();
    }
}
