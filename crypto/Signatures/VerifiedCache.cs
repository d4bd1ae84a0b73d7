namespace Bft.Crypto.Signatures;

/// <summary>A bounded memory of what was verified, keyed by content; only positive verdicts are kept. Thread-safe.</summary>
public sealed class VerifiedCache
{
    private readonly HashSet<Digest> _known = [];
    private readonly int _capacity;

    /// <summary>Makes a cache of at most that many verdicts.</summary>
    public VerifiedCache(int capacity = 1 << 16) => _capacity = capacity;

    /// <summary>True when the triple was verified.</summary>
    public bool Contains(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Contains(Key(key, message, signature));

    /// <summary>Remembers a triple.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Add(Key(key, message, signature));

    /// <summary>True when the content was verified.</summary>
    public bool Contains(Digest content)
    {
        lock (_known)
        {
            return _known.Contains(content);
        }
    }

    /// <summary>Remembers a content.</summary>
    public void Add(Digest content)
    {
        lock (_known)
        {
            if (_known.Count >= _capacity)
            {
                _known.Clear();
            }

            _known.Add(content);
        }
    }

    private static Digest Key(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        HashFunction.Sha256.Hash([.. BitConverter.GetBytes(key.Length), .. key, .. BitConverter.GetBytes(message.Length), .. message, .. signature]);
}
