using Bft.Crypto;
using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>What is at one place of a segment.</summary>
internal enum RecordFinding
{
    /// <summary>A whole record of the expected height.</summary>
    Whole,

    /// <summary>The file ends here, between two records.</summary>
    End,

    /// <summary>A record that the end of the file cuts off.</summary>
    CutOff,

    /// <summary>Nothing but zeros to the end of the file.</summary>
    Zeros,

    /// <summary>Bytes that are no good record: torn by a crash, or gone bad.</summary>
    Bad,

    /// <summary>A record whose checksums are right and which does not belong here: no crash does that.</summary>
    Wrong,
}

/// <summary>Walks the records of one segment, checking frames, digests and hash chain. Writes nothing.</summary>
internal sealed class BlockScanner(Chain chain, IDiskFile file, ulong salt, Height first, Digest chainBefore)
{
    private readonly long _fileLength = file.Length;
    private byte[] _buffer = [];
    private int _recordBytes;

    /// <summary>Where the record that was found last starts; where the next one would start after anything else.</summary>
    public long Offset { get; private set; } = FileHeader.Bytes;

    /// <summary>The height that is expected at <see cref="Offset"/>.</summary>
    public Height Height { get; private set; } = first;

    /// <summary>The hash chain up to and with the record that was found last.</summary>
    public Digest Chain { get; private set; } = chainBefore;

    /// <summary>What is wrong, after <see cref="RecordFinding.Bad"/> or <see cref="RecordFinding.Wrong"/>.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The length of the record that was found last.</summary>
    public int RecordBytes => _recordBytes;

    /// <summary>The whole record that was found last, in memory of its own.</summary>
    public ReadOnlyMemory<byte> Record => _buffer.AsMemory(0, _recordBytes);

    /// <summary>Looks at the next place.</summary>
    /// <param name="keep">True when the caller keeps <see cref="Record"/> beyond the next call.</param>
    public RecordFinding Next(bool keep = false)
    {
        if (_recordBytes > 0)
        {
            Offset += _recordBytes;
            Height = Height.Next();
            _recordBytes = 0;
        }

        if (Offset == _fileLength)
        {
            return RecordFinding.End;
        }

        Span<byte> header = stackalloc byte[BlockRecord.HeaderBytes];
        if (file.Read(Offset, header) < header.Length)
        {
            return RecordFinding.CutOff;
        }

        if (!BlockRecord.IsHeader(header, salt, Offset))
        {
            return IsZeroToTheEnd() ? RecordFinding.Zeros : Bad("the record header's checksum is wrong");
        }

        if (BlockRecord.Height(header) != Height.Value)
        {
            return Wrong($"the record is of height {BlockRecord.Height(header)}");
        }

        long bytes = BlockRecord.HeaderBytes + (long)BlockRecord.ContentLength(header);
        if (Offset + bytes > _fileLength)
        {
            return RecordFinding.CutOff;
        }

        return Check((int)bytes, keep);
    }

    /// <summary>A good record behind <see cref="Offset"/> that was written after <see cref="Offset"/> had been flushed, or null.</summary>
    public long? FindLaterDurable()
    {
        var window = new byte[1 << 16];
        for (long start = Offset + 1; start < _fileLength; start += window.Length - BlockRecord.HeaderBytes)
        {
            Span<byte> read = window.AsSpan(0, file.Read(start, window));
            for (int at = 0; at < read.Length;)
            {
                int next = read[at..].IndexOf(BlockRecord.Mark);
                if (next < 0)
                {
                    break;
                }

                at += next;
                if (IsLaterDurable(start + at))
                {
                    return start + at;
                }

                at++;
            }
        }

        return null;
    }

    private bool IsLaterDurable(long offset)
    {
        Span<byte> header = stackalloc byte[BlockRecord.HeaderBytes];
        if (file.Read(offset, header) < header.Length || !BlockRecord.IsHeader(header, salt, offset) || BlockRecord.Durable(header) <= Offset)
        {
            return false;
        }

        long bytes = BlockRecord.HeaderBytes + (long)BlockRecord.ContentLength(header);
        if (offset + bytes > _fileLength)
        {
            return false;
        }

        var record = new byte[bytes];
        return file.Read(offset, record) == record.Length && BlockRecord.IsContent(record, salt, offset);
    }

    private RecordFinding Check(int bytes, bool keep)
    {
        if (keep || _buffer.Length < bytes)
        {
            _buffer = new byte[keep ? bytes : Math.Max(bytes, 2 * _buffer.Length)];
        }

        Span<byte> record = _buffer.AsSpan(0, bytes);
        if (bytes < BlockRecord.BlockHeaderAt + BlockHeader.EncodedBytes || file.Read(Offset, record) < bytes || !BlockRecord.IsContent(record, salt, Offset))
        {
            return Bad("the record's checksum is wrong");
        }

        var digest = new Digest(record[BlockRecord.DigestAt..]);
        if (chain.DigestOf(Preimage.Header, record.Slice(BlockRecord.BlockHeaderAt, BlockHeader.EncodedBytes)) != digest)
        {
            return Wrong("the block's digest is not the one recorded with it");
        }

        Digest link = chain.Link(Chain, digest);
        if (new Digest(record[BlockRecord.ChainAt..]) != link)
        {
            return Wrong("the hash chain does not lead here from the block before");
        }

        Chain = link;
        _recordBytes = bytes;
        return RecordFinding.Whole;
    }

    private bool IsZeroToTheEnd()
    {
        var window = new byte[1 << 16];
        for (long offset = Offset; offset < _fileLength; offset += window.Length)
        {
            if (window.AsSpan(0, file.Read(offset, window)).ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    private RecordFinding Bad(string reason)
    {
        Reason = reason;
        return RecordFinding.Bad;
    }

    private RecordFinding Wrong(string reason)
    {
        Reason = reason;
        return RecordFinding.Wrong;
    }
}
