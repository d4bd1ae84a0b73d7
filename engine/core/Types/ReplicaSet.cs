using System.Numerics;
using System.Runtime.CompilerServices;

namespace Bft.Engine;

/// <summary>An immutable set of replicas: a bitmap of <see cref="Capacity"/> bits held by value (64 bytes).</summary>
public readonly struct ReplicaSet : IEquatable<ReplicaSet>
{
    private const int Words = 8;

    /// <summary>The largest committee the engine supports.</summary>
    public const int Capacity = Words * 64;

    private readonly Bits _bits;

    private ReplicaSet(Bits bits) => _bits = bits;

    /// <summary>The set without members.</summary>
    public static ReplicaSet Empty => default;

    /// <summary>The set {0 … n−1}.</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is negative or above <see cref="Capacity"/>.</exception>
    public static ReplicaSet FirstOf(int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, Capacity);
        Bits bits = default;
        for (int i = 0; i < n; i++)
        {
            bits[i >> 6] |= 1UL << (i & 63);
        }

        return new ReplicaSet(bits);
    }

    /// <summary>The set of those members.</summary>
    public static ReplicaSet Of(params ReadOnlySpan<int> members)
    {
        ReplicaSet set = default;
        foreach (int member in members)
        {
            set = set.With(new ReplicaId(member));
        }

        return set;
    }

    /// <summary>This set with one more member.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The replica number is negative or not below <see cref="Capacity"/>.</exception>
    public ReplicaSet With(ReplicaId id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id.Value);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id.Value, Capacity);
        Bits bits = _bits;
        bits[id.Value >> 6] |= 1UL << (id.Value & 63);
        return new ReplicaSet(bits);
    }

    /// <summary>This set without that member.</summary>
    public ReplicaSet Without(ReplicaId id)
    {
        Bits bits = _bits;
        if ((uint)id.Value < Capacity)
        {
            bits[id.Value >> 6] &= ~(1UL << (id.Value & 63));
        }

        return new ReplicaSet(bits);
    }

    /// <summary>True when the replica is a member; false for any number out of range.</summary>
    public bool Contains(ReplicaId id) => (uint)id.Value < Capacity && (_bits[id.Value >> 6] >> (id.Value & 63) & 1) != 0;

    /// <summary>The number of members.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            for (int i = 0; i < Words; i++)
            {
                count += BitOperations.PopCount(_bits[i]);
            }

            return count;
        }
    }

    /// <summary>The highest member plus one; 0 for the empty set.</summary>
    public int Bound
    {
        get
        {
            for (int i = Words - 1; i >= 0; i--)
            {
                if (_bits[i] != 0)
                {
                    return (i << 6) + 64 - BitOperations.LeadingZeroCount(_bits[i]);
                }
            }

            return 0;
        }
    }

    /// <summary>The members in ascending order.</summary>
    public int[] ToArray()
    {
        var members = new int[Count];
        CopyTo(members);
        return members;
    }

    /// <summary>Writes the members in ascending order and returns how many.</summary>
    public int CopyTo(Span<int> members)
    {
        int count = 0;
        for (int word = 0; word < Words; word++)
        {
            for (ulong rest = _bits[word]; rest != 0; rest &= rest - 1)
            {
                members[count++] = (word << 6) + BitOperations.TrailingZeroCount(rest);
            }
        }

        return count;
    }

    /// <summary>The members of both sets.</summary>
    public ReplicaSet Intersect(ReplicaSet other)
    {
        Bits bits = default;
        for (int i = 0; i < Words; i++)
        {
            bits[i] = _bits[i] & other._bits[i];
        }

        return new ReplicaSet(bits);
    }

    /// <summary>The members of either set.</summary>
    public ReplicaSet Union(ReplicaSet other)
    {
        Bits bits = default;
        for (int i = 0; i < Words; i++)
        {
            bits[i] = _bits[i] | other._bits[i];
        }

        return new ReplicaSet(bits);
    }

    /// <summary>Bits 64·<paramref name="index"/> … 64·<paramref name="index"/>+63, for encoders.</summary>
    public ulong Word(int index) => _bits[index];

    /// <summary>A set from its 64-bit words, lowest first.</summary>
    public static ReplicaSet FromWords(ReadOnlySpan<ulong> words)
    {
        Bits bits = default;
        for (int i = 0; i < words.Length; i++)
        {
            bits[i] = words[i];
        }

        return new ReplicaSet(bits);
    }

    /// <inheritdoc/>
    public bool Equals(ReplicaSet other)
    {
        for (int i = 0; i < Words; i++)
        {
            if (_bits[i] != other._bits[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ReplicaSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((int)(_bits[0] ^ (_bits[0] >> 32)));

    /// <summary>For example <c>{0,2,3}</c>.</summary>
    public override string ToString() => "{" + string.Join(',', ToArray()) + "}";

    /// <summary>Same members.</summary>
    public static bool operator ==(ReplicaSet left, ReplicaSet right) => left.Equals(right);

    /// <summary>Different members.</summary>
    public static bool operator !=(ReplicaSet left, ReplicaSet right) => !left.Equals(right);

    [InlineArray(Words)]
    private struct Bits
    {
        private ulong _word;
    }
}
