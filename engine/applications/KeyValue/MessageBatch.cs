using Bft.Crypto;

namespace Bft.Applications.KeyValue;

/// <summary>
/// SHA-256 of many messages of any lengths: those of equal length go side by side through <see cref="Sha256Lanes"/>, which costs a
/// fraction of one library call each. Not thread-safe; its buffers are reused.
/// </summary>
internal sealed class MessageBatch
{
    /// <summary>Longer messages gain nothing from company.</summary>
    private const int MaxLaneBytes = 2048;

    /// <summary>Longer messages without company are the library's.</summary>
    private const int MaxAloneBytes = 128;

    /// <summary>The messages of one length are hashed in portions of about this many bytes.</summary>
    private const int PortionBytes = 64 << 10;

    private const int FirstMessages = 16;

    /// <summary>The most messages of a portion.</summary>
    private const int PortionMessages = 256;

    private ReadOnlyMemory<byte>[] _messages = new ReadOnlyMemory<byte>[FirstMessages];
    private Digest[] _digests = new Digest[FirstMessages];
    private int[] _lengths = new int[FirstMessages];
    private int[] _order = new int[FirstMessages];
    private byte[] _portion = [];
    private Digest[] _portionDigests = [];

    /// <summary>How many messages there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a message; it must not change until <see cref="Hash"/>.</summary>
    public void Add(ReadOnlyMemory<byte> message)
    {
        if (Count == _messages.Length)
        {
            Array.Resize(ref _messages, 2 * Count);
            Array.Resize(ref _lengths, 2 * Count);
            _order = new int[2 * Count];
            _digests = new Digest[2 * Count];
        }

        _messages[Count] = message;
        _lengths[Count++] = message.Length;
    }

    /// <summary>The digests in the order of the messages, valid until the next <see cref="Hash"/>; the messages are let go.</summary>
    public ReadOnlySpan<Digest> Hash()
    {
        int count = Count;
        for (int i = 0; i < count; i++)
        {
            _order[i] = i;
        }

        if (_lengths.AsSpan(0, count) is { IsEmpty: false } lengths && lengths.ContainsAnyExcept(lengths[0]))
        {
            Array.Sort(_lengths, _order, 0, count);
        }

        for (int start = 0; start < count;)
        {
            int length = _lengths[start];
            int end = start + 1;
            while (end < count && _lengths[end] == length)
            {
                end++;
            }

            HashEqual(_order.AsSpan(start, end - start), length);
            start = end;
        }

        Array.Clear(_messages, 0, count);
        Count = 0;
        return _digests.AsSpan(0, count);
    }

    private void HashEqual(ReadOnlySpan<int> messages, int length)
    {
        if (length > (messages.Length == 1 ? MaxAloneBytes : MaxLaneBytes))
        {
            foreach (int message in messages)
            {
                _digests[message] = HashFunction.Sha256.Hash(_messages[message].Span);
            }

            return;
        }

        int perPortion = PortionBytes / Math.Max(length, PortionBytes / PortionMessages);
        int largest = Math.Min(perPortion, messages.Length);
        if (_portion.Length < largest * length)
        {
            _portion = new byte[Math.Min(PortionBytes, Math.Max(2 * _portion.Length, largest * length))];
        }

        if (_portionDigests.Length < largest)
        {
            _portionDigests = new Digest[Math.Min(PortionMessages, Math.Max(2 * _portionDigests.Length, largest))];
        }

        while (!messages.IsEmpty)
        {
            ReadOnlySpan<int> portion = messages[..Math.Min(perPortion, messages.Length)];
            for (int i = 0; i < portion.Length; i++)
            {
                _messages[portion[i]].Span.CopyTo(_portion.AsSpan(i * length));
            }

            Span<Digest> digests = _portionDigests.AsSpan(0, portion.Length);
            Sha256Lanes.Hash(_portion.AsSpan(0, portion.Length * length), length, digests);
            for (int i = 0; i < portion.Length; i++)
            {
                _digests[portion[i]] = digests[i];
            }

            messages = messages[portion.Length..];
        }
    }
}
