using System.Globalization;

namespace Bft.Engine;

/// <summary>The number of a replica in its committee, 0 … n−1.</summary>
public readonly record struct ReplicaId(int Value) : IComparable<ReplicaId>
{
    /// <inheritdoc/>
    public int CompareTo(ReplicaId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Order by number.</summary>
    public static bool operator <(ReplicaId left, ReplicaId right) => left.Value < right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >(ReplicaId left, ReplicaId right) => left.Value > right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator <=(ReplicaId left, ReplicaId right) => left.Value <= right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >=(ReplicaId left, ReplicaId right) => left.Value >= right.Value;
}

/// <summary>A view (HotStuff, PBFT), term (Raft) or round (Tendermint): the number of one leader's turn. 0 is genesis.</summary>
public readonly record struct View(ulong Value) : IComparable<View>
{
    /// <summary>The view after this one.</summary>
    public View Next() => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(View other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The later of two views.</summary>
    public static View Max(View left, View right) => left.Value >= right.Value ? left : right;

    /// <summary>Order by number.</summary>
    public static bool operator <(View left, View right) => left.Value < right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >(View left, View right) => left.Value > right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator <=(View left, View right) => left.Value <= right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >=(View left, View right) => left.Value >= right.Value;
}

/// <summary>The place of a block in the chain (PBFT sequence number, Raft index). 0 is genesis.</summary>
public readonly record struct Height(ulong Value) : IComparable<Height>
{
    /// <summary>The height after this one.</summary>
    public Height Next() => new(checked(Value + 1));

    /// <summary>The height before this one; genesis has none.</summary>
    public Height Previous() => new(checked(Value - 1));

    /// <inheritdoc/>
    public int CompareTo(Height other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The greater of two heights.</summary>
    public static Height Max(Height left, Height right) => left.Value >= right.Value ? left : right;

    /// <summary>Order by number.</summary>
    public static bool operator <(Height left, Height right) => left.Value < right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >(Height left, Height right) => left.Value > right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator <=(Height left, Height right) => left.Value <= right.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >=(Height left, Height right) => left.Value >= right.Value;
}

/// <summary>The number of a committee configuration; quorums never mix signers of two epochs.</summary>
public readonly record struct Epoch(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
