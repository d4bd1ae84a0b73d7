using System.Security.Cryptography;
using Bft.Ledger.Disks;

namespace Bft.Ledger;

/// <summary>Writes a file from its start in large pieces and hashes what goes through.</summary>
internal sealed class DiskWriteStream(IDiskFile file) : Stream
{
    private const int PieceBytes = 1 << 17;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[4 << 10];
    private int _buffered;
    private long _written;

    /// <summary>SHA-256 of everything written so far.</summary>
    public byte[] Hash => _hash.GetCurrentHash();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => Position;

    public override long Position
    {
        get => _written + _buffered;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.AppendData(buffer);
        while (!buffer.IsEmpty)
        {
            int taken = Math.Min(buffer.Length, PieceBytes - _buffered);
            if (_buffer.Length - _buffered < taken)
            {
                Array.Resize(ref _buffer, Math.Min(PieceBytes, Math.Max(2 * _buffer.Length, _buffered + taken)));
            }

            buffer[..taken].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += taken;
            buffer = buffer[taken..];
            if (_buffered == PieceBytes)
            {
                Flush();
            }
        }
    }

    /// <summary>Hands what is buffered to the file; not to the device.</summary>
    public override void Flush()
    {
        file.Write(_written, _buffer.AsSpan(0, _buffered));
        _written += _buffered;
        _buffered = 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Reads a part of a file and closes it at the end.</summary>
internal sealed class DiskReadStream(IDiskFile file, long start, long length) : Stream
{
    private const int BufferBytes = 1 << 16;

    private readonly byte[] _buffer = new byte[(int)Math.Min(BufferBytes, length)];
    private long _bufferStart;
    private int _buffered;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Math.Max(0, length - _position));
        if (wanted == 0)
        {
            return 0;
        }

        if (_position < _bufferStart || _position >= _bufferStart + _buffered)
        {
            _bufferStart = _position;
            _buffered = file.Read(start + _position, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, length - _position)));
        }

        int at = (int)(_position - _bufferStart);
        int taken = Math.Min(wanted, _buffered - at);
        _buffer.AsSpan(at, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
