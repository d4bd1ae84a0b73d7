using System.Buffers.Binary;
using System.Globalization;
using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// One file of the ledger. Header fields: number (8), first height (8), hash chain before the first height (32), salt (8). Records
/// follow without gaps. Where each record starts is kept in memory, four bytes a block.
/// </summary>
internal sealed class BlockSegment : IDisposable
{
    private const string Prefix = "blocks-";
    private const string Suffix = ".seg";
    private static readonly ulong Magic = FileHeader.Magic("BFTBLKS1"u8);

    // One more than there are records: the last one says where the next record goes.
    private uint[] _offsets = new uint[64];
    private int _count;

    private BlockSegment(IDiskFile file, ulong number, Height first, Digest chainBefore, ulong salt)
    {
        File = file;
        Number = number;
        First = first;
        ChainBefore = chainBefore;
        ChainAfter = chainBefore;
        Salt = salt;
        _offsets[0] = FileHeader.Bytes;
    }

    public IDiskFile File { get; }

    public ulong Number { get; }

    /// <summary>The height of its first record.</summary>
    public Height First { get; }

    /// <summary>The hash chain up to the height before <see cref="First"/>.</summary>
    public Digest ChainBefore { get; }

    /// <summary>The hash chain up to its last record. Touched by the appender only.</summary>
    public Digest ChainAfter { get; private set; }

    public ulong Salt { get; }

    /// <summary>Where the records end. Touched by the appender only.</summary>
    public long End => _offsets[_count];

    /// <summary>How many records it has.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The height behind its last record.</summary>
    public Height NextHeight => new(First.Value + (ulong)Count);

    /// <summary>Finds blocks and runs of this segment; replaced by its index file once it is sealed.</summary>
    public ISegmentIndex? Index { get; set; }

    public string FileName => NameOf(Number, Suffix);

    public string IndexName => NameOf(Number, ".idx");

    /// <summary>Where each record starts, and where the last one ends.</summary>
    public ReadOnlySpan<uint> Offsets => _offsets.AsSpan(0, Count + 1);

    public static bool TryParseName(string name, out ulong number)
    {
        number = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal) &&
            ulong.TryParse(name.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public static string NameOf(ulong number) => NameOf(number, Suffix);

    /// <summary>Makes a new segment durable, header first and name last, so that a bad header is never a crash's work.</summary>
    public static BlockSegment Create(IDisk disk, Chain chain, ulong number, Height first, Digest chainBefore, ulong salt)
    {
        const string Temporary = "blocks-next.tmp";
        IDiskFile file = disk.Create(Temporary);
        try
        {
            var header = new byte[FileHeader.Bytes];
            FileHeader.Begin(header, Magic, chain);
            Span<byte> fields = FileHeader.Fields(header);
            BinaryPrimitives.WriteUInt64LittleEndian(fields, number);
            BinaryPrimitives.WriteUInt64LittleEndian(fields[8..], first.Value);
            chainBefore.CopyTo(fields[16..]);
            BinaryPrimitives.WriteUInt64LittleEndian(fields[48..], salt);
            FileHeader.Seal(header);
            file.Write(0, header);
            Publish(disk, file, NameOf(number, Suffix));
            return new BlockSegment(file, number, first, chainBefore, salt);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a segment by its header; where its records are is not known yet.</summary>
    /// <exception cref="LedgerDamagedException">The header is bad or tells of another segment.</exception>
    public static BlockSegment Open(IDisk disk, Chain chain, ulong number, Height expectedFirst, bool writable)
    {
        string name = NameOf(number, Suffix);
        IDiskFile file = disk.Open(name, writable);
        try
        {
            Span<byte> header = stackalloc byte[FileHeader.Bytes];
            FileHeader.Verdict verdict = FileHeader.Read(file, header, Magic, chain);
            if (verdict == FileHeader.Verdict.Damaged)
            {
                throw new LedgerDamagedException(disk.Location, name, 0, expectedFirst, "the segment header's checksum is wrong");
            }

            if (verdict != FileHeader.Verdict.Good)
            {
                throw FileHeader.Foreign(disk, name, verdict, header, chain);
            }

            ReadOnlySpan<byte> fields = FileHeader.FieldsOf(header);
            ulong named = BinaryPrimitives.ReadUInt64LittleEndian(fields);
            if (named != number)
            {
                throw new LedgerDamagedException(disk.Location, name, 0, expectedFirst, $"its header says that it is segment {named}");
            }

            return new BlockSegment(
                file,
                number,
                new Height(BinaryPrimitives.ReadUInt64LittleEndian(fields[8..])),
                new Digest(fields[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(fields[48..]));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Says that a record was added at the end; from then on readers find it.</summary>
    public void Add(int recordBytes, Digest chainAfter)
    {
        uint[] offsets = _offsets;
        if (_count + 2 > offsets.Length)
        {
            Array.Resize(ref offsets, 2 * offsets.Length);
        }

        offsets[_count + 1] = checked(offsets[_count] + (uint)recordBytes);
        _offsets = offsets;
        ChainAfter = chainAfter;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Takes over what an index file says about a sealed segment.</summary>
    public void Restore(uint[] offsets, Digest chainAfter)
    {
        _offsets = offsets;
        ChainAfter = chainAfter;
        Volatile.Write(ref _count, offsets.Length - 1);
    }

    /// <summary>Where the record of a height is and how long it is; the height must be in the segment.</summary>
    public (long Offset, int Bytes) Locate(Height height)
    {
        uint[] offsets = _offsets;
        int index = (int)(height.Value - First.Value);
        return (offsets[index], (int)(offsets[index + 1] - offsets[index]));
    }

    public void Dispose()
    {
        File.Dispose();
        Index?.Dispose();
    }

    private static void Publish(IDisk disk, IDiskFile file, string name)
    {
        try
        {
            file.Flush();
            disk.Rename(file.Name, name);
            disk.Flush();
        }
        catch (IOException failed)
        {
            throw new FlushFailedException($"making {Path.Combine(disk.Location, name)} durable failed: {failed.Message}", failed);
        }
    }

    private static string NameOf(ulong number, string suffix) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{suffix}");
}

/// <summary>A flush failed, as opposed to a write: nothing later can be trusted.</summary>
internal sealed class FlushFailedException(string message, IOException inner) : IOException(message, inner);
