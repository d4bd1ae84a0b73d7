using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>What encodings need of a field beyond its arithmetic.</summary>
internal interface IFieldCodec<TField>
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Reads an element; false when a part is not below p.</summary>
    static abstract bool TryRead(ReadOnlySpan<byte> source, byte flagBits, out TField value);

    /// <summary>Writes an element.</summary>
    static abstract void Write(in TField value, Span<byte> destination);

    /// <summary>All ones for the larger of an element and its negative.</summary>
    static abstract ulong LargerHalfMask(in TField value);

    /// <summary>A square root; false when there is none.</summary>
    static abstract bool SquareRoot(in TField value, out TField root);
}

/// <summary>Elements of Fp.</summary>
internal readonly struct FpCodec : IFieldCodec<Fp>
{
    /// <inheritdoc/>
    public static int Bytes => Fp.Bytes;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> source, byte flagBits, out Fp value) => Fp.TryRead(source, flagBits, out value);

    /// <inheritdoc/>
    public static void Write(in Fp value, Span<byte> destination) => Fp.Write(value, destination);

    /// <inheritdoc/>
    public static ulong LargerHalfMask(in Fp value) => Fp.LargerHalfMask(value);

    /// <inheritdoc/>
    public static bool SquareRoot(in Fp value, out Fp root) => Fp.SquareRoot(value, out root) != 0;
}

/// <summary>Elements of Fp2.</summary>
internal readonly struct Fp2Codec : IFieldCodec<Fp2>
{
    /// <inheritdoc/>
    public static int Bytes => Fp2.Bytes;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> source, byte flagBits, out Fp2 value) => Fp2.TryRead(source, flagBits, out value);

    /// <inheritdoc/>
    public static void Write(in Fp2 value, Span<byte> destination) => Fp2.Write(value, destination);

    /// <inheritdoc/>
    public static ulong LargerHalfMask(in Fp2 value) => Fp2.LargerHalfMask(value);

    /// <inheritdoc/>
    public static bool SquareRoot(in Fp2 value, out Fp2 root) => Fp2.SquareRootOfRatio(value, Fp.One, default, default, out root) != 0;
}
