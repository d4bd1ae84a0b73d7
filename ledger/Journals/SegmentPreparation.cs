using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// Makes files whose blocks were all written before, so that a flush changes no metadata and costs half (a pre-zeroed or a used file).
/// Files here have temporary names and hold nothing of worth.
/// </summary>
internal sealed class SegmentPreparation(IDisk disk, int segmentBytes, bool ahead) : IDisposable
{
    private const string NextName = "journal-next.tmp";
    private const string SpareName = "journal-spare.tmp";
    private const int ChunkBytes = 1 << 20;
    private static readonly byte[] Zeros = new byte[ChunkBytes];

    private Task<IDiskFile?>? _next;
    private bool _hasSpare;

    public static bool IsTemporary(string name) => name is NextName or SpareName;

    /// <summary>Starts to make the next file in the background, unless a used one waits or it was started before.</summary>
    public void Begin()
    {
        if (ahead && _next is null && !_hasSpare)
        {
            _next = Task.Run(() =>
            {
                try
                {
                    return (IDiskFile?)Zeroed(segmentBytes);
                }
                catch (IOException)
                {
                    // Tried again when the file is needed: then the error has someone to go to.
                    return null;
                }
            });
        }
    }

    /// <summary>A file of at least that length and the temporary name it has.</summary>
    /// <exception cref="IOException">It could not be made; a later call may succeed.</exception>
    public IDiskFile Take(long atLeast)
    {
        if (_hasSpare)
        {
            _hasSpare = false;
            IDiskFile spare = disk.Open(SpareName);
            if (spare.Length >= atLeast)
            {
                return spare;
            }

            spare.Dispose();
            disk.Delete(SpareName);
        }

        IDiskFile? next = _next?.GetAwaiter().GetResult();
        _next = null;
        if (next?.Length >= atLeast)
        {
            return next;
        }

        next?.Dispose();
        return Zeroed(Math.Max(atLeast, segmentBytes));
    }

    /// <summary>
    /// Takes a segment that nothing needs any more out of the journal: kept for reuse, or deleted when one is kept already. The caller
    /// flushes the directory: the old name must be gone for good before the content is overwritten.
    /// </summary>
    /// <exception cref="IOException">It failed and the segment still has its name.</exception>
    public void Retire(string name)
    {
        if (_hasSpare || _next is not null)
        {
            disk.Delete(name);
            return;
        }

        disk.Rename(name, SpareName);
        _hasSpare = true;
    }

    public void Dispose() => _next?.GetAwaiter().GetResult()?.Dispose();

    private IDiskFile Zeroed(long bytes)
    {
        IDiskFile file = disk.Create(NextName);
        try
        {
            for (long offset = 0; offset < bytes; offset += ChunkBytes)
            {
                file.Write(offset, Zeros.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - offset)));
            }

            file.Flush();
            return file;
        }
        catch
        {
            file.Dispose();
            disk.Delete(NextName);
            throw;
        }
    }
}
