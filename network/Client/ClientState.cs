using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bft.Crypto;
using Bft.Crypto.Files;
using Bft.Crypto.Signatures;

namespace Bft.Client;

/// <summary>
/// A client's key and the next sequence it may use, in one file of mode 600 that only one process has open. Sequences are reserved
/// in stretches that are durable before the first of them is used, so none is ever used twice, whatever crashes.
/// </summary>
/// <remarks>
/// Text: <c>bft-client 1</c>, then <c>SCHEME SEED-IN-HEX</c>, then one line for each reservation: the first sequence not yet reserved.
/// The last whole line counts; lines are only ever appended, so that no rename has to survive a power failure; one that was torn by
/// a crash is cut off. A stretch that a crash left unused is skipped: a hole, which costs an interval of the client's session.
/// </remarks>
public sealed class ClientState : ISequenceSource, IDisposable
{
    private const string Header = "bft-client 1";
    private const int MaxBytes = 64 << 20;
    private const ulong Stretch = 4096;

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly string _path;
    private ulong _next;
    private ulong _reserved;
    private bool _disposed;

    private ClientState(string path, FileStream file, ISigner signer, ulong next)
    {
        _path = path;
        _file = file;
        Signer = signer;
        _next = next;
        _reserved = next;
    }

    /// <summary>The client's key; erased when the state is disposed.</summary>
    public ISigner Signer { get; }

    /// <summary>The next sequence that will be given out.</summary>
    public ulong Next
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    /// <summary>Opens the state at that path, or makes it with a new key.</summary>
    /// <param name="path">The file; its directory is made when missing.</param>
    /// <param name="scheme">The scheme of a new key; null for Ed25519.</param>
    /// <exception cref="BftClientException">Malformed, readable by others, or open in another process.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not permitted.</exception>
    public static ClientState OpenOrCreate(string path, ISignatureScheme? scheme = null)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            Create(path, scheme ?? SignatureSchemes.Ed25519);
        }

        FileStream file = Open(path);
        try
        {
            // Also when it was there: whoever made it may have been killed before its name was durable.
            NativeFlush.Directory(Path.GetDirectoryName(path)!);
            return Read(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ulong Reserve(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_reserved - _next < (ulong)count)
            {
                ulong reserved = checked(_next + Math.Max(Stretch, (ulong)count));
                Append(reserved);
                _reserved = reserved;
            }

            ulong first = _next;
            _next += (ulong)count;
            return first;
        }
    }

    /// <summary>Gives back what was reserved and not used, and closes the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            try
            {
                if (_reserved != _next)
                {
                    Append(_next);
                }
            }
            catch (IOException)
            {
                // The larger reservation stays in force: a hole, not a sequence used twice.
            }

            _file.Dispose();
            Signer.Dispose();
        }
    }

    private static void Create(string path, ISignatureScheme scheme)
    {
        byte[] seed = new byte[Keys.SeedBytes];
        try
        {
            Keys.FillSeed(scheme, seed);
            DurableFile.Write(path, Encoding.ASCII.GetBytes($"{Header}\n{scheme.Name} {Convert.ToHexStringLower(seed)}\n1\n"), overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process made it meanwhile, and its key is as good; or only the name is not durable yet, which the caller sees to.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    private static FileStream Open(string path)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new BftClientException($"{path}: others may read or write this client's key: chmod 600 it, or make a new one if it was exposed.");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException busy) when (busy is not FileNotFoundException)
        {
            throw new BftClientException($"{path}: open in another process, or unreadable: one process at a time may use a client's key ({busy.Message})", busy);
        }
    }

    private static ClientState Read(string path, FileStream file)
    {
        if (file.Length > MaxBytes)
        {
            throw new BftClientException($"{path}: {file.Length} bytes; a client state has at most {MaxBytes}. Is this the right file?");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string[] lines = Encoding.ASCII.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] key = lines.Length < 3 ? [] : lines[1].Split(' ');
        if (lines.Length < 3 || lines[0] != Header || key.Length != 2)
        {
            throw new BftClientException($"{path}: not a client state (its first lines are \"{Header}\", a key and a sequence): restore it from a backup, or move it away to start with a new key.");
        }

        ulong next = 0;
        for (int i = 2; i < lines.Length; i++)
        {
            if (!ulong.TryParse(lines[i], NumberStyles.None, CultureInfo.InvariantCulture, out next) || next == 0)
            {
                throw new BftClientException($"{path}: line {i + 1} is not a sequence number; the file was damaged. Move it away to start with a new key.");
            }
        }

        // What follows the last whole line was torn by a crash before its reservation was used.
        file.SetLength(end);
        file.Position = end;
        return new ClientState(path, file, SignerOf(path, key), next);
    }

    private static ISigner SignerOf(string path, string[] key)
    {
        ISignatureScheme scheme = SignatureSchemes.Find(key[0])
            ?? throw new BftClientException($"{path}: signature scheme \"{key[0]}\" is unknown to this build.");
        var seed = new byte[Keys.SeedBytes];
        try
        {
            return key[1].Length == 2 * Keys.SeedBytes && Convert.FromHexString(key[1], seed, out _, out _) == System.Buffers.OperationStatus.Done
                ? scheme.CreateSigner(seed)
                : throw new BftClientException($"{path}: line 2 holds no seed of {2 * Keys.SeedBytes} hexadecimal digits; restore the file from a backup.");
        }
        catch (ArgumentException bad)
        {
            throw new BftClientException($"{path}: the seed in line 2 is no secret of {scheme.Name}; restore the file from a backup.", bad);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    private void Append(ulong next)
    {
        long whole = _file.Position;
        try
        {
            _file.Write(Encoding.ASCII.GetBytes(next.ToString(CultureInfo.InvariantCulture) + "\n"));
            NativeFlush.File(_file);
        }
        catch (IOException failed)
        {
            // Best effort: if the cut fails too, the next open finds a torn or a larger reservation, and both are safe.
            TryCut(whole);
            throw new IOException($"{_path}: the next sequence could not be made durable ({failed.Message}); nothing was sent. Free space or permit writing, then repeat.", failed);
        }
    }

    private void TryCut(long whole)
    {
        try
        {
            _file.SetLength(whole);
            _file.Position = whole;
        }
        catch (IOException)
        {
            // Said by the exception of the append.
        }
    }
}
