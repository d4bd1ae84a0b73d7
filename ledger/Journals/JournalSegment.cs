using System.Buffers.Binary;
using System.Globalization;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>
/// One file of the journal. After the header (number (8), salt (8), end of the previous segment (8)) frames follow, each aligned to 8
/// bytes: checksum (8), mark (4), length of the records (4), records. A frame is one turn: it is whole or it does not exist.
/// </summary>
/// <remarks>
/// Every frame was followed by a flush before the next one was written. So the first bad frame is where the journal ends
/// (a crash tore it), unless a good one follows: then what was flushed has gone bad.
/// </remarks>
internal sealed class JournalSegment(ulong number, ulong salt, long previousEnd, FrameChecksum? checksum = null)
{
    public const int FrameHeaderBytes = 8 + 4 + 4;
    private const int Alignment = 8;
    private const int ChecksumBytes = 8;
    private const string Prefix = "journal-";
    private const string Suffix = ".seg";
    private static readonly ulong Magic = FileHeader.Magic("BFTJRNL1"u8);

    private readonly FrameChecksum _checksum = checksum ?? FrameChecksum.XxHash3;

    public ulong Number => number;

    public ulong Salt => salt;

    /// <summary>Where the frames of the segment before this one end.</summary>
    public long PreviousEnd => previousEnd;

    public string FileName => NameOf(number);

    /// <summary>How many blocks that still need the journal have their newest copy here.</summary>
    public int LiveBlocks { get; set; }

    /// <summary>Their bytes.</summary>
    public long LiveBytes { get; set; }

    private uint Mark => (uint)(salt >> 32) | 1;

    /// <summary>Where the next frame starts.</summary>
    public static long Align(long offset) => (offset + Alignment - 1) & -Alignment;

    public static string NameOf(ulong number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D10}{Suffix}");

    public static bool TryParseName(string name, out ulong number)
    {
        number = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal) &&
            ulong.TryParse(name.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public void WriteHeader(Span<byte> header, Chain chain)
    {
        FileHeader.Begin(header, Magic, chain);
        Span<byte> fields = FileHeader.Fields(header);
        BinaryPrimitives.WriteUInt64LittleEndian(fields, number);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[8..], salt);
        BinaryPrimitives.WriteInt64LittleEndian(fields[16..], previousEnd);
        FileHeader.Seal(header);
    }

    public static JournalSegment ReadHeader(IDisk disk, IDiskFile file, Chain chain, FrameChecksum? checksum = null)
    {
        Span<byte> header = stackalloc byte[FileHeader.Bytes];
        FileHeader.Verdict verdict = FileHeader.Read(file, header, Magic, chain);
        if (verdict == FileHeader.Verdict.Damaged)
        {
            throw new JournalDamagedException(disk.Location, file.Name, 0, "the header's checksum is wrong");
        }

        if (verdict != FileHeader.Verdict.Good)
        {
            throw FileHeader.Foreign(disk, file.Name, verdict, header, chain);
        }

        ReadOnlySpan<byte> fields = FileHeader.FieldsOf(header);
        return new JournalSegment(
            BinaryPrimitives.ReadUInt64LittleEndian(fields),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[16..]),
            checksum);
    }

    /// <summary>Fills in the header of a frame that will be written at that offset.</summary>
    public void SealFrame(Span<byte> frame, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumBytes..], Mark);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[(ChecksumBytes + 4)..], (uint)(frame.Length - FrameHeaderBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(frame, _checksum.Of(frame[ChecksumBytes..], salt, offset));
    }

    /// <summary>Reads the frame at an offset; false when there is no good one. The records are behind the frame header in the buffer.</summary>
    public bool TryReadFrame(IDiskFile file, long offset, ref byte[] buffer, out int frameBytes)
    {
        frameBytes = 0;
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        if (file.Read(offset, header) < FrameHeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumBytes..]) != Mark)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[(ChecksumBytes + 4)..]);
        if (length == 0 || length > file.Length - offset - FrameHeaderBytes)
        {
            return false;
        }

        int bytes = FrameHeaderBytes + (int)length;
        if (buffer.Length < bytes)
        {
            buffer = new byte[Math.Max(bytes, 2 * buffer.Length)];
        }

        Span<byte> frame = buffer.AsSpan(0, bytes);
        if (file.Read(offset, frame) < bytes || !_checksum.Matches(frame[ChecksumBytes..], salt, offset, BinaryPrimitives.ReadUInt64LittleEndian(frame)))
        {
            return false;
        }

        frameBytes = bytes;
        return true;
    }

    /// <summary>The first good frame that starts behind an offset, or null.</summary>
    public long? FindFrameBehind(IDiskFile file, long offset, ref byte[] buffer)
    {
        long length = file.Length;
        var window = new byte[(int)Align(Math.Clamp(length - offset, 64, 1 << 16))];
        for (long start = offset + Alignment; start < length; start += window.Length - Alignment - Alignment)
        {
            int read = file.Read(start, window);
            for (int i = 0; i + FrameHeaderBytes <= read; i += Alignment)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(window.AsSpan(i + ChecksumBytes)) == Mark && TryReadFrame(file, start + i, ref buffer, out _))
                {
                    return start + i;
                }
            }
        }

        return null;
    }
}
