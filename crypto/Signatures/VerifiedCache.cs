using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bft.Crypto.Signatures;

/// <summary>
/// Remembers which (scheme, public key, message, signature) were found valid, so that what arrives by several ways is verified
/// once. Bounded in memory, thread-safe.
/// </summary>
/// <remarks>
/// <para>The key of an entry is a SHA-256 digest over <em>all</em> of the content, never an identifier alone: a forged body under a
/// known id, or another signature over a known body, is a miss and is verified. Only positive verdicts are kept, so a flood of
/// invalid signatures displaces nothing.</para>
/// <para>The digest is salted with random bytes of this instance: nobody outside can aim entries at one hash bucket.</para>
/// <para>Eviction has two generations. New entries and hits go to the young one; when it is full, the old one is dropped and the
/// young becomes old. So an entry lives at least until half the capacity of its stripe has come after it.</para>
/// </remarks>
public sealed class VerifiedCache
{
    /// <summary>Entries of a cache made without a size: about 3 MiB.</summary>
    public const int DefaultCapacity = 1 << 16;

    private const int SaltBytes = 16;
    private const int HeaderBytes = SaltBytes + 1 + sizeof(int) + sizeof(int);
    private const int StackBytes = 1024;
    private const int StripeBits = 4;
    private const int SmallestStripedCapacity = 1024;

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly Stripe[] _stripes;
    private readonly int _stripeShift;
    private readonly HashFunction _hash;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="capacity">The most entries kept, at least 2; about 48 bytes of memory each, taken when the cache is made.</param>
    /// <param name="hash">What makes the keys of entries; null for SHA-256. Another one only where nobody looks for collisions: in a simulated world.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 2.</exception>
    public VerifiedCache(int capacity = DefaultCapacity, HashFunction? hash = null)
    {
        _hash = hash ?? HashFunction.Sha256;
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        int bits = capacity >= SmallestStripedCapacity ? StripeBits : 0;
        _stripeShift = 64 - bits;
        _stripes = new Stripe[1 << bits];
        int generation = capacity / _stripes.Length / 2;
        for (int i = 0; i < _stripes.Length; i++)
        {
            _stripes[i] = new Stripe(generation);
        }

        Capacity = generation * 2 * _stripes.Length;
    }

    /// <summary>The most entries kept at once.</summary>
    public int Capacity { get; }

    /// <summary>Entries kept now.</summary>
    public int Count => _stripes.Sum(static stripe => stripe.Figures.Count);

    /// <summary>Look-ups that found their entry, since the cache was made.</summary>
    public long Hits => _stripes.Sum(static stripe => stripe.Figures.Hits);

    /// <summary>Look-ups that found nothing, since the cache was made.</summary>
    public long Misses => _stripes.Sum(static stripe => stripe.Figures.Misses);

    /// <summary>The key of a triple in this cache: one SHA-256 over salt, scheme, lengths and all three parts. Means nothing to another instance.</summary>
    public Digest KeyOf(byte schemeCode, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        int length = checked(HeaderBytes + publicKey.Length + signature.Length + message.Length);
        byte[]? rented = length > StackBytes ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> content = (rented ?? stackalloc byte[StackBytes])[..length];

        // The two lengths make the concatenation injective: no other split of the same bytes has this key.
        _salt.CopyTo(content);
        content[SaltBytes] = schemeCode;
        BinaryPrimitives.WriteInt32LittleEndian(content[(SaltBytes + 1)..], publicKey.Length);
        BinaryPrimitives.WriteInt32LittleEndian(content[(SaltBytes + 1 + sizeof(int))..], signature.Length);
        publicKey.CopyTo(content[HeaderBytes..]);
        signature.CopyTo(content[(HeaderBytes + publicKey.Length)..]);
        message.CopyTo(content[(HeaderBytes + publicKey.Length + signature.Length)..]);

        Digest key = _hash.Hash(content);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return key;
    }

    /// <summary>True when <paramref name="key"/> (from <see cref="KeyOf"/>) was added and is still kept.</summary>
    public bool Contains(Digest key) => StripeOf(key).Contains(key);

    /// <summary>Keeps a positive verdict. To be called only after the signature behind <paramref name="key"/> was verified.</summary>
    public void Add(Digest key) => StripeOf(key).Add(key);

    /// <summary>The verdict, from the cache or from <paramref name="scheme"/>.</summary>
    public bool Verify(ISignatureScheme scheme, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        Digest key = KeyOf(scheme.Code, publicKey, message, signature);
        return Contains(key) || Keep(key, scheme.Verify(publicKey, message, signature));
    }

    /// <summary>The verdict, from the cache or from <paramref name="verifier"/>.</summary>
    public bool Verify(IVerifier verifier, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(verifier);
        Digest key = KeyOf(verifier.Scheme.Code, verifier.PublicKey.Span, message, signature);
        return Contains(key) || Keep(key, verifier.Verify(message, signature));
    }

    /// <summary>Forgets everything: at a change of epoch.</summary>
    public void Clear()
    {
        foreach (Stripe stripe in _stripes)
        {
            stripe.Clear();
        }
    }

    private bool Keep(Digest key, bool verdict)
    {
        if (verdict)
        {
            Add(key);
        }

        return verdict;
    }

    // A shift by 64 is a shift by 0 in C#: the single-stripe cache needs the mask to come to stripe 0.
    private Stripe StripeOf(Digest key) => _stripes[(int)(key.Prefix >> _stripeShift) & (_stripes.Length - 1)];

    private sealed class Stripe(int generation)
    {
        private readonly Lock _gate = new();
        private HashSet<Digest> _young = new(generation);
        private HashSet<Digest> _old = new(generation);
        private long _hits;
        private long _misses;

        public (int Count, long Hits, long Misses) Figures
        {
            get
            {
                lock (_gate)
                {
                    return (_young.Count + _old.Count, _hits, _misses);
                }
            }
        }

        public bool Contains(Digest key)
        {
            lock (_gate)
            {
                if (_young.Contains(key))
                {
                    _hits++;
                    return true;
                }

                if (_old.Remove(key))
                {
                    _hits++;
                    Insert(key);
                    return true;
                }

                _misses++;
                return false;
            }
        }

        public void Add(Digest key)
        {
            lock (_gate)
            {
                if (_young.Contains(key))
                {
                    return;
                }

                _old.Remove(key);
                Insert(key);
            }
        }

        public void Clear()
        {
            lock (_gate)
            {
                _young.Clear();
                _old.Clear();
            }
        }

        private void Insert(Digest key)
        {
            if (_young.Count >= generation)
            {
                _old.Clear();
                (_young, _old) = (_old, _young);
            }

            _young.Add(key);
        }
    }
}
