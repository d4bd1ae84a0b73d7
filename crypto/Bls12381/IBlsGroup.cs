namespace Bft.Crypto.Bls12381;

/// <summary>What the signature scheme and sharings ask of one of the two groups. A value is always a point of the subgroup of prime order r.</summary>
/// <typeparam name="TPoint">The point type itself.</typeparam>
public interface IBlsGroup<TPoint> : IEquatable<TPoint>
    where TPoint : struct, IBlsGroup<TPoint>
{
    /// <summary>Bytes of the compressed encoding.</summary>
    static abstract int CompressedBytes { get; }

    /// <summary>The neutral element.</summary>
    static abstract TPoint Identity { get; }

    /// <summary>The generator that the standards agree on.</summary>
    static abstract TPoint Generator { get; }

    /// <summary>Whether this is the neutral element.</summary>
    bool IsIdentity { get; }

    /// <summary>Reads the compressed encoding with every check: length, flags, range, curve, subgroup. Never throws.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="point">The point; the identity when refused.</param>
    /// <returns>The reason to refuse, or <see cref="BlsRefusal.None"/>, also for the identity's encoding.</returns>
    static abstract BlsRefusal Read(ReadOnlySpan<byte> source, out TPoint point);

    /// <summary>Writes the compressed encoding. The time depends on nothing but whether the result is the identity.</summary>
    /// <param name="destination">Receives exactly <see cref="CompressedBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    void Write(Span<byte> destination);

    /// <summary>a + b.</summary>
    static abstract TPoint Add(in TPoint a, in TPoint b);

    /// <summary>The sum of all; the identity for none.</summary>
    static abstract TPoint Sum(ReadOnlySpan<TPoint> points);

    /// <summary>-a.</summary>
    static abstract TPoint Negate(in TPoint a);

    /// <summary>scalar·a in constant time: for secrets.</summary>
    static abstract TPoint Multiply(in TPoint a, in Scalar scalar);

    /// <summary>Σ scalar_i·point_i. For public scalars only: its time and memory accesses depend on them. Allocates its buckets.</summary>
    /// <exception cref="ArgumentException">There are not as many scalars as points.</exception>
    static abstract TPoint MultiplySum(ReadOnlySpan<TPoint> points, ReadOnlySpan<Scalar> scalars);

    /// <summary>hash_to_curve of RFC 9380 (random oracle) with SHA-256 and the simplified SWU map. For public messages.</summary>
    /// <param name="message">What to hash.</param>
    /// <param name="domain">The domain separation tag, 1 to 255 bytes.</param>
    /// <exception cref="ArgumentException">The tag is empty or too long.</exception>
    static abstract TPoint Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain);
}
