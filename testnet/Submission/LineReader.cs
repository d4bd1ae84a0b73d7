using System.Buffers;

namespace Bft.Testnet.Submission;

/// <summary>One line of a stream.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Bytes">The content without the line end; empty when <paramref name="TooLong"/>. Valid until the next line is read.</param>
/// <param name="TooLong">True when the line had more bytes than allowed.</param>
public readonly record struct Line(long Number, ReadOnlyMemory<byte> Bytes, bool TooLong);

/// <summary>Cuts a stream into lines without ever holding more of it than one line of the permitted length.</summary>
/// <param name="stream">The stream; not disposed.</param>
/// <param name="mostBytes">The longest line, in bytes without its end.</param>
public sealed class LineReader(Stream stream, int mostBytes)
{
    private const int ReadBytes = 64 << 10;

    private readonly byte[] _chunk = new byte[ReadBytes];
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _position;
    private int _filled;
    private long _number;
    private bool _ended;

    /// <summary>The next line, or null at the end. A last line without a line end counts; an empty rest does not.</summary>
    public async ValueTask<Line?> ReadAsync(CancellationToken cancellation)
    {
        _line.ResetWrittenCount();
        bool any = false, tooLong = false;
        while (true)
        {
            if (_position == _filled && !await FillAsync(cancellation))
            {
                return any ? Cut(tooLong) : null;
            }

            any = true;
            int end = _chunk.AsSpan(_position, _filled - _position).IndexOf((byte)'\n');
            int length = (end < 0 ? _filled : _position + end) - _position;
            if (_line.WrittenCount + length > mostBytes + 1)
            {
                // The one byte more may be the carriage return.
                tooLong = true;
                _line.ResetWrittenCount();
            }

            if (!tooLong)
            {
                _line.Write(_chunk.AsSpan(_position, length));
            }

            _position += end < 0 ? length : length + 1;
            if (end >= 0)
            {
                return Cut(tooLong);
            }
        }
    }

    private Line Cut(bool tooLong)
    {
        ReadOnlyMemory<byte> bytes = _line.WrittenMemory;
        if (bytes.Length > 0 && bytes.Span[^1] == '\r')
        {
            bytes = bytes[..^1];
        }

        return tooLong || bytes.Length > mostBytes ? new Line(++_number, default, true) : new Line(++_number, bytes, false);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_ended)
        {
            return false;
        }

        _position = 0;
        // A terminal's stream looks at the token before it reads and not while it waits: the wait must end all the same.
        ValueTask<int> reading = stream.ReadAsync(_chunk, cancellation);
        _filled = reading.IsCompletedSuccessfully ? reading.Result : await reading.AsTask().WaitAsync(cancellation);
        _ended = _filled == 0;
        return !_ended;
    }
}
