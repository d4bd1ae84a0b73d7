namespace Bft.Ledger.Disks;

/// <summary>
/// One flat directory of files: the only way in which journal, blocks and snapshots touch a disk, so that a simulated disk can
/// lose, tear and fail what a real one may. Names have no folder part and are compared ordinally.
/// </summary>
/// <remarks>
/// What survives a crash: the content of a file up to its last <see cref="IDiskFile.Flush"/>, and names (created, renamed, deleted)
/// up to the last <see cref="Flush"/>. Thread-safe.
/// </remarks>
public interface IDisk
{
    /// <summary>Where it is, for messages.</summary>
    string Location { get; }

    /// <summary>The names of all files in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens an existing file.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="writable">False to open it for reading only.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    IDiskFile Open(string name, bool writable = true);

    /// <summary>Makes a new, empty file, replacing one of that name.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    IDiskFile Create(string name);

    /// <summary>Renames a file, replacing one of the new name; atomic. Open files stay open.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    void Rename(string from, string to);

    /// <summary>Deletes a file; nothing happens when there is none.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    void Delete(string name);

    /// <summary>Makes created, renamed and deleted names durable.</summary>
    /// <exception cref="IOException">It failed: which names survive a crash is unknown.</exception>
    void Flush();
}

/// <summary>An open file of an <see cref="IDisk"/>. Reads may run beside one writer.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>The name it was opened under.</summary>
    string Name { get; }

    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads until <paramref name="destination"/> is full or the file ends; returns how many bytes were read.</summary>
    /// <exception cref="IOException">The read failed.</exception>
    int Read(long offset, Span<byte> destination);

    /// <summary>Writes all bytes at that offset, growing the file when needed.</summary>
    /// <exception cref="IOException">The write failed (disk full …); any part of the bytes may have been written.</exception>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts the file or fills it up with zeros.</summary>
    /// <exception cref="IOException">It failed.</exception>
    void SetLength(long length);

    /// <summary>Makes content and length durable.</summary>
    /// <exception cref="IOException">It failed: what was written since the last flush may be lost although a later flush succeeds.</exception>
    void Flush();
}
