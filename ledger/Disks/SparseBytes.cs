namespace Bft.Ledger.Disks;

/// <summary>
/// The bytes of a file in memory, in pages that exist once something other than zero was written to them: a prepared file of zeros costs nothing, and no file is one large
/// array. What was never written reads as zero, as far as one asks.
/// </summary>
internal sealed class SparseBytes
{
    private const int PageShift = 12;
    private const int PageBytes = 1 << PageShift;

    private byte[]?[] _pages = [];

    /// <summary>One byte.</summary>
    public byte this[long offset]
    {
        get => PageAt(offset >> PageShift) is { } page ? page[offset & (PageBytes - 1)] : (byte)0;
        set => PageToWrite((int)(offset >> PageShift))[offset & (PageBytes - 1)] = value;
    }

    /// <summary>Reads as many bytes as there is room for.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Span<byte> part = destination[..PartOf(offset, destination.Length)];
            if (PageAt(offset >> PageShift) is { } page)
            {
                page.AsSpan((int)(offset & (PageBytes - 1)), part.Length).CopyTo(part);
            }
            else
            {
                part.Clear();
            }

            offset += part.Length;
            destination = destination[part.Length..];
        }
    }

    /// <summary>Writes bytes.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> part = bytes[..PartOf(offset, bytes.Length)];
            int page = (int)(offset >> PageShift);
            if (PageAt(page) is not null || part.ContainsAnyExcept((byte)0))
            {
                part.CopyTo(PageToWrite(page).AsSpan((int)(offset & (PageBytes - 1))));
            }

            offset += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Makes bytes zero.</summary>
    public void Clear(long offset, long length)
    {
        while (length > 0)
        {
            int part = PartOf(offset, length);
            PageAt(offset >> PageShift)?.AsSpan((int)(offset & (PageBytes - 1)), part).Clear();
            offset += part;
            length -= part;
        }
    }

    /// <summary>Takes bytes over from the same place of another file.</summary>
    public void CopyFrom(SparseBytes source, long offset, long length)
    {
        while (length > 0)
        {
            int part = PartOf(offset, length);
            if (source.PageAt(offset >> PageShift) is { } page)
            {
                page.AsSpan((int)(offset & (PageBytes - 1)), part).CopyTo(PageToWrite((int)(offset >> PageShift)).AsSpan((int)(offset & (PageBytes - 1))));
            }
            else
            {
                Clear(offset, part);
            }

            offset += part;
            length -= part;
        }
    }

    private static int PartOf(long offset, long length) => (int)Math.Min(length, PageBytes - (offset & (PageBytes - 1)));

    private byte[]? PageAt(long page) => page < _pages.Length ? _pages[page] : null;

    private byte[] PageToWrite(int page)
    {
        if (page >= _pages.Length)
        {
            Array.Resize(ref _pages, Math.Max(page + 1, Math.Max(4, 2 * _pages.Length)));
        }

        return _pages[page] ??= new byte[PageBytes];
    }
}
