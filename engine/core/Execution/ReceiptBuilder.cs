using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// Puts receipts together out of the parts of a run. Neighbouring parts of one height become one receipt and equal results one
/// byte, so that the receipt of a fresh run and that of its repeat are the same bytes at every replica. Not thread-safe; reused.
/// </summary>
internal sealed class ReceiptBuilder
{
    private static readonly byte[][] SingleCodes = [.. Enumerable.Range(0, 256).Select(code => new[] { (byte)code })];

    private readonly List<Receipt> _receipts = [];
    private byte[] _codes = new byte[64];
    private int _length;
    private Digest _client;
    private ulong _first;
    private ulong _height;

    /// <summary>The receipts finished since the last <see cref="Clear"/>.</summary>
    public IReadOnlyList<Receipt> Receipts => _receipts;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _receipts.Clear();
        _length = 0;
    }

    /// <summary>Starts the next run.</summary>
    public void Begin(Digest client, ulong first)
    {
        End();
        _client = client;
        _first = first;
    }

    /// <summary>The next sequences were executed at that height with one result each.</summary>
    public void Add(ulong height, ReadOnlySpan<byte> codes) => codes.CopyTo(Reserve(height, codes.Length));

    /// <summary>The next sequences were executed at that height with the same result.</summary>
    public void Add(ulong height, byte code, int count) => Reserve(height, count).Fill(code);

    /// <summary>The sequences from <paramref name="first"/> to <paramref name="last"/> of an interval.</summary>
    public void Add(in SessionInterval interval, ulong first, ulong last)
    {
        int count = (int)(last - first + 1);
        if (interval.Codes is { } codes)
        {
            Add(interval.Height, codes.AsSpan((int)(first - interval.First), count));
        }
        else
        {
            Add(interval.Height, interval.Code, count);
        }
    }

    /// <summary>Finishes the run.</summary>
    public void End()
    {
        if (_length == 0)
        {
            return;
        }

        ReadOnlySpan<byte> codes = _codes.AsSpan(0, _length);
        byte[] kept = codes.ContainsAnyExcept(codes[0]) ? codes.ToArray() : SingleCodes[codes[0]];
        _receipts.Add(new Receipt(_client, _first, _length, new Height(_height), kept));
        _first += (ulong)_length;
        _length = 0;
    }

    private Span<byte> Reserve(ulong height, int count)
    {
        if (_length > 0 && _height != height)
        {
            End();
        }

        _height = height;
        if (_codes.Length - _length < count)
        {
            Array.Resize(ref _codes, Math.Max(_codes.Length * 2, _length + count));
        }

        Span<byte> room = _codes.AsSpan(_length, count);
        _length += count;
        return room;
    }
}
