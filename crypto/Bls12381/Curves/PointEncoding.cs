using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>
/// The encodings of points that all users of the curve share (first in zcash, CFRG pairing-friendly-curves draft, appendix C): big-endian coordinates with three flags in
/// the first bits. One point has exactly one encoding of each kind.
/// </summary>
internal static class PointEncoding
{
    private const byte CompressedFlag = 0x80;
    private const byte InfinityFlag = 0x40;
    private const byte LargerFlag = 0x20;
    private const byte AllFlags = CompressedFlag | InfinityFlag | LargerFlag;

    /// <summary>The flags must say what the caller expects; infinity must be all zeros besides.</summary>
    /// <returns>The reason to refuse; none with <paramref name="infinity"/> for the identity.</returns>
    private static BlsRefusal ReadFlags(ReadOnlySpan<byte> source, bool compressed, out bool infinity, out bool larger)
    {
        byte flags = source[0];
        infinity = (flags & InfinityFlag) != 0;
        larger = (flags & LargerFlag) != 0;
        if (compressed != ((flags & CompressedFlag) != 0) || (larger && (infinity || !compressed)))
        {
            return BlsRefusal.WrongFlags;
        }

        bool zeros = (flags & ~AllFlags) == 0 && !source[1..].ContainsAnyExcept((byte)0);
        return infinity && !zeros ? BlsRefusal.WrongFlags : BlsRefusal.None;
    }

    /// <summary>Reads a compressed point: x and the choice of y.</summary>
    public static BlsRefusal ReadCompressed<TField, TCurve, TCodec>(ReadOnlySpan<byte> source, out Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        point = Projective<TField, TCurve>.Identity;
        if (source.Length != TCodec.Bytes)
        {
            return BlsRefusal.WrongLength;
        }

        BlsRefusal refusal = ReadFlags(source, compressed: true, out bool infinity, out bool larger);
        if (refusal != BlsRefusal.None || infinity)
        {
            return refusal;
        }

        if (!TCodec.TryRead(source, AllFlags, out TField x))
        {
            return BlsRefusal.NotCanonical;
        }

        TField.Square(x, out TField right);
        TField.Multiply(right, x, out right);
        TField.Add(right, TCurve.B, out right);
        TField.Reduce(right, out right);
        if (!TCodec.SquareRoot(right, out TField y))
        {
            return BlsRefusal.NotOnCurve;
        }

        TField.Negate(y, out TField negative);
        TField.Reduce(negative, out negative);
        TField.Assign(ref y, negative, ConstantTime.Mask(larger) ^ TCodec.LargerHalfMask(y));
        point = new() { X = x, Y = y, Z = TField.One };
        return BlsRefusal.None;
    }

    /// <summary>Reads an uncompressed point: x and y.</summary>
    public static BlsRefusal ReadUncompressed<TField, TCurve, TCodec>(ReadOnlySpan<byte> source, out Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        point = Projective<TField, TCurve>.Identity;
        if (source.Length != 2 * TCodec.Bytes)
        {
            return BlsRefusal.WrongLength;
        }

        BlsRefusal refusal = ReadFlags(source, compressed: false, out bool infinity, out _);
        if (refusal != BlsRefusal.None || infinity)
        {
            return refusal;
        }

        if (!TCodec.TryRead(source[..TCodec.Bytes], 0, out TField x) || !TCodec.TryRead(source[TCodec.Bytes..], 0, out TField y))
        {
            return BlsRefusal.NotCanonical;
        }

        var candidate = new Projective<TField, TCurve> { X = x, Y = y, Z = TField.One };
        if (Projective<TField, TCurve>.OnCurveMask(candidate) == 0)
        {
            return BlsRefusal.NotOnCurve;
        }

        point = candidate;
        return BlsRefusal.None;
    }

    /// <summary>Writes the compressed encoding.</summary>
    public static void WriteCompressed<TField, TCurve, TCodec>(in Projective<TField, TCurve> point, Span<byte> destination)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        Projective<TField, TCurve>.ToAffine(point, out TField x, out TField y);
        TCodec.Write(x, destination);
        ulong infinity = Projective<TField, TCurve>.IdentityMask(point);
        ulong larger = TCodec.LargerHalfMask(y);
        destination[0] |= (byte)(CompressedFlag | (InfinityFlag & infinity) | (LargerFlag & larger));
    }

    /// <summary>Writes the uncompressed encoding.</summary>
    public static void WriteUncompressed<TField, TCurve, TCodec>(in Projective<TField, TCurve> point, Span<byte> destination)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        Projective<TField, TCurve>.ToAffine(point, out TField x, out TField y);
        TCodec.Write(x, destination[..TCodec.Bytes]);
        TCodec.Write(y, destination[TCodec.Bytes..]);
        destination[0] |= (byte)(InfinityFlag & Projective<TField, TCurve>.IdentityMask(point));
    }
}
