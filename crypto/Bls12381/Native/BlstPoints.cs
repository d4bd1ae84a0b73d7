using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>An element of a field as blst lays it out.</summary>
internal interface IBlstCoordinate<TSelf, TField>
    where TSelf : unmanaged, IBlstCoordinate<TSelf, TField>
{
    /// <summary>From the form here.</summary>
    static abstract TSelf Of(in TField value);

    /// <summary>To the form here, tight.</summary>
    TField ToField();
}

/// <summary>An element of Fp as blst lays it out: 48 bytes, <see cref="Fp.WriteWords"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstFp : IBlstCoordinate<BlstFp, Fp>
{
    private ulong _w0;
    private ulong _w1;
    private ulong _w2;
    private ulong _w3;
    private ulong _w4;
    private ulong _w5;

    /// <inheritdoc/>
    public static BlstFp Of(in Fp value)
    {
        BlstFp result = default;
        Fp.WriteWords(value, MemoryMarshal.CreateSpan(ref result._w0, Fp.Words));
        return result;
    }

    /// <inheritdoc/>
    public readonly Fp ToField()
    {
        Fp.ReadWords(MemoryMarshal.CreateReadOnlySpan(in _w0, Fp.Words), out Fp value);
        return value;
    }
}

/// <summary>An element of Fp2: the part without u, then the factor of u; 96 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstFp2 : IBlstCoordinate<BlstFp2, Fp2>
{
    private BlstFp _c0;
    private BlstFp _c1;

    /// <inheritdoc/>
    public static BlstFp2 Of(in Fp2 value) => new() { _c0 = BlstFp.Of(value.C0), _c1 = BlstFp.Of(value.C1) };

    /// <inheritdoc/>
    public readonly Fp2 ToField() => new() { C0 = _c0.ToField(), C1 = _c1.ToField() };
}

/// <summary>A point as blst takes it in: x and y, both 0 for the identity. 96 bytes in G1, 192 in G2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstAffine<TField>
    where TField : unmanaged
{
    public TField X;
    public TField Y;
}

/// <summary>A point as blst computes with it: Jacobian coordinates, x = X/Z² and y = Y/Z³; Z is 0 for the identity. 144 bytes in G1, 288 in G2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstJacobian<TField>
    where TField : unmanaged
{
    public TField X;
    public TField Y;
    public TField Z;
}

/// <summary>Points between the two forms.</summary>
internal static class BlstPoints
{
    /// <summary>X·Z : Y·Z² : Z, which needs no inversion.</summary>
    public static BlstJacobian<TNative> Jacobian<TNative, TField, TCurve>(in Projective<TField, TCurve> point)
        where TNative : unmanaged, IBlstCoordinate<TNative, TField>
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        TField.Multiply(point.X, point.Z, out TField x);
        TField.Square(point.Z, out TField square);
        TField.Multiply(point.Y, square, out TField y);
        return new() { X = TNative.Of(x), Y = TNative.Of(y), Z = TNative.Of(point.Z) };
    }

    /// <summary>A point whose Z is 1.</summary>
    public static BlstAffine<TNative> Affine<TNative, TField, TCurve>(in Projective<TField, TCurve> point)
        where TNative : unmanaged, IBlstCoordinate<TNative, TField>
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve> =>
        new() { X = TNative.Of(point.X), Y = TNative.Of(point.Y) };

    /// <summary>The coordinates here; Z is 1, or the point the identity.</summary>
    public static Projective<TField, TCurve> Projective<TNative, TField, TCurve>(in BlstAffine<TNative> point)
        where TNative : unmanaged, IBlstCoordinate<TNative, TField>
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        TField x = point.X.ToField(), y = point.Y.ToField();
        var result = new Projective<TField, TCurve> { X = x, Y = y, Z = TField.One };
        // No point of either curve has both coordinates 0.
        Projective<TField, TCurve>.Assign(ref result, Projective<TField, TCurve>.Identity, TField.ZeroMask(x) & TField.ZeroMask(y));
        return result;
    }

    /// <summary>Whether Z is 1, as in every decoded point. For public points.</summary>
    public static bool IsAffine<TField, TCurve>(in Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        TField.Subtract(point.Z, TField.One, out TField difference);
        return TField.ZeroMask(difference) != 0;
    }
}
