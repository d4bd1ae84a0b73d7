using System.Buffers.Binary;
using System.IO.Hashing;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// A sorted table of <see cref="IndexEntry"/> in a file: first the smallest key of each page (16 bytes a page) with a checksum, then the
/// pages, 4 KiB each with a checksum at its end. Searching costs one page read; the smallest keys are read once and kept.
/// </summary>
internal sealed class SortedPages(IDiskFile file, long start, int count)
{
    private const int PageBytes = 4096;
    private const int EntriesPerPage = (PageBytes - 8) / IndexEntry.Bytes;
    private const int FenceBytes = 16;

    private (ulong Key, ulong First)[]? _fences;

    /// <summary>How many bytes a table of that many entries takes.</summary>
    public static long BytesFor(int count) => ((long)PagesFor(count) * (FenceBytes + PageBytes)) + 8;

    public static void Write(IDiskFile file, long start, ReadOnlySpan<IndexEntry> sorted)
    {
        int pages = PagesFor(sorted.Length);
        var fences = new byte[(pages * FenceBytes) + 8];
        var page = new byte[PageBytes];
        for (int i = 0; i < pages; i++)
        {
            ReadOnlySpan<IndexEntry> entries = sorted.Slice(i * EntriesPerPage, Math.Min(EntriesPerPage, sorted.Length - (i * EntriesPerPage)));
            BinaryPrimitives.WriteUInt64LittleEndian(fences.AsSpan(i * FenceBytes), entries[0].Key);
            BinaryPrimitives.WriteUInt64LittleEndian(fences.AsSpan((i * FenceBytes) + 8), entries[0].First);
            page.AsSpan().Clear();
            for (int j = 0; j < entries.Length; j++)
            {
                WriteEntry(page.AsSpan(j * IndexEntry.Bytes), entries[j]);
            }

            Seal(page, i);
            file.Write(start + fences.Length + ((long)i * PageBytes), page);
        }

        Seal(fences, pages);
        file.Write(start, fences);
    }

    /// <summary>Adds to <paramref name="found"/> what has that key and a first number between the bounds, both included.</summary>
    /// <exception cref="InvalidDataException">A page or the fences are damaged.</exception>
    public void Find(ulong key, ulong low, ulong high, List<IndexEntry> found)
    {
        (ulong Key, ulong First)[] fences = _fences ??= ReadFences();
        int page = Array.BinarySearch(fences, (key, low));
        // Entries equal to a fence may also end the page before it.
        page = Math.Max(0, (page < 0 ? ~page : page) - 1);
        while (page > 0 && fences[page] == (key, low))
        {
            page--;
        }

        var bytes = new byte[PageBytes];
        for (; page < fences.Length && fences[page].CompareTo((key, high)) <= 0; page++)
        {
            ReadPage(bytes, page, fences.Length);
            int entries = Math.Min(EntriesPerPage, count - (page * EntriesPerPage));
            for (int i = 0; i < entries; i++)
            {
                IndexEntry entry = ReadEntry(bytes.AsSpan(i * IndexEntry.Bytes));
                if (entry.Key == key && entry.First >= low && entry.First <= high)
                {
                    found.Add(entry);
                }
            }
        }
    }

    private static int PagesFor(int count) => (count + EntriesPerPage - 1) / EntriesPerPage;

    private (ulong Key, ulong First)[] ReadFences()
    {
        var fences = new (ulong Key, ulong First)[PagesFor(count)];
        var bytes = new byte[(fences.Length * FenceBytes) + 8];
        Demand(file.Read(start, bytes) == bytes.Length && IsSealed(bytes, fences.Length), start);
        for (int i = 0; i < fences.Length; i++)
        {
            fences[i] = (
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i * FenceBytes)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((i * FenceBytes) + 8)));
        }

        return fences;
    }

    private void ReadPage(byte[] bytes, int page, int pages)
    {
        long offset = start + (pages * FenceBytes) + 8 + ((long)page * PageBytes);
        Demand(file.Read(offset, bytes) == PageBytes && IsSealed(bytes, page), offset);
    }

    private void Demand(bool condition, long offset)
    {
        if (!condition)
        {
            throw new InvalidDataException($"{file.Name} is damaged at offset {offset}.");
        }
    }

    private static void Seal(Span<byte> bytes, int number) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[^8..], XxHash3.HashToUInt64(bytes[..^8], number));

    private static bool IsSealed(ReadOnlySpan<byte> bytes, int number) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]) == XxHash3.HashToUInt64(bytes[..^8], number);

    private static void WriteEntry(Span<byte> into, in IndexEntry entry)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(into, entry.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(into[8..], entry.First);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], entry.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(into[20..], entry.Distance);
    }

    private static IndexEntry ReadEntry(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from),
        BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[20..]));
}
