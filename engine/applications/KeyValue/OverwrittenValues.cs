using Bft.Crypto;

namespace Bft.Applications.KeyValue;

/// <summary>What the last heights overwrote, so that the values of an earlier height can be told beside its proof. Bounded in heights and in bytes.</summary>
internal sealed class OverwrittenValues(int heights, long maxBytes)
{
    private const int EntryBytes = 48;

    private readonly List<(ulong Height, long Bytes)> _layers = [];
    private readonly SegmentRing<(Digest Key, byte[]? Record)> _entries = new();
    private long _bytes;
    private long _openBytes;

    /// <summary>Keeps what a key held before the height that is about to overwrite it; null when it was absent. Once a key and height.</summary>
    public void Keep(Digest keyHash, byte[]? record)
    {
        _entries.Add((keyHash, record));
        _openBytes += EntryBytes + (record?.Length ?? 0);
    }

    /// <summary>Ends the height: what was kept since the last one was overwritten by it, and what is too old or too much goes.</summary>
    public void End(ulong height)
    {
        _entries.Close();
        _layers.Add((height, _openBytes));
        _bytes += _openBytes;
        _openBytes = 0;
        while (_layers.Count > 0 && (_layers.Count > heights || _bytes > maxBytes))
        {
            _bytes -= _layers[0].Bytes;
            _layers.RemoveAt(0);
            _entries.DropOldest();
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _layers.Clear();
        _entries.Clear();
        _bytes = 0;
        _openBytes = 0;
    }

    /// <summary>Whether the values of a height can still be told, when <paramref name="newest"/> is the last.</summary>
    public bool Reaches(ulong height, ulong newest) =>
        height == newest || (height < newest && _layers.Count > 0 && _layers[0].Height <= height + 1);

    /// <summary>Finds what a key held at a height, if a later one overwrote it; false when none did.</summary>
    public bool TryFind(Digest keyHash, ulong height, out byte[]? record)
    {
        for (int layer = 0; layer < _layers.Count; layer++)
        {
            if (_layers[layer].Height <= height)
            {
                continue;
            }

            foreach ((Digest key, byte[]? kept) in _entries[layer])
            {
                if (key == keyHash)
                {
                    record = kept;
                    return true;
                }
            }
        }

        record = null;
        return false;
    }
}
