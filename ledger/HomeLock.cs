using System.Globalization;

namespace Bft.Ledger;

/// <summary>
/// Holds a home directory for one process: two validators on one home would sign against each other. The operating system
/// lets go when the process dies, however it dies.
/// </summary>
/// <remarks>The locked file (<c>lock</c>) cannot be read by others everywhere, so the owner's process id stands in a second one (<c>lock.owner</c>).</remarks>
public sealed class HomeLock : IDisposable
{
    private readonly FileStream _stream;

    private HomeLock(FileStream stream) => _stream = stream;

    /// <summary>Takes a directory, making it when it is missing.</summary>
    /// <param name="directory">The home.</param>
    /// <param name="name">The lock's file name.</param>
    /// <exception cref="HomeInUseException">Another process, or this one, holds it.</exception>
    /// <exception cref="IOException">The lock file cannot be made.</exception>
    public static HomeLock Acquire(string directory, string name = "lock")
    {
        string path = Path.Combine(Path.GetFullPath(directory), name);
        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(Path.GetFullPath(directory));
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(OwnerPath(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new HomeLock(stream);
        }
        catch (UnauthorizedAccessException refused)
        {
            stream?.Dispose();
            throw new IOException($"{path} cannot be made: {refused.Message} Check owner and permissions of the directory.", refused);
        }
        catch (IOException failed) when (stream is null && IsHeldByOther(failed))
        {
            throw new HomeInUseException(directory, ReadOwner(path), failed);
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    // EWOULDBLOCK of flock, or ERROR_SHARING_VIOLATION.
    private static bool IsHeldByOther(IOException failed) =>
        OperatingSystem.IsWindows() ? (failed.HResult & 0xFFFF) == 32 : failed.HResult is 11 or 35;

    private static int? ReadOwner(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(OwnerPath(path)), NumberStyles.None, CultureInfo.InvariantCulture, out int process) ? process : null;
        }
        catch (IOException)
        {
            // Who it is only makes the message better.
            return null;
        }
    }

    private static string OwnerPath(string path) => path + ".owner";
}

/// <summary>A home directory is held by a process already.</summary>
public sealed class HomeInUseException(string home, int? processId, Exception inner)
    : IOException($"The home {home} is in use by {(processId is { } id ? $"process {id.ToString(CultureInfo.InvariantCulture)}" : "another process")}. Stop that process, or choose another home.", inner)
{
    /// <summary>The process that holds it, when known.</summary>
    public int? ProcessId { get; } = processId;
}
