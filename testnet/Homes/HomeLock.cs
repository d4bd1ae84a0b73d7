using System.Globalization;

namespace Bft.Testnet.Homes;

/// <summary>
/// Held by the one process that runs on a home or data directory. The lock is the operating system's, so it is gone with the
/// process however that ends; the <c>pid</c> file beside it is for people and scripts.
/// </summary>
public sealed class HomeLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _pid;

    private HomeLock(FileStream held, string pid)
    {
        _lock = held;
        _pid = pid;
    }

    /// <summary>Takes the lock of a validator's home and writes its <c>pid</c> file.</summary>
    /// <exception cref="HomeException">Another process holds it, or the directory cannot be written.</exception>
    public static HomeLock Take(HomeLayout home) => Take(home.Root, home.Lock, home.Pid, "a validator", "stop that process first");

    /// <summary>Takes the lock of a data directory for a supervisor.</summary>
    /// <exception cref="HomeException">Another process holds it, or the directory cannot be written.</exception>
    public static HomeLock Take(DataLayout data) => Take(data.Root, data.Lock, data.Pid, "a testnet", "stop it first, or choose another directory with --data and other ports with --port");

    /// <summary>Sees to it that no validator runs on a home, without taking the lock: for those who only read.</summary>
    /// <exception cref="HomeException">A validator runs on it.</exception>
    public static void RequireFree(HomeLayout home)
    {
        try
        {
            new FileStream(home.Lock, FileMode.Open, FileAccess.Read, FileShare.ReadWrite).Dispose();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            // Never ran here, or we may not look: then nothing of ours can disturb it either.
            return;
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            throw new HomeException($"a validator is running on this directory already{Holder(home.Pid)}", home.Root, "stop that process first", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(_pid);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A pid file that stays is overwritten by the next process; it never keeps one out.
        }

        _lock.Dispose();
    }

    private static HomeLock Take(string root, string lockFile, string pidFile, string who, string todo)
    {
        FileStream? held = null;
        try
        {
            held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            HomeFile.Write(pidFile, System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
            return new HomeLock(held, pidFile);
        }
        catch (HomeException)
        {
            held?.Dispose();
            throw;
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new HomeException("there is no such directory", root, "check the path; \"bft up\" and \"bft init\" make directories", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new HomeException($"the directory cannot be written: {exception.Message}", root, "check its owner and mode, and whether the file system is read-only", exception);
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            throw new HomeException($"{who} is running on this directory already{Holder(pidFile)}", root, todo, exception);
        }
        catch (IOException exception)
        {
            throw new HomeException($"the directory cannot be locked: {exception.Message}", root, "check the file system: is it read-only or full?", exception);
        }
    }

    // ERROR_SHARING_VIOLATION on Windows; EWOULDBLOCK of flock elsewhere (11 on Linux, 35 on macOS and BSD).
    private static bool IsHeld(IOException exception) => (exception.HResult & 0xFFFF) is 32 or 11 or 35;

    private static string Holder(string pidFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                ? string.Create(CultureInfo.InvariantCulture, $" as process {pid}")
                : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The number is a courtesy; that the lock is held is the error.
            return "";
        }
    }
}
