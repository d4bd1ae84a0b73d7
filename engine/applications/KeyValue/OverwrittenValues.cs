using Bft.Crypto;

namespace Bft.Applications.KeyValue;

/// <summary>
/// What the last heights overwrote, so that the values of an earlier height can be told beside its proof. Bounded in heights and in
/// bytes; the lists are reused.
/// </summary>
internal sealed class OverwrittenValues(int heights, long maxBytes)
{
    private const int EntryBytes = 48;

    private readonly Queue<Layer> _layers = new();
    private Layer? _spare;
    private long _bytes;

    /// <summary>Begins the height that is about to overwrite.</summary>
    public void Begin(ulong height)
    {
        Layer layer = _spare ?? new Layer();
        _spare = null;
        layer.Height = height;
        _layers.Enqueue(layer);
        Open = layer;
    }

    /// <summary>Keeps what a key held before the height begun last; null when it was absent. Once a key and height.</summary>
    public void Keep(Digest keyHash, byte[]? record)
    {
        int bytes = EntryBytes + (record?.Length ?? 0);
        Open!.Entries.Add((keyHash, record));
        Open.Bytes += bytes;
        _bytes += bytes;
    }

    /// <summary>Ends the height: what is too old or too much goes.</summary>
    public void End()
    {
        while (_layers.Count > 0 && (_layers.Count > heights || _bytes > maxBytes))
        {
            Layer oldest = _layers.Dequeue();
            _bytes -= oldest.Bytes;
            oldest.Clear();
            _spare = oldest;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _layers.Clear();
        _spare = null;
        Open = null;
        _bytes = 0;
    }

    /// <summary>Whether the values of a height can still be told, when <paramref name="newest"/> is the last.</summary>
    public bool Reaches(ulong height, ulong newest) =>
        height == newest || (height < newest && _layers.TryPeek(out Layer? oldest) && oldest.Height <= height + 1);

    /// <summary>Finds what a key held at a height, if a later one overwrote it; false when none did.</summary>
    public bool TryFind(Digest keyHash, ulong height, out byte[]? record)
    {
        foreach (Layer layer in _layers)
        {
            if (layer.Height <= height)
            {
                continue;
            }

            foreach ((Digest key, byte[]? kept) in layer.Entries)
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

    private Layer? Open { get; set; }

    private sealed class Layer
    {
        private const int KeptCapacity = 1 << 14;

        public ulong Height { get; set; }

        public long Bytes { get; set; }

        public List<(Digest Key, byte[]? Record)> Entries { get; } = [];

        public void Clear()
        {
            Entries.Clear();
            if (Entries.Capacity > KeptCapacity)
            {
                Entries.Capacity = KeptCapacity;
            }

            Bytes = 0;
        }
    }
}
